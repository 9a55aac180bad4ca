/** The chaos run: its schedule, its claims, and a few seconds of it. */

import assert from "node:assert/strict";
import { findings } from "../../scripts/chaos/invariants.ts";
import { type ChaosOutcome, runChaos } from "../../scripts/chaos/run.ts";
import { drawSchedule, MINER_ACTS, POOL_ACTS, POOL_FAULTS } from "../../scripts/chaos/schedule.ts";

const HALF_HOUR = { durationMs: 1_800_000, pools: 3 };

Deno.test("a seed draws the same schedule each time, another seed another", () => {
  const schedule = drawSchedule({ seed: 7, ...HALF_HOUR });
  assert.deepEqual(drawSchedule({ seed: 7, ...HALF_HOUR }), schedule);
  assert.notDeepEqual(drawSchedule({ seed: 8, ...HALF_HOUR }), schedule);
});

Deno.test("in half an hour everything that can go wrong does, in the order of time", () => {
  const schedule = drawSchedule({ seed: 1, ...HALF_HOUR });
  const seen = new Set(schedule.map((mishap) => "act" in mishap ? mishap.act : mishap.fault));
  assert.deepEqual(
    [...POOL_ACTS, ...POOL_FAULTS, ...MINER_ACTS].filter((what) => !seen.has(what)),
    [],
  );
  const times = schedule.map(({ atMs }) => atMs);
  assert.deepEqual(times, times.toSorted((one, other) => one - other));
  assert.ok(times.at(-1)! < HALF_HOUR.durationMs);
});

Deno.test("some pool is always spared from faults that keep it from serving", () => {
  const serves = /Verdicts$/;
  const down: { pool: number; until: number }[] = [];
  for (const mishap of drawSchedule({ seed: 3, ...HALF_HOUR })) {
    if (mishap.kind !== "poolFault" || serves.test(mishap.fault)) continue;
    const { pool, atMs, forMs } = mishap;
    down.push({ pool, until: atMs + forMs });
    const now = new Set(down.filter(({ until }) => until > atMs).map((each) => each.pool));
    assert.ok(now.size < HALF_HOUR.pools, `all pools are down at ${atMs} ms`);
  }
});

Deno.test("a few seconds of chaos leave every claim standing, and a broken one is seen", async () => {
  const outcome = await runChaos({ seed: 5, durationMs: 6_000, miners: 60, settleMs: 5_000 });
  const found = findings(outcome);
  assert.deepEqual(found.filter(({ holds }) => !holds), []);
  assert.ok(outcome.mishaps >= 15 && outcome.proxy.shares.submitted > 0);
  for (const [what, claim] of BROKEN) {
    const broken = findings({ ...outcome, ...what(outcome) }).filter(({ holds }) => !holds);
    assert.ok(broken.some((each) => each.claim === claim), claim);
  }
});

type Breakage = readonly [(outcome: ChaosOutcome) => Partial<ChaosOutcome>, claim: string];

const BROKEN: readonly Breakage[] = [
  [
    ({ good }) => ({ good: { ...good, lostConnections: 1 } }),
    "a pool's trouble disconnects no miner",
  ],
  [() => ({ rollCall: 59 }), "everybody is at work again when all is well"],
  [
    ({ hashing }) => ({ hashing: { ...hashing, rejectedByCode: new Map([[23, 1]]) } }),
    "a share goes only where its job came from",
  ],
  [
    ({ pools: [first, ...others] }) => ({
      pools: [{ ...first!, unregisteredSubmits: 1 }, ...others],
    }),
    "the pools' submit index is ours: no frame was in vain",
  ],
  [
    ({ proxy }) => ({ proxy: { ...proxy, sessionIds: 61 } }),
    "session ids, connections and places at the pools come back",
  ],
  [() => ({ unhandled: ["Error: x"] }), "nothing a peer does stops anything else"],
  [
    ({ proxy }) => ({ proxy: { ...proxy, shares: { ...proxy.shares, received: 1 } } }),
    "shares add up, for every miner and in total",
  ],
  [
    ({ pools: [first, ...others] }) => ({ pools: [{ ...first!, submits: 1e6 }, ...others] }),
    "the pools' books agree with ours",
  ],
  [
    ({ pools: [first, ...others], proxy: { shares }, assumedOnEnded }) => {
      const lost = shares.unansweredConnectionLost + assumedOnEnded;
      return { pools: [{ ...first!, submits: first!.submits - lost - 1 }, ...others] };
    },
    "the pools' books agree with ours",
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
    "difficulty before job, answers in order, nothing a miner would trip over",
  ],
];
