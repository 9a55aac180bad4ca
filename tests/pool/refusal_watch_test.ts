/** RefusalWatch: when most shares are refused for one reason, and what is said of it. */

import assert from "node:assert/strict";
import { verdictOf } from "../../lib/pool/agent/verdicts.ts";
import {
  likelyCause,
  RefusalWatch,
  SaidOfPools,
  SAY_AGAIN_MS,
} from "../../lib/pool/refusal_watch.ts";

const ACCEPTED = 1798084231;

/** Verdicts, evenly over `overMs`, from two miners in turn; then what the window was. */
function watch(
  verdicts: Readonly<Record<number, number>>,
  { overMs = 61_000, miners = 2 } = {},
): ReturnType<RefusalWatch["take"]> {
  const refusals = new RefusalWatch();
  const all = Object.entries(verdicts).flatMap(([status, count]) =>
    Array.from({ length: count }, () => Number(status))
  );
  all.forEach((status, i) =>
    refusals.judged(i % miners, verdictOf(status), i * overMs / all.length)
  );
  return refusals.take(overMs);
}

Deno.test("A pool with nicehash.forced is found: 100 of 112 shares refused as low difficulty", () => {
  const run = watch({ [ACCEPTED]: 12, 23: 100 })!;
  assert.deepEqual(
    [run.kind, run.status, run.text, run.refused, run.judged],
    ["lowDifficulty", 23, "Low difficulty", 100, 112],
  );
  assert.match(likelyCause(run), /nicehash\.forced/);
});

Deno.test("Where shares are checked here, a pool that refuses their version bits contradicts itself", () => {
  const run = watch({ 33: 112 })!;
  assert.match(likelyCause(run), /update their firmware/);
  assert.match(likelyCause(run, true), /No miner is at fault/);
});

for (
  const { name, verdicts, overMs = 61_000, isRun } of [
    { name: "half of them stale", verdicts: { [ACCEPTED]: 20, 37: 20 }, isRun: false },
    { name: "more than half stale", verdicts: { [ACCEPTED]: 20, 37: 21 }, isRun: true },
    {
      name: "stale by three codes",
      verdicts: { [ACCEPTED]: 20, 21: 8, 36: 8, 37: 8 },
      isRun: true,
    },
    { name: "half of one kind and half of another", verdicts: { 22: 20, 37: 20 }, isRun: false },
    { name: "nineteen duplicates and nothing else", verdicts: { 22: 19 }, isRun: false },
    { name: "twenty duplicates and nothing else", verdicts: { 22: 20 }, isRun: true },
    {
      name: "a thousand stale ones within a second",
      verdicts: { 37: 1000 },
      overMs: 1_000,
      isRun: false,
    },
  ]
) {
  Deno.test(`${name}: ${isRun ? "told" : "nothing to tell"}`, () => {
    assert.equal(watch(verdicts as Record<number, number>, { overMs }) !== undefined, isRun);
  });
}

Deno.test("A burst of stale shares at a new block in a large farm is not reported", () => {
  const refusals = new RefusalWatch();
  for (let time = 0; time < 600_000; time += 10) {
    refusals.judged(time % 7, verdictOf(time % 60_000 < 500 ? 37 : ACCEPTED), time);
    assert.equal(refusals.take(time), undefined);
  }
});

Deno.test("Each window is judged by itself", () => {
  const refusals = new RefusalWatch();
  const runs: (string | undefined)[] = [];
  for (let minute = 0; minute < 4; minute++) {
    const status = minute % 2 === 0 ? 22 : ACCEPTED;
    for (let i = 0; i < 61; i++) {
      refusals.judged(i % 2, verdictOf(status), minute * 61_000 + i * 1_000);
    }
    runs.push(refusals.take(minute * 61_000 + 60_500)?.kind);
  }
  assert.deepEqual(runs, ["duplicate", undefined, "duplicate", undefined]);
});

Deno.test("Every kind of refusal has its likely cause in words, which first names a single miner as the source", () => {
  for (const status of [21, 22, 23, 24, 25, 28, 29, 30, 31, 32, 33, 36, 37, 999]) {
    const run = watch({ [status]: 30 })!;
    const cause = likelyCause(run);
    assert.ok(cause.length > 40, cause);
    assert.equal(/nothing is known/.test(cause), status === 999, String(status));
    const alone = likelyCause(watch({ [status]: 30 }, { miners: 1 })!);
    assert.ok(alone.startsWith("all are from one miner"), alone);
    assert.ok(alone.endsWith(cause));
  }
});

Deno.test("A warning about a pool is repeated after half an hour, for a bounded number of kinds", () => {
  const said = new SaidOfPools();
  assert.ok(said.maySay(0, "stale", 0));
  assert.ok(!said.maySay(0, "stale", SAY_AGAIN_MS - 1));
  assert.ok(said.maySay(0, "duplicate", 1));
  assert.ok(said.maySay(1, "stale", 1));
  assert.ok(said.maySay(0, "stale", SAY_AGAIN_MS));
  let kinds = 0;
  for (let code = 0; code < 5_000; code++) if (said.maySay(2, `code ${code}`, 0)) kinds++;
  assert.ok(kinds < 1_000);
});
