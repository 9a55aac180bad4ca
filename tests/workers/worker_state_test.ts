/** One function decides what is the matter with a worker, and says what to do. */

import assert from "node:assert/strict";
import { LOST_ADVICE } from "../../lib/workers/lost_advice.ts";
import { LOST_REASONS } from "../../lib/workers/lost_reasons.ts";
import { conditionOf, type WorkerFacts } from "../../lib/workers/worker_state.ts";
import { WORKER_TIMES } from "../../lib/workers/worker_times.ts";
import { hashrateOf } from "../support/made_up_workers.ts";

const MINUTE_MS = 60_000;

/** A machine that has worked well for a day, ten shares a minute. */
const HEALTHY: WorkerFacts = {
  connections: 1,
  usualConnections: 1,
  goneMs: 0,
  sinceLeftMs: Infinity,
  hadGoodShare: true,
  connectsHour: 1,
  quarter: { good: 150, lost: 1 },
  hour: { good: 600, lost: 4 },
  lostReason: "stale",
  servedMs: 1440 * MINUTE_MS,
  allServedMs: 1440 * MINUTE_MS,
  sinceShareMs: 3_000,
  difficulty: 65_536,
  hashrateQuarter: hashrateOf(10),
  hashrateHour: hashrateOf(10),
  usualHashrate: hashrateOf(10),
  isUsualProven: true,
  kindHashrate: hashrateOf(10),
  hasLostAsicboost: false,
};

function conditionWith(facts: Partial<WorkerFacts>) {
  return conditionOf({ ...HEALTHY, ...facts }, WORKER_TIMES);
}

function stateWith(facts: Partial<WorkerFacts>): string {
  const { state, reason } = conditionWith(facts);
  return reason === "" ? state : `${state}: ${reason}`;
}

const GONE = { connections: 0, goneMs: 5 * MINUTE_MS, sinceLeftMs: 5 * MINUTE_MS };
const REFUSED = {
  quarter: { good: 0, lost: 10 },
  hour: { good: 0, lost: 10 },
  lostReason: "versionMask" as const,
};
const FLAPPING = { connectsHour: 6 };
const SILENT = { sinceShareMs: 5 * MINUTE_MS, hashrateQuarter: 0, hashrateHour: 0 };
const WEAK = { hashrateQuarter: hashrateOf(4), hashrateHour: hashrateOf(4) };
const WAITING = { servedMs: undefined, allServedMs: 0 };

Deno.test("a healthy worker is in the state working, without any advice", () => {
  assert.deepEqual(conditionWith({}), {
    state: "working",
    reason: "",
    part: undefined,
    about: "",
  });
});

Deno.test("a worker with several troubles has the worst as its state", () => {
  const all = { ...SILENT, ...FLAPPING, ...REFUSED, ...GONE };
  assert.equal(stateWith(all), "missing");
  assert.equal(stateWith({ ...SILENT, ...FLAPPING, ...REFUSED }), "refused: version_mask");
  assert.equal(stateWith({ ...SILENT, ...FLAPPING }), "flapping");
  assert.equal(stateWith({ ...WEAK, ...SILENT }), "silent");
  assert.equal(stateWith(WEAK), "weak: below_itself");
});

Deno.test("a worker without a pool waits, and is neither silent nor weak", () => {
  assert.equal(stateWith({ ...WEAK, ...SILENT, ...WAITING }), "waiting");
  assert.equal(stateWith({ ...WAITING, ...REFUSED }), "refused: version_mask");
});

Deno.test("a worker is missing after five minutes, and only if it ever did work", () => {
  assert.equal(stateWith({ ...GONE, goneMs: 5 * MINUTE_MS - 1 }), "working");
  assert.equal(stateWith(GONE), "missing");
  assert.equal(stateWith({ ...GONE, hadGoodShare: false }), "working");
});

Deno.test("a flapping worker is flapping also between connections, until it stays away", () => {
  assert.equal(stateWith({ ...GONE, ...FLAPPING, goneMs: 4 * MINUTE_MS }), "flapping");
  assert.equal(stateWith({ ...GONE, ...FLAPPING }), "missing");
});

Deno.test("a worker is refused if it loses more than half of ten shares, or 5 % of fifty", () => {
  const lately = (good: number, lost: number) =>
    stateWith({ quarter: { good, lost }, hour: { good: 10_000, lost: 0 } });
  assert.equal(lately(4, 6), "refused: stale");
  assert.equal(lately(5, 5), "working");
  assert.equal(lately(190, 10), "refused: stale");
  assert.equal(lately(191, 10), "working");
  assert.equal(lately(41, 9), "working");
});

Deno.test("a worker with few shares in a quarter of an hour is judged by the whole hour", () => {
  const facts = { quarter: { good: 0, lost: 9 }, hour: { good: 0, lost: 36 } };
  const { state, part, about } = conditionWith({ ...facts, lostReason: "lowDifficulty" });
  assert.deepEqual([state, part], ["refused", 1]);
  assert.match(about, /^36 of its last 36 shares were lost.*difficulty/);
});

Deno.test("the sentence about a refused worker has the advice for each reason", () => {
  for (const lostReason of LOST_REASONS) {
    const { about } = conditionWith({ ...REFUSED, lostReason });
    assert.ok(about.includes(LOST_ADVICE[lostReason]), lostReason);
  }
});

Deno.test("a shared name may have more log-ins, by the number of its machines", () => {
  assert.equal(stateWith({ connectsHour: 5 }), "working");
  assert.equal(stateWith({ connectsHour: 6 }), "flapping");
  assert.equal(stateWith({ connections: 10, usualConnections: 10, connectsHour: 59 }), "working");
  assert.equal(stateWith({ connections: 10, usualConnections: 10, connectsHour: 60 }), "flapping");
});

Deno.test("a worker is silent only after a time without shares that chance cannot explain", () => {
  const quiet = (minutes: number, sharesPerMinute: number) =>
    stateWith({
      sinceShareMs: minutes * MINUTE_MS,
      usualHashrate: hashrateOf(sharesPerMinute),
      kindHashrate: undefined,
    });
  assert.equal(quiet(4.9, 10), "working");
  assert.equal(quiet(5, 10), "silent");
  assert.equal(quiet(19, 1), "working");
  assert.equal(quiet(20, 1), "silent");
  assert.equal(quiet(60, 0.1), "working", "a miner at a very high difficulty");
});

Deno.test("after an outage a worker has time to send a share before it is silent", () => {
  const back = { ...SILENT, sinceShareMs: 60 * MINUTE_MS, allServedMs: 0 };
  assert.equal(stateWith({ ...back, servedMs: 4 * MINUTE_MS }), "working");
  assert.equal(stateWith({ ...back, servedMs: 5 * MINUTE_MS }), "silent");
});

Deno.test("a machine whose hashrate was never known can be silent, too", () => {
  const unknown = { usualHashrate: undefined, kindHashrate: undefined, difficulty: 1024 };
  assert.equal(stateWith({ ...SILENT, ...unknown }), "silent");
});

Deno.test("a worker is weak below 60 % of its own or its kind's hashrate, if not by chance", () => {
  const does = (part: number, facts: Partial<WorkerFacts> = {}) =>
    stateWith({
      hashrateQuarter: hashrateOf(10 * part),
      hashrateHour: hashrateOf(10 * part),
      ...facts,
    });
  assert.equal(does(0.61), "working");
  assert.equal(does(0.5), "weak: below_itself");
  assert.equal(does(0.5, { isUsualProven: false }), "weak: below_kind");
  assert.equal(does(0.5, { isUsualProven: false, kindHashrate: undefined }), "working");
  // Forty shares expected in the quarter, a hundred and sixty in the hour.
  const difficulty = 65_536 * 150 / 40;
  assert.equal(does(0.55, { difficulty }), "working");
  const few = { difficulty, quarter: { good: 12, lost: 0 }, hour: { good: 48, lost: 0 } };
  assert.equal(does(0.3, few), "weak: below_itself");
});

Deno.test("a worker that just connected or moved is not weak before its window is full", () => {
  const served = 19 * MINUTE_MS;
  assert.equal(stateWith({ ...WEAK, servedMs: served, allServedMs: served }), "working");
});

Deno.test("a worker with fewer connections than usual is weak, and its machines are missing", () => {
  const fewer = { connections: 3, usualConnections: 4, hashrateQuarter: hashrateOf(7.5) };
  assert.equal(stateWith({ ...fewer, sinceLeftMs: 4 * MINUTE_MS }), "working");
  const { state, reason, part } = conditionWith({ ...fewer, sinceLeftMs: 5 * MINUTE_MS });
  assert.deepEqual([state, reason, part], ["weak", "fewer_connections", 0.75]);
});

Deno.test("a worker that lost ASICBoost is weak", () => {
  assert.equal(stateWith({ hasLostAsicboost: true }), "weak: asicboost_lost");
});
