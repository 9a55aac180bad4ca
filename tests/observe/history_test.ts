/** The last day in samples: what was counted, gaps as gaps, and no more than fits. */

import assert from "node:assert/strict";
import { type Counts, History, SAMPLE_COLUMNS } from "../../lib/observe/history.ts";

const START = Date.UTC(2026, 0, 1);

/** What has been counted after `steps` steps of ten shares. */
function after(steps: number, miners = 5): Counts {
  return {
    miners,
    accepted: steps * 10,
    rejected: steps,
    difficulty: steps * 100,
    bytesUp: steps * 200,
    bytesDown: steps * 50,
  };
}

function column(samples: readonly (readonly number[])[], name: string): (number | undefined)[] {
  const place = (SAMPLE_COLUMNS as readonly string[]).indexOf(name);
  return samples.map((sample) => sample[place]);
}

Deno.test("a sample has what was counted since the one before, and how long that is", () => {
  const history = new History(after(0), START);
  assert.deepEqual(history.add(after(1), START + 10_000), [
    START / 1000 + 10,
    10,
    5,
    10,
    1,
    100,
    200,
    50,
  ]);
  history.add(after(3, 7), START + 22_000);
  assert.deepEqual(column(history.hour(), "accepted"), [10, 20]);
  assert.deepEqual(column(history.hour(), "seconds"), [10, 12]);
  assert.deepEqual(column(history.hour(), "miners"), [5, 7]);
});

Deno.test("a minute of the day is the sum of its samples, miners their mean over time", () => {
  const history = new History(after(0), START);
  for (let step = 1; step <= 12; step++) {
    history.add(after(step, step <= 6 ? 4 : 8), START + step * 10_000);
  }
  const day = history.day();
  assert.deepEqual(column(day, "time"), [START / 1000 + 60, START / 1000 + 120]);
  assert.deepEqual(column(day, "accepted"), [60, 60]);
  assert.deepEqual(column(day, "seconds"), [60, 60]);
  assert.deepEqual(column(day, "miners"), [4, 8]);
});

Deno.test("of the hour 360 samples are kept, of the day 1,440, the newest", () => {
  const history = new History(after(0), START);
  const steps = 26 * 360;
  for (let step = 1; step <= steps; step++) history.add(after(step), START + step * 10_000);
  const end = START / 1000 + steps * 10;
  assert.equal(history.hour().length, 360);
  assert.equal(column(history.hour(), "time").at(-1), end);
  assert.equal(column(history.hour(), "time")[0], end - 3590);
  assert.equal(history.day().length, 1440);
  assert.equal(column(history.day(), "time").at(-1), end);
  assert.equal(column(history.day(), "time")[0], end - 86_340);
});

Deno.test("time that was slept through is a gap, and its end says how much it covers", () => {
  const history = new History(after(0), START);
  history.add(after(1), START + 10_000);
  history.add(after(2), START + 610_000);
  assert.deepEqual(column(history.hour(), "time"), [START / 1000 + 10, START / 1000 + 610]);
  assert.deepEqual(column(history.hour(), "seconds"), [10, 600]);
});

Deno.test("a clock set back costs one sample and what it had shown ahead, never the order", () => {
  const history = new History(after(0), START);
  history.add(after(1), START + 10_000);
  history.add(after(2), START + 20_000);
  assert.equal(history.add(after(3), START + 5_000), undefined);
  history.add(after(4), START + 15_000);
  assert.deepEqual(column(history.hour(), "time"), [START / 1000 + 15]);
  history.add(after(5), START + 25_000);
  assert.deepEqual(column(history.hour(), "accepted"), [10, 10]);
});
