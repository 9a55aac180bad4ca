/** How the live page turns a history into lines and words. */

import assert from "node:assert/strict";
import {
  before,
  conditionsOf,
  historyPath,
  joined,
  linesOf,
  NO_HISTORY,
  rangeOf,
  SUM_LINES,
} from "../../lib/observe/status/page/history_data.js";
import { formatUptime } from "../../lib/observe/status/page/format.js";
import {
  problemOf,
  spansOf,
  uptimeText,
  weekSentence,
} from "../../lib/observe/status/page/history_words.js";
import { tickTexts } from "../../lib/observe/status/page/chart_times.js";
import { KEPT } from "../browser/fake_history.ts";

const STEP = 600;

/** An answer with rows that end at these times. */
function answerOf(times: readonly number[], seconds = STEP) {
  return {
    ...NO_HISTORY,
    step_seconds: STEP,
    columns: ["time", "seconds", "miners", "condition"],
    rows: times.map((time) => [time, seconds, time / 100, "working"]),
  };
}

const MINERS = { miners: SUM_LINES.miners };

Deno.test("the rows of a history are drawn from their beginning, and a missing one is a gap", () => {
  assert.deepEqual(linesOf(answerOf([1_200, 1_800, 3_000]), MINERS), {
    times: [600, 1_200, 1_800, 2_100, 2_400, 3_000],
    miners: [12, 12, 18, null, 30, 30],
  });
});

Deno.test("a row between two gaps is seen: it has two points", () => {
  const { times, miners } = linesOf(answerOf([600, 6_000, 12_000]), MINERS);
  assert.deepEqual(times.slice(2, 6), [3_000, 5_400, 6_000, 8_700]);
  assert.deepEqual(miners.slice(2, 6), [null, 60, 60, null]);
});

Deno.test("part of a step without a row is no gap, nor are rows that a slow disk lengthened", () => {
  assert.equal(linesOf(answerOf([1_200, 1_800], 200), MINERS).miners.includes(null), false);
  const long = { ...answerOf([1_200, 3_600]), rows: [[1_200, 600, 1], [3_600, 2_400, 2]] };
  assert.equal(linesOf(long, MINERS).miners.includes(null), false);
});

Deno.test("rows that go back in time, or cover none, are not drawn", () => {
  const answer = { ...answerOf([]), rows: [[1_200, 600, 1], [900, 600, 2], [1_800, 0, 3]] };
  assert.deepEqual(linesOf(answer, MINERS).times, [600, 1_200]);
});

Deno.test("sums of a row become rates", () => {
  const answer = {
    ...NO_HISTORY,
    columns: ["time", "seconds", "good", "lost", "difficulty", "bytes_up"],
    rows: [[600, 300, 1_000, 5, 300, 600]],
  };
  const { hashrate, accepted, rejected, up, down } = linesOf(answer, SUM_LINES);
  assert.deepEqual([hashrate[0], accepted[0], rejected[0], up[0], down[0]], [
    2 ** 32,
    200,
    1,
    2,
    0,
  ]);
});

Deno.test("samples go on where the history ends, with a gap if btcagent did not run between", () => {
  const older = linesOf(before(answerOf([1_200, 1_800, 2_400]), 2_000), MINERS);
  const newer = { times: [2_000, 2_010], miners: [7, 8] };
  assert.deepEqual(joined(older, newer, STEP), {
    times: [600, 1_200, 1_800, 2_000, 2_010],
    miners: [12, 12, 18, 7, 8],
  });
  const late = { times: [5_000], miners: [7] };
  assert.deepEqual(joined(older, late, STEP).miners, [12, 12, 18, null, 7]);
  assert.deepEqual(joined({ times: [], miners: [] }, late, STEP), late);
  assert.deepEqual(joined(late, { times: [], miners: [] }, STEP), late);
});

Deno.test("a chart shows the whole span, or less while there is less, but 5 minutes", () => {
  assert.deepEqual(rangeOf([0, 100], 1_000_000, 604_800), [395_200, 1_000_000]);
  assert.deepEqual(rangeOf([900_000], 1_000_000, 604_800), [900_000, 1_000_000]);
  assert.deepEqual(rangeOf([], 1_000_000, 604_800), [999_700, 1_000_000]);
});

Deno.test("a condition is one stretch until it changes or nothing is known", () => {
  const answer = {
    ...answerOf([]),
    rows: [
      [600, 600, 1, "working"],
      [1_200, 600, 1, "working"],
      [1_800, 600, 1, "missing"],
      [9_000, 600, 1, "missing"],
    ],
  };
  assert.deepEqual(conditionsOf(answer), [
    { from: 0, to: 1_200, condition: "working" },
    { from: 1_200, to: 1_800, condition: "missing" },
    { from: 8_400, to: 9_000, condition: "missing" },
  ]);
});

Deno.test("names in the address of a history are data", () => {
  const name = "a&span=day#?/%‮x";
  const { pathname, searchParams } = new URL(
    historyPath({ kind: "account", name }, "month"),
    "http://127.0.0.1/",
  );
  assert.equal(pathname, "/api/v1/history");
  assert.deepEqual([...searchParams], [["span", "month"], ["account", name]]);
});

Deno.test("uptime is never rounded up to 100 %", () => {
  assert.equal(formatUptime(0.999999), "99.99 %");
  assert.equal(formatUptime(1), "100 %");
  assert.equal(formatUptime(0.9954), "99.54 %");
  assert.equal(uptimeText("farm", null), "");
  assert.equal(uptimeText("worker", 0.5), "Connected 50.00 % of the time");
});

Deno.test("without a history the page says what to set, and with a problem what it is", () => {
  assert.equal(problemOf(undefined), "");
  assert.match(problemOf(null), /set history\.path in the configuration/);
  assert.match(problemOf({ ...KEPT, problem: "the disk is full" }), /the disk is full$/);
  assert.equal(problemOf(KEPT), "");
  assert.deepEqual(spansOf(null), ["hour", "day"]);
  assert.deepEqual(spansOf(KEPT), ["hour", "day", "week", "month"]);
});

Deno.test("the weekly sentence says uptime and losses, as far as they are known", () => {
  assert.equal(
    weekSentence(KEPT),
    `A pool served 99.95 % of the last 7 days; ${KEPT.week_sentence}`,
  );
  assert.equal(weekSentence({ ...KEPT, uptime_week_part: null }), KEPT.week_sentence);
  assert.equal(
    weekSentence({ ...KEPT, week_sentence: "" }),
    "A pool served 99.95 % of the last 7 days",
  );
  assert.equal(weekSentence(null), "");
});

Deno.test("along a chart of days midnight is a date; along one of hours it is a time", () => {
  const midnight = new Date(2026, 0, 5).getTime() / 1000;
  const week: [number, number] = [midnight - 604_800, midnight];
  const day: [number, number] = [midnight - 86_400, midnight];
  assert.deepEqual(tickTexts([midnight - 43_200, midnight], 43_200, week), ["12:00", "5 Jan"]);
  assert.deepEqual(tickTexts([midnight], 3_600, day), ["00:00"]);
  assert.deepEqual(tickTexts([midnight + 30], 10, day), ["00:00:30"]);
});
