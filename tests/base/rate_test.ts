/** So many times a second, and more at once after a rest. */

import assert from "node:assert/strict";
import fc from "fast-check";
import { Rate } from "../../lib/base/rate.ts";

Deno.test("a peer at rest may take its burst at once, then one at a time", () => {
  const rate = new Rate(10, 5);
  let kept = 0;
  for (let i = 0; i < 5; i++) kept = rate.take(kept, 1000)!;
  assert.equal(rate.take(kept, 1000), undefined);
  assert.equal(rate.take(kept, 1099), undefined);
  kept = rate.take(kept, 1100)!;
  assert.equal(rate.take(kept, 1100), undefined);
  for (let i = 0; i < 5; i++) kept = rate.take(kept, 9000)!;
  assert.equal(rate.take(kept, 9000), undefined, "a long rest brings no more than the burst");
});

Deno.test("in any stretch of time no more is taken than the burst and what the time brings", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 1000 }),
      fc.integer({ min: 1, max: 50 }),
      fc.array(fc.nat(40), { maxLength: 200 }),
      (perSecond, burst, pauses) => {
        const rate = new Rate(perSecond, burst);
        let [kept, now] = [0, 5000];
        const taken: number[] = [];
        for (const pause of pauses) {
          now += pause;
          const next = rate.take(kept, now);
          if (next === undefined) continue;
          kept = next;
          taken.push(now);
        }
        taken.forEach((first, i) => {
          taken.slice(i).forEach((last, n) => {
            assert.ok(n + 1 <= burst + (last - first) * perSecond / 1000 + 1e-3);
          });
        });
        if (pauses.every((pause) => pause * perSecond >= 1000)) {
          assert.equal(taken.length, pauses.length);
        }
      },
    ),
    { seed: 32, numRuns: 300 },
  );
});
