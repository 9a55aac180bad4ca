/** Pauses at regular times, as a hidden fee or a dying board makes them. */

import assert from "node:assert/strict";
import { seededRandom } from "../../lib/sim/seeded_random.ts";
import { aboutGaps, type Gap, isGap, regularGaps, withGap } from "../../lib/workers/gaps.ts";
import { MadeUpWorkers } from "../support/made_up_workers.ts";

const MINUTE_MS = 60_000;

function gapsAt(minutes: readonly number[], seconds: readonly number[]): Gap[] {
  return minutes.map((at, i) => ({ at: at * MINUTE_MS, ms: seconds[i % seconds.length]! * 1000 }));
}

Deno.test("five pauses of equal length and distance are an observation with figures", () => {
  const regular = regularGaps(gapsAt([3, 63, 124, 183, 244], [70, 75, 71]));
  assert.deepEqual([regular?.count, Math.round(regular!.everyMs / MINUTE_MS)], [5, 60]);
  assert.equal(
    aboutGaps(regular!),
    "No share for about 72 s every 60 min, 5 times in a row: this is what a hidden fee or a dying " +
      "board looks like; it is 2.0 % of its time",
  );
});

Deno.test("four pauses, or pauses of different lengths or distances, are no observation", () => {
  assert.equal(regularGaps(gapsAt([0, 60, 120, 180], [72])), undefined);
  assert.equal(regularGaps(gapsAt([0, 60, 127, 180, 240], [72])), undefined);
  assert.equal(regularGaps(gapsAt([0, 60, 120, 180, 240], [60, 120])), undefined);
});

Deno.test("earlier irregular pauses do not hide regular ones", () => {
  assert.equal(regularGaps(gapsAt([0, 7, 20, 40, 60, 80, 100], [72]))?.count, 5);
});

Deno.test("only a steady miner has gaps, and only those that chance cannot explain", () => {
  assert.ok(isGap(60_000, 10, 50_000));
  assert.ok(!isGap(49_000, 10, 50_000));
  assert.ok(!isGap(60_000, 5, 50_000), "a pause of five average ones");
  assert.ok(!isGap(600_000, 3.9, 50_000));
});

Deno.test("at most eight gaps are kept", () => {
  let gaps: readonly Gap[] = [];
  for (let at = 0; at < 20; at++) gaps = withGap(gaps, { at, ms: 60_000 });
  assert.deepEqual(gaps.map(({ at }) => at), [12, 13, 14, 15, 16, 17, 18, 19]);
});

Deno.test("pauses by chance hardly ever look regular", () => {
  const random = seededRandom(3);
  let [regular, at] = [0, 0];
  let gaps: readonly Gap[] = [];
  const count = 100_000;
  for (let i = 0; i < count; i++) {
    at += -Math.log(1 - random()) * 60 * MINUTE_MS;
    gaps = withGap(gaps, { at, ms: 50_000 - Math.log(1 - random()) * 6_000 });
    if (regularGaps(gaps) !== undefined) regular++;
  }
  assert.ok(regular < count / 5_000, `${regular}`);
});

Deno.test("a miner that works elsewhere for two minutes of each hour has an observation", () => {
  const farm = new MadeUpWorkers(seededRandom(5));
  const miner = farm.connect({ name: "rig1", sharesPerMinute: 20 });
  farm.connect({ name: "honest", sharesPerMinute: 20 });
  for (let hour = 0; hour < 6; hour++) {
    farm.run(58);
    miner.sharesPerMinute = 0;
    farm.run(2);
    miner.sharesPerMinute = 20;
  }
  farm.run(1);
  const [seen, ...others] = farm.view("rig1")!.observations;
  assert.deepEqual([seen!.kind, others], ["gaps", []]);
  assert.match(seen!.about, /^No share for about 12\d s every 60 min, 6 times in a row/);
  assert.deepEqual(farm.view("honest")!.observations, []);
});

Deno.test("a pause during which the miner moved to another pool is no gap", () => {
  const farm = new MadeUpWorkers(seededRandom(5));
  const miner = farm.connect({ name: "rig1", sharesPerMinute: 20 });
  for (let hour = 0; hour < 6; hour++) {
    farm.run(58);
    miner.sharesPerMinute = 0;
    farm.run(2);
    miner.sharesPerMinute = 20;
    miner.upstream = `pool:3333 #${hour + 2}`;
  }
  farm.run(1);
  assert.equal(farm.book.gaps.size, 0);
});
