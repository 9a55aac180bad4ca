/** What a farm usually does: neither outages nor a restart at night make anybody expect less. */

import assert from "node:assert/strict";
import { UsualHashrate } from "../../lib/observe/usual_hashrate.ts";

const HOUR_MS = 3_600_000;

/** A farm with a given difficulty a second for a number of hours, with a pool or without. */
class Farm {
  readonly usual = new UsualHashrate();
  #time = 0;
  #difficulty = 0;

  run(hours: number, perSecond: number, works = true): void {
    const end = this.#time + hours * HOUR_MS;
    for (; this.#time < end; this.#time += 1_000) {
      this.#difficulty += perSecond;
      this.usual.note(this.#time, this.#difficulty, works);
    }
  }

  sleep(hours: number): void {
    this.#time += hours * HOUR_MS;
  }
}

function near(actual: number | undefined, expected: number): void {
  assert.ok(actual !== undefined && Math.abs(actual / expected - 1) < 0.02, `${actual}`);
}

Deno.test("nothing is expected before an hour was seen", () => {
  const farm = new Farm();
  farm.run(0.9, 100);
  assert.equal(farm.usual.median, undefined);
  farm.run(0.2, 100);
  near(farm.usual.median, 100 * 2 ** 32);
});

Deno.test("half a farm that starts again in the night changes nothing", () => {
  const farm = new Farm();
  farm.run(12, 100);
  farm.run(3, 50);
  farm.run(5, 100);
  near(farm.usual.median, 100 * 2 ** 32);
});

Deno.test("hours without a pool, without work or asleep do not count", () => {
  const farm = new Farm();
  farm.run(3, 100);
  farm.run(10, 0, false);
  near(farm.usual.median, 100 * 2 ** 32);
  farm.sleep(5);
  farm.run(2, 0);
  farm.run(1, 100);
  near(farm.usual.median, 100 * 2 ** 32);
});

Deno.test("a farm that grew is expected to do what it does a day later", () => {
  const farm = new Farm();
  farm.run(24, 100);
  farm.run(24, 250);
  near(farm.usual.median, 250 * 2 ** 32);
});

Deno.test("a farm that stood still for over a day is not expected to do anything", () => {
  const farm = new Farm();
  farm.run(24, 100);
  farm.run(25, 0, false);
  assert.equal(farm.usual.median, undefined);
});

Deno.test("what was usual before a restart is usual after it, until half a day says otherwise", () => {
  const farm = new Farm();
  farm.usual.recall(100 * 2 ** 32);
  near(farm.usual.median, 100 * 2 ** 32);
  farm.run(11, 60);
  near(farm.usual.median, 100 * 2 ** 32);
  farm.run(2, 60);
  near(farm.usual.median, 60 * 2 ** 32);
});
