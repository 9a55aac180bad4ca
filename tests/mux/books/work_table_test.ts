/** Hashrates from recent work: what is older than the window does not count, what is in it does. */

import assert from "node:assert/strict";
import fc from "fast-check";
import { WorkTable } from "../../../lib/mux/books/work_table.ts";

const HASHES = 2 ** 32;

Deno.test("a steady share a second of difficulty 10 is 10 × 2³² hashes a second in each window", () => {
  const table = new WorkTable(1, 10_000);
  for (let second = 0; second < 4_000; second++) table.add(0, 10, second * 1000);
  const { minute, quarter, hour } = table.hashrates(0, 0, 4_000_000);
  for (const rate of [minute, quarter, hour]) assert.equal(rate, 10 * HASHES);
});

Deno.test("a miner that has just come is judged by the time it has been here", () => {
  const table = new WorkTable(1, 10_000);
  table.add(0, 5, 100_000);
  assert.equal(table.hashrate(0, 3_600_000, 95_000, 105_000), 5 * HASHES / 10);
  assert.equal(table.hashrate(0, 3_600_000, 105_000, 105_000), 0);
});

Deno.test("after a pause longer than the ring nothing old is left", () => {
  const table = new WorkTable(2, 300_000);
  table.add(1, 7, 1_000);
  assert.ok(table.hashrate(1, 3_600_000, 0, 3_000_000) > 0);
  assert.equal(table.hashrate(1, 3_600_000, 0, 50_000_000), 0);
});

Deno.test("rows do not touch each other, and a cleared one is empty", () => {
  const table = new WorkTable(3, 300_000);
  table.add(0, 1, 1000);
  table.add(2, 1, 1000);
  table.clear(2);
  assert.equal(table.hashrate(1, 900_000, 0, 2000), 0);
  assert.equal(table.hashrate(2, 900_000, 0, 2000), 0);
  assert.ok(table.hashrate(0, 900_000, 0, 2000) > 0);
});

Deno.test("the ring agrees with a list of all shares", () => {
  const share = fc.record({ gap: fc.integer({ min: 0, max: 400_000 }), work: fc.nat(1000) });
  fc.assert(
    fc.property(fc.array(share, { maxLength: 60 }), fc.nat(4_000_000), (shares, pause) => {
      const table = new WorkTable(1, 60_000);
      const all: { time: number; work: number }[] = [];
      let time = 0;
      for (const { gap, work } of shares) {
        time += gap;
        table.add(0, work, time);
        all.push({ time, work });
      }
      time += pause;
      for (const windowMs of [60_000, 900_000, 3_600_000]) {
        const from = (Math.floor(time / 60_000) - windowMs / 60_000) * 60_000;
        const work = all.filter((one) => one.time >= from)
          .reduce((sum, one) => sum + one.work, 0);
        const seconds = Math.min(time, time - from) / 1000;
        const wanted = seconds === 0 ? 0 : work * HASHES / seconds;
        const found = table.hashrate(0, windowMs, 0, time);
        assert.ok(Math.abs(found - wanted) <= wanted * 1e-9, `${found} for ${wanted}`);
      }
    }),
    { seed: 7, numRuns: 500 },
  );
});
