/** Time without a pool is counted from any moment on, however often it began and ended. */

import assert from "node:assert/strict";
import fc from "fast-check";
import { OutageTime } from "../../lib/observe/outage_time.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

Deno.test("an outage counts from when it began, and on while it lasts", () => {
  const outage = new OutageTime();
  outage.note(false, 0);
  outage.note(true, 90_000);
  assert.equal(outage.since, 90_000);
  assert.equal(outage.sum(0, 100_000), 10_000);
  outage.note(true, 120_000);
  outage.note(false, 130_000);
  assert.equal(outage.since, undefined);
  assert.equal(outage.sum(0, 500_000), 40_000);
});

Deno.test("of one that lasts over midnight the part after it counts for the new day", () => {
  const outage = new OutageTime();
  outage.note(true, 0);
  for (let time = 0; time <= 3 * HOUR_MS; time += 1_000) outage.note(true, time);
  const midnight = 2 * HOUR_MS + 12_345;
  assert.ok(Math.abs(outage.sum(midnight, 3 * HOUR_MS) - (3 * HOUR_MS - midnight)) < 1);
});

Deno.test("one of weeks counts as a day and no more than that", () => {
  const outage = new OutageTime();
  outage.note(true, 0);
  const now = 20 * 24 * HOUR_MS;
  assert.equal(outage.sum(now - 24 * HOUR_MS, now), 24 * HOUR_MS);
  assert.equal(outage.since, 0);
});

Deno.test("in any course, what is counted of a day is what there was, to a minute", () => {
  const stretch = fc.record({ wellMs: fc.nat(HOUR_MS), outMs: fc.nat(HOUR_MS) });
  fc.assert(
    fc.property(fc.array(stretch, { maxLength: 60 }), fc.nat(24 * HOUR_MS), (course, back) => {
      const outage = new OutageTime();
      const spans: [number, number][] = [];
      let time = 0;
      for (const { wellMs, outMs } of course) {
        outage.note(false, time);
        outage.note(true, time += wellMs);
        spans.push([time, time + outMs]);
        time += outMs;
      }
      outage.note(false, time);
      const start = time - back;
      const real = spans.reduce(
        (sum, [from, to]) => sum + Math.max(0, to - Math.max(from, start)),
        0,
      );
      const counted = outage.sum(start, time);
      assert.ok(Math.abs(counted - real) <= MINUTE_MS, `${counted} of ${real}`);
      if (back >= time) assert.ok(Math.abs(counted - real) < 100);
    }),
  );
});

Deno.test("all outages of a run together are counted to the millisecond", () => {
  const outage = new OutageTime();
  outage.note(true, 1_234);
  outage.note(false, 2_000);
  outage.note(true, 3 * 24 * HOUR_MS);
  outage.note(true, 6 * 24 * HOUR_MS + 1);
  assert.equal(outage.totalMs, 766 + 3 * 24 * HOUR_MS + 1);
});
