/** The last day in samples: what was counted, gaps as gaps, and no more than fits. */

import assert from "node:assert/strict";
import { ChartSamples, type Counts, SAMPLE_COLUMNS } from "../../lib/observe/chart_samples.ts";

const START = Date.UTC(2026, 0, 1);

/** Both clocks, which a test moves; they go together unless the one on the wall is set. */
class FakeClocks {
  time = 600_000;
  ahead = START - this.time;
  readonly now = () => this.time;
  readonly wallNow = () => this.time + this.ahead;

  /** The clock on the wall shows `time` from now on. */
  set(time: number): void {
    this.ahead = time - this.time;
  }
}

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
  const clocks = new FakeClocks();
  const samples = new ChartSamples(after(0), clocks);
  const add = (counts: Counts, ms: number) => {
    clocks.time = 600_000 + ms;
    return samples.add(counts);
  };
  assert.deepEqual(add(after(1), 10_000), [
    START / 1000 + 10,
    10,
    5,
    10,
    1,
    100,
    200,
    50,
  ]);
  add(after(3, 7), 22_000);
  assert.deepEqual(column(samples.hour(), "accepted"), [10, 20]);
  assert.deepEqual(column(samples.hour(), "seconds"), [10, 12]);
  assert.deepEqual(column(samples.hour(), "miners"), [5, 7]);
});

Deno.test("a minute of the day is the sum of its samples, miners their mean over time", () => {
  const clocks = new FakeClocks();
  const samples = new ChartSamples(after(0), clocks);
  const add = (counts: Counts, ms: number) => {
    clocks.time = 600_000 + ms;
    return samples.add(counts);
  };
  for (let step = 1; step <= 12; step++) {
    add(after(step, step <= 6 ? 4 : 8), step * 10_000);
  }
  const day = samples.day();
  assert.deepEqual(column(day, "time"), [START / 1000 + 60, START / 1000 + 120]);
  assert.deepEqual(column(day, "accepted"), [60, 60]);
  assert.deepEqual(column(day, "seconds"), [60, 60]);
  assert.deepEqual(column(day, "miners"), [4, 8]);
});

Deno.test("of the hour 360 samples are kept, of the day 1,440, the newest", () => {
  const clocks = new FakeClocks();
  const samples = new ChartSamples(after(0), clocks);
  const add = (counts: Counts, ms: number) => {
    clocks.time = 600_000 + ms;
    return samples.add(counts);
  };
  const steps = 26 * 360;
  for (let step = 1; step <= steps; step++) add(after(step), step * 10_000);
  const end = START / 1000 + steps * 10;
  assert.equal(samples.hour().length, 360);
  assert.equal(column(samples.hour(), "time").at(-1), end);
  assert.equal(column(samples.hour(), "time")[0], end - 3590);
  assert.equal(samples.day().length, 1440);
  assert.equal(column(samples.day(), "time").at(-1), end);
  assert.equal(column(samples.day(), "time")[0], end - 86_340);
});

Deno.test("time that was slept through is a gap, and its end says how much it covers", () => {
  const clocks = new FakeClocks();
  const samples = new ChartSamples(after(0), clocks);
  const add = (counts: Counts, ms: number) => {
    clocks.time = 600_000 + ms;
    return samples.add(counts);
  };
  add(after(1), 10_000);
  add(after(2), 610_000);
  assert.deepEqual(column(samples.hour(), "time"), [START / 1000 + 10, START / 1000 + 610]);
  assert.deepEqual(column(samples.hour(), "seconds"), [10, 600]);
});

const HOUR_MS = 3_600_000;
const STEPS: readonly (readonly [string, number])[] = [
  ["to 1970", 12_000],
  ["an hour back", START - HOUR_MS],
  ["a second back", START + 9_000],
  ["a year forward", START + 365 * 24 * HOUR_MS],
  ["to 2106", 2 ** 32 * 1000],
];
for (const [what, to] of STEPS) {
  Deno.test(`a clock set ${what} costs no sample: all move with it and stay in order`, () => {
    const clocks = new FakeClocks();
    const samples = new ChartSamples(after(0), clocks);
    for (let step = 1; step <= 30; step++) {
      clocks.time += 10_000;
      if (step === 16) clocks.set(to);
      samples.add(after(step));
    }
    const now = clocks.wallNow() / 1000;
    const hour = samples.hour();
    assert.deepEqual(column(hour, "time"), hour.map((_, place) => now - 10 * (29 - place)));
    assert.deepEqual(new Set(column(hour, "accepted")), new Set([10]));
    assert.deepEqual(new Set(column(hour, "seconds")), new Set([10]));
    assert.deepEqual(column(samples.day(), "accepted"), [60, 60, 60, 60, 60]);
    assert.deepEqual(
      column(samples.day(), "time"),
      [4, 3, 2, 1, 0].map((minutes) => now - 60 * minutes),
    );
  });
}
