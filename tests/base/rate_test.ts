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

Deno.test("several may be taken together, at most the allowance after a rest", () => {
  const rate = new Rate(10, 5);
  let kept = rate.take(0, 1000, 0, 4)!;
  assert.equal(rate.take(kept, 1000, 0, 2), undefined);
  kept = rate.take(kept, 1000)!;
  assert.equal(rate.take(kept, 1000), undefined);
  kept = rate.take(kept, 1500, 0, 32)!;
  assert.equal(rate.take(kept, 1500), undefined);
});

Deno.test("a peer's requests from an absence may come at once, but only once", () => {
  const rate = new Rate(10, 5);
  let kept = 0;
  const take = (count: number, now: number, awayMs: number) => {
    for (let i = 0; i < count; i++) {
      const next = rate.take(kept, now, awayMs);
      if (next === undefined) return i;
      kept = next;
    }
    return count;
  };
  assert.equal(take(5, 1_000, 0), 5);
  // Away for 6 s: 60 were allowed in that time, and then the burst.
  assert.equal(take(100, 7_000, 6_000), 60);
  assert.equal(take(100, 7_000, 6_000), 0);
  assert.equal(take(100, 7_500, 0), 5, "as usual from then on");
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
