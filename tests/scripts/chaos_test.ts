/** The chaos run: its schedule, its claims, and a few seconds of it. */

import assert from "node:assert/strict";
import { SIMULATED_SERVERS } from "../../lib/cli/command.ts";
import type { AgentLog } from "../../scripts/chaos/agent_log.ts";
import { DifficultyRefusals } from "../../scripts/chaos/difficulty_refusals.ts";
import { findings } from "../../scripts/chaos/invariants.ts";
import { kindOf, POOLS } from "../../scripts/chaos/kinds.ts";
import { NO_SHARES } from "../../scripts/chaos/books.ts";
import type { ChaosOutcome } from "../../scripts/chaos/outcome.ts";
import { runChaos } from "../../scripts/chaos/run.ts";
import {
  AGENT_ACTS,
  drawSchedule,
  MINER_ACTS,
  POOL_ACTS,
  POOL_FAULTS,
} from "../../scripts/chaos/schedule.ts";
import { FakeTime } from "../support/fake_time.ts";

const HALF_HOUR = { durationMs: 1_800_000, pools: POOLS.mixed.map(kindOf) };

Deno.test("a seed draws the same schedule each time, another seed another", () => {
  const schedule = drawSchedule({ seed: 7, ...HALF_HOUR });
  assert.deepEqual(drawSchedule({ seed: 7, ...HALF_HOUR }), schedule);
  assert.notDeepEqual(drawSchedule({ seed: 8, ...HALF_HOUR }), schedule);
});

Deno.test("in half an hour everything that can go wrong does, in the order of time", () => {
  const schedule = drawSchedule({ seed: 1, ...HALF_HOUR });
  const seen = new Set(schedule.map((mishap) => "act" in mishap ? mishap.act : mishap.fault));
  const all = [POOL_ACTS, POOL_FAULTS].flatMap(({ agent, stratum }) => [...agent, ...stratum]);
  assert.deepEqual(
    [...all, ...MINER_ACTS, ...AGENT_ACTS].filter((what) => !seen.has(what)),
    [],
  );
  const times = schedule.map(({ atMs }) => atMs);
  assert.deepEqual(times, times.toSorted((one, other) => one - other));
  assert.ok(times.at(-1)! < HALF_HOUR.durationMs);
});

Deno.test("the minute that CI runs has all that can happen to the agent, and most of the rest", () => {
  const schedule = drawSchedule({ ...HALF_HOUR, seed: 1, durationMs: 60_000 });
  const seen = new Set(schedule.map((mishap) => "act" in mishap ? mishap.act : mishap.fault));
  assert.deepEqual(AGENT_ACTS.filter((what) => !seen.has(what)), []);
  assert.deepEqual(MINER_ACTS.filter((what) => !seen.has(what)), []);
  assert.ok(seen.size >= 30, `${seen.size} kinds`);
});

Deno.test("a pool does only what pools of its kind do", () => {
  for (const mishap of drawSchedule({ seed: 2, ...HALF_HOUR })) {
    if (mishap.kind !== "poolAct" && mishap.kind !== "poolFault") continue;
    const kind = HALF_HOUR.pools[mishap.pool]!;
    const [all, what] = mishap.kind === "poolAct"
      ? [POOL_ACTS[kind], mishap.act]
      : [POOL_FAULTS[kind], mishap.fault];
    assert.ok((all as readonly string[]).includes(what), `${kind} pool: ${what}`);
  }
});

Deno.test("every kind of Stratum server is in a mixed run, beside pools of the agent protocol", () => {
  const manners = new Set(POOLS.mixed);
  assert.deepEqual(
    [...POOLS.agent, ...POOLS.stratum].filter((each) => !manners.has(each)),
    [],
  );
  assert.deepEqual(SIMULATED_SERVERS.filter((each) => !manners.has(each)), []);
});

Deno.test("shares refused while lines are late are told apart, also if there are two reasons", () => {
  const time = new FakeTime();
  let count = 3;
  const refusals = new DifficultyRefusals(() => count, time);
  refusals.linesAreLate(true);
  count += 1;
  refusals.linesAreLate(true);
  count += 1;
  refusals.linesAreLate(false);
  time.advance(10_000);
  count += 1;
  assert.equal(refusals.whileLate, 3);
  refusals.linesAreLate(false);
  count += 1;
  time.advance(10_000);
  count += 1;
  assert.equal(refusals.whileLate, 4);
});

Deno.test("a pool without any fault is left whenever another gets one with which it cannot serve", () => {
  const pools = POOLS.agent.map(kindOf);
  for (const seed of [3, 8, 11]) {
    const badUntil = pools.map(() => 0);
    for (const mishap of drawSchedule({ ...HALF_HOUR, seed, pools })) {
      if (mishap.kind !== "poolFault") continue;
      const { pool, atMs, forMs, fault } = mishap;
      badUntil[pool] = atMs + forMs;
      const isLeft = badUntil.some((until) => until <= atMs);
      assert.ok(isLeft || /Verdicts$/.test(fault), `${fault} at ${atMs} ms of seed ${seed}`);
    }
  }
});

Deno.test("no more than two pools at a time have a fault that keeps them from serving", () => {
  const serves = /Verdicts$|^refusesAll$|^lateErrors$|^difficulty/;
  const down: { pool: number; until: number }[] = [];
  for (const mishap of drawSchedule({ seed: 3, ...HALF_HOUR })) {
    if (mishap.kind !== "poolFault" || serves.test(mishap.fault)) continue;
    const { pool, atMs, forMs } = mishap;
    down.push({ pool, until: atMs + forMs });
    const now = new Set(down.filter(({ until }) => until > atMs).map((each) => each.pool));
    assert.ok(now.size <= 2, `${now.size} pools are down at ${atMs} ms`);
  }
});

Deno.test("a few seconds of chaos leave every claim standing, and a broken one is seen", async () => {
  const outcome = await runChaos({
    seed: 5,
    durationMs: 6_000,
    miners: 60,
    kinds: "mixed",
    settleMs: 5_000,
  });
  const found = findings(outcome);
  assert.deepEqual(found.filter(({ holds }) => !holds), []);
  assert.ok(outcome.mishaps >= 15 && outcome.agent.shares.submitted > 0);
  for (const [what, claim] of BROKEN) {
    const broken = findings({ ...outcome, ...what(outcome) }).filter(({ holds }) => !holds);
    assert.ok(broken.some((each) => each.claim === claim), claim);
  }
});

/** A log that says all is well but for this. */
function logWith(figures: Partial<AgentLog>): AgentLog {
  const figure = {
    ownFaults: [],
    reasonsOut: new Map(),
    moves: 0,
    losses: 0,
    reloads: 0,
    stoodStillMs: 0,
    longestGapMs: 0,
    longestStartMs: 0,
    ...figures,
  };
  return figure as unknown as AgentLog;
}

const ONE_SUBMITTED = { ...NO_SHARES, submitted: 1 };

/** An orderly stop. */
const STOP = { exitCode: 0, tookMs: 1, shares: NO_SHARES, pools: [] };

type Breakage = readonly [(outcome: ChaosOutcome) => Partial<ChaosOutcome>, claim: string];

const BROKEN: readonly Breakage[] = [
  [
    ({ good }) => ({ good: { ...good, lostConnections: 1 } }),
    "a pool's trouble disconnects no miner",
  ],
  [
    ({ good }) => ({ good: { ...good, givenUp: 1 } }),
    "a pool's trouble disconnects no miner",
  ],
  [
    () => ({ log: logWith({ longestGapMs: 10_001 }) }),
    "while a pool is good, miners have one within 10 s",
  ],
  [
    () => ({ log: logWith({ longestStartMs: 15_001 }) }),
    "while a pool is good, miners have one within 10 s",
  ],
  [
    ({ good }) => ({ good: { ...good, unanswered: good.submitted } }),
    "of the work at most 8 % comes late, what is found while the agent stands still apart, and 20 % breaks off",
  ],
  [
    ({ ends }) => ({ ends: [...ends, { ...STOP, exitCode: 1 }] }),
    "an agent that is told to stop says what became of every share, and ends",
  ],
  [
    ({ ends }) => ({ ends: [...ends, { ...STOP, tookMs: 15_001 }] }),
    "an agent that is told to stop says what became of every share, and ends",
  ],
  [
    ({ ends }) => ({ ends: [...ends, { ...STOP, shares: undefined }] }),
    "an agent that is told to stop says what became of every share, and ends",
  ],
  [() => ({ rollCall: 59 }), "all miners work again when all faults have ended"],
  [
    ({ hashing }) => ({ hashing: { ...hashing, rejectedByCode: new Map([[23, 1e6]]) } }),
    "a share goes only where its job came from",
  ],
  [
    ({ pools: [first, ...others] }) => ({
      pools: [{ ...first!, unregisteredSubmits: 1 }, ...others],
    }),
    "the pools' submit index equals ours: no frame was lost",
  ],
  [
    ({ agent }) => ({ agent: { ...agent, sessionIds: 61 } }),
    "session ids, connections and places at the pools come back",
  ],
  [() => ({ unhandled: ["Error: x"] }), "no peer stops anything else"],
  [
    ({ agent }) => ({ agent: { ...agent, now: { ...agent.now, received: 1 } } }),
    "shares add up, for every miner, every run and in total",
  ],
  [
    ({ ends }) => ({ ends: [...ends, { ...STOP, shares: ONE_SUBMITTED }] }),
    "shares add up, for every miner, every run and in total",
  ],
  [
    ({ pools: [first, ...others] }) => ({ pools: [{ ...first!, submits: 1e6 }, ...others] }),
    "the pools' books agree with ours",
  ],
  [
    ({ pools: [first, ...others], agent }) => {
      const { shares } = agent.pools.find(({ address }) => address === first!.address)!;
      const lost = shares.unansweredConnectionLost + shares.unansweredStopped + shares.assumed;
      return { pools: [{ ...first!, submits: first!.submits - lost - 1 }, ...others] };
    },
    "the pools' books agree with ours",
  ],
  [
    ({ stratumPools: [first, ...others] }) => ({
      stratumPools: [{ ...first!, submits: 1e6 }, ...others],
    }),
    "the pools' books agree with ours",
  ],
  [
    ({ stratumPools: [first, ...others] }) => ({
      stratumPools: [{ ...first!, difficulty: first!.difficulty + 1e6 }, ...others],
    }),
    "the pools' books agree with ours",
  ],
  [
    ({ stratumPools: [first, ...others] }) => ({
      stratumPools: [{ ...first!, badBehaviour: new Map([["foreignJob", 1]]) }, ...others],
    }),
    "no Stratum pool sees bad behaviour, except what a fault caused",
  ],
  [
    ({ stratumPools: [first, ...others] }) => ({
      stratumPools: [
        { ...first!, rejectedBy: new Map([["lowDifficulty", 3]]), difficultyChanges: 2 },
        ...others,
      ],
    }),
    "a change of difficulty costs a connection at most one share, two where the newest counts",
  ],
  [
    ({ good }) => ({ good: { ...good, accepted: good.accepted + 1e6 } }),
    "the miners' books agree with ours",
  ],
  [
    ({ good }) => ({
      good: { ...good, submitted: good.submitted + 1e6, waitingNow: good.waitingNow + 1e6 },
    }),
    "the miners' books agree with ours",
  ],
  [
    () => ({ dialectFaults: ["a job before its difficulty"] }),
    "difficulty before job, answers in order, nothing that would confuse a miner",
  ],
];
