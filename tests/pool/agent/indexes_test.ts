/** SubmitIndexes: which share a pool's number means, of those that wait. */

import assert from "node:assert/strict";
import fc from "fast-check";
import { SubmitIndexes } from "../../../lib/pool/agent/indexes.ts";

const COUNT = 0x10000;

/** Shares 0 to `count` - 1; share n is of session n % 1000 and was sent at n. */
function filled(count: number): SubmitIndexes {
  const indexes = new SubmitIndexes();
  for (let n = 0; n < count; n++) indexes.add(n, n % 1000, n);
  return indexes;
}

Deno.test("A number means the last share that had it, and a negative one before any had", () => {
  const indexes = filled(5);
  assert.deepEqual([0, 4].map((index) => indexes.serialOf(index)), [0, 4]);
  assert.ok(indexes.serialOf(5) < 0);
  assert.ok(indexes.serialOf(65_535) < 0);
  const many = filled(COUNT + 3);
  assert.deepEqual([0, 2, 3].map((index) => many.serialOf(index)), [COUNT, COUNT + 2, 3]);
});

Deno.test("A share is judged once, and whose it was is known", () => {
  const indexes = filled(3);
  assert.equal(indexes.judged(1), 1);
  assert.equal(indexes.judged(1), undefined);
  assert.equal(indexes.judged(7), undefined);
  assert.equal(indexes.judged(-1), undefined);
});

Deno.test("A share that waits while 65,536 others are sent is given up", () => {
  const indexes = filled(COUNT);
  assert.equal(indexes.judged(1), 1);
  assert.equal(indexes.add(COUNT, 5, 0), 0, "share 0 of session 0");
  assert.equal(indexes.overtakenBy(COUNT), 0);
  assert.equal(indexes.add(COUNT + 1, 5, 0), undefined, "share 1 was judged");
  assert.equal(indexes.add(COUNT + 2, 5, 0), 2);
  assert.equal(indexes.judged(COUNT), 5);
});

Deno.test("A share out of step is refused: every verdict would reach a wrong miner", () => {
  assert.throws(() => filled(2).add(1, 0, 0), RangeError);
  assert.throws(() => filled(2).add(3, 0, 0), RangeError);
});

Deno.test("Shares of sessions that are forgotten wait no more", () => {
  const indexes = filled(3000);
  indexes.forget(new Set([7, 8]));
  assert.equal(indexes.judged(7), undefined);
  assert.equal(indexes.judged(2008), undefined);
  assert.equal(indexes.judged(9), 9);
});

Deno.test("Shares are judged, expire and come round as a map of all has it", () => {
  const step = fc.oneof(
    { weight: 3, arbitrary: fc.record({ add: fc.integer({ min: 1, max: 300 }) }) },
    { weight: 1, arbitrary: fc.record({ add: fc.constant(30_000) }) },
    { weight: 6, arbitrary: fc.record({ judge: fc.nat({ max: 0xffff }) }) },
    { weight: 1, arbitrary: fc.record({ expireAllBut: fc.nat({ max: 400 }) }) },
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30, size: "max" }), (steps) => {
      const fast = new SubmitIndexes();
      /** By index, whose share waits and its serial. */
      const slow = new Map<number, { readonly serial: number; readonly sessionId: number }>();
      let next = 0;
      for (const what of steps) {
        if ("add" in what) {
          for (let i = 0; i < what.add; i++, next++) {
            const before = slow.get(next % COUNT)?.sessionId;
            slow.set(next % COUNT, { serial: next, sessionId: next % 1000 });
            if (fast.add(next, next % 1000, next) !== before) assert.fail(`share ${next}`);
          }
        } else if ("judge" in what) {
          const waiting = slow.get(what.judge);
          slow.delete(what.judge);
          const serial = fast.serialOf(what.judge);
          if (waiting !== undefined) assert.equal(serial, waiting.serial);
          assert.equal(fast.judged(serial), waiting?.sessionId);
        } else {
          const before = next - what.expireAllBut;
          const old = [...slow].filter(([, { serial }]) => serial < before)
            .sort(([, a], [, b]) => a.serial - b.serial);
          for (const [index] of old) slow.delete(index);
          assert.deepEqual([...fast.expire(before)], old.map(([, { sessionId }]) => sessionId));
        }
      }
    }),
    { seed: 6, numRuns: 60 },
  );
});
