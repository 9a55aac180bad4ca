/** SubmitIndexes: which share a pool's number means. */

import assert from "node:assert/strict";
import fc from "fast-check";
import { SubmitIndexes } from "../../../lib/pool/agent/indexes.ts";

const COUNT = 0x10000;

function filled(count: number): SubmitIndexes {
  const indexes = new SubmitIndexes();
  for (let serial = 0; serial < count; serial++) indexes.add(serial);
  return indexes;
}

Deno.test("A number means the last share that had it, and none before any had", () => {
  fc.assert(
    fc.property(fc.nat({ max: 3 * COUNT }), fc.nat({ max: COUNT - 1 }), (count, index) => {
      const serial = filled(count).serialOf(index);
      if (count <= index) return assert.ok(serial < 0, `${serial}`);
      assert.equal(serial % COUNT, index);
      assert.ok(serial < count && serial + COUNT >= count);
    }),
    { seed: 6, numRuns: 60 },
  );
});

Deno.test("Each share from the 65,537th on takes the number of the one 65,536 before", () => {
  const indexes = filled(COUNT - 1);
  assert.equal(indexes.add(COUNT - 1), undefined);
  assert.equal(indexes.add(COUNT), 0);
  assert.equal(indexes.add(COUNT + 1), 1);
});

Deno.test("A share out of step is refused: every verdict would reach a wrong miner", () => {
  assert.throws(() => filled(2).add(1), RangeError);
  assert.throws(() => filled(2).add(3), RangeError);
});
