/** Placement: miners spread evenly. */

import assert from "node:assert/strict";
import fc from "fast-check";
import { evenShares, leastCrowded } from "../../lib/mux/placement.ts";

const places = (...miners: number[]) => miners.map((count) => ({ miners: count }));

for (
  const { miners, best } of [
    { miners: [], best: undefined },
    { miners: [3], best: 0 },
    { miners: [3, 1, 2], best: 1 },
    { miners: [2, 1, 1], best: 1 },
    { miners: [0, 0], best: 0 },
  ]
) {
  Deno.test(`leastCrowded of [${miners}] is place ${best}`, () => {
    const all = places(...miners);
    assert.equal(leastCrowded(all), best === undefined ? undefined : all[best]);
  });
}

for (
  const { miners, extra, shares } of [
    { miners: [0], extra: 5, shares: [5] },
    { miners: [0, 0], extra: 5, shares: [3, 2] },
    { miners: [10, 0, 0], extra: 0, shares: [4, 3, 3] },
    { miners: [1, 2, 3], extra: 3, shares: [3, 3, 3] },
    { miners: [0, 0, 0], extra: 0, shares: [0, 0, 0] },
  ]
) {
  Deno.test(`evenShares of [${miners}] and ${extra} more are [${shares}]`, () => {
    assert.deepEqual(evenShares(places(...miners), extra), shares);
  });
}

Deno.test("evenShares lose no miner and differ by one at most", () => {
  const counts = fc.array(fc.nat({ max: 70_000 }), { minLength: 1, maxLength: 12 });
  fc.assert(
    fc.property(counts, fc.nat({ max: 70_000 }), (miners, extra) => {
      const shares = evenShares(places(...miners), extra);
      const sum = (numbers: readonly number[]) => numbers.reduce((a, b) => a + b, 0);
      assert.equal(sum(shares), sum(miners) + extra);
      assert.ok(Math.max(...shares) - Math.min(...shares) <= 1);
    }),
    { seed: 6, numRuns: 500 },
  );
});
