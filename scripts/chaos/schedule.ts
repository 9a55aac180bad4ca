/**
 * What goes wrong when in a chaos run: drawn from a seed, so that a run can be made again.
 *
 * At most two pools at a time have faults that keep them from serving, and another has no fault
 * then, so that miners always have somewhere to go; it still breaks single connections.
 */

import type { Random } from "../../lib/base/clock.ts";
import { randomBelow, seededRandom } from "../../lib/sim/seeded_random.ts";

/** What a pool of each kind does once. */
export const POOL_ACTS = {
  agent: [
    "reset",
    "finish",
    "finishInFrame",
    "garbageLine",
    "oversizedLine",
    "frameOfLength0",
    "frameOfLength3",
    "unknownFrames",
    "newBlock",
    "newJob",
    "flood",
    "newDifficulty",
    "maskFlips",
    "maskFlood",
    "jobFlood",
    "oversizedJob",
  ],
  stratum: [
    "reset",
    "finish",
    "finishInLine",
    "garbageLine",
    "oversizedLine",
    "unknownRequests",
    "ping",
    "showMessage",
    "askToReconnect",
    "newBlock",
    "newJob",
    "newDifficulty",
    "newExtranonce1",
    "maskFlips",
    "maskFlood",
    "jobFlood",
  ],
} as const;

/**
 * What is wrong with a pool of each kind for a while. Its connections are reset where the fault is
 * met again.
 */
export const POOL_FAULTS = {
  agent: [
    "refuse",
    "silent",
    "stopReading",
    "dribble",
    "silentInHandshake",
    "lateAuthorize",
    "refuseAuthorize",
    "wrongExtranonce2",
    "garbageGreeting",
    "noVerdictsOffered",
    "noVersionRolling",
    "dropsVerdicts",
    "dropsSomeVerdicts",
    "repeatsVerdicts",
    "strayVerdicts",
    "refusesAllAsStale",
    "hiddenMinimum",
    "noNewJob",
  ],
  stratum: [
    "refuse",
    "silent",
    "stopReading",
    "dribble",
    "refuseAuthorize",
    "refusesAll",
    "nodeGone",
    "difficultyFalls",
    "difficultyRises",
  ],
} as const;

/** Faults during which a pool still serves. */
const SERVING: ReadonlySet<PoolFault> = new Set([
  "dropsVerdicts",
  "dropsSomeVerdicts",
  "repeatsVerdicts",
  "strayVerdicts",
  "refusesAll",
  "difficultyFalls",
  "difficultyRises",
]);

/** As many pools at a time, at most, have a fault that keeps them from serving. */
const MOST_DOWN = 2;

/** What miners, or strangers at their port, do. */
export const MINER_ACTS = [
  "disconnect",
  "disconnectMany",
  "burst",
  "garbage",
  "shareForNoJob",
  "halfHandshakes",
  "strangers",
  "openAndClose",
  "probes",
  "tlsFirst",
] as const;

/** What happens to the agent itself. */
export const AGENT_ACTS = ["pause", "reload", "clockStep", "restart"] as const;

/** What a pool speaks. */
export type PoolKind = keyof typeof POOL_ACTS;
/** See {@linkcode POOL_ACTS}. */
export type PoolAct<Kind extends PoolKind = PoolKind> = typeof POOL_ACTS[Kind][number];
/** See {@linkcode POOL_FAULTS}. */
export type PoolFault<Kind extends PoolKind = PoolKind> = typeof POOL_FAULTS[Kind][number];
/** See {@linkcode MINER_ACTS}. */
export type MinerAct = typeof MINER_ACTS[number];
/** See {@linkcode AGENT_ACTS}. */
export type AgentAct = typeof AGENT_ACTS[number];

/** One thing that goes wrong, `atMs` after the start. `pick` chooses among whoever is there. */
export type Mishap =
  & { readonly atMs: number }
  & (
    | { readonly kind: "poolAct"; readonly act: PoolAct; readonly pool: number }
    | {
      readonly kind: "poolFault";
      readonly fault: PoolFault;
      readonly pool: number;
      readonly forMs: number;
    }
    | { readonly kind: "minerAct"; readonly act: MinerAct; readonly pick: number }
    | {
      readonly kind: "agentAct";
      readonly act: AgentAct;
      readonly pick: number;
      /** Of a pause. */
      readonly forMs: number;
    }
  );

/** What a schedule is drawn for. */
export interface ScheduleOptions {
  /** The same seed gives the same schedule. */
  readonly seed: number;
  /** Nothing begins later, in milliseconds. */
  readonly durationMs: number;
  /** What each of the pools speaks. */
  readonly pools: readonly PoolKind[];
}

/** A pool mishap comes about so often, and one of miners, in milliseconds. */
const MEAN_POOL_GAP_MS = 1_200;
const MEAN_MINER_GAP_MS = 300;

/** What happens to the agent comes one after the other, so far apart, in milliseconds. */
const MIN_AGENT_GAP_MS = 4_000;
const MAX_AGENT_GAP_MS = 10_000;

/** How long the agent is paused, in milliseconds: also longer than its time-outs. */
const MIN_PAUSE_MS = 300;
const MAX_PAUSE_MS = 5_000;

/** How long a fault lasts, in milliseconds. */
const MIN_FAULT_MS = 500;
const MAX_FAULT_MS = 8_000;

/** All mishaps, in the order of time. */
export function drawSchedule({ seed, durationMs, pools }: ScheduleOptions): readonly Mishap[] {
  const random = seededRandom(seed);
  const mishaps = [
    ...drawPoolMishaps(random, durationMs, pools),
    ...drawMinerMishaps(random, durationMs),
    ...drawAgentMishaps(random, durationMs),
  ];
  return mishaps.sort((one, other) => one.atMs - other.atMs);
}

function* drawPoolMishaps(
  random: Random,
  durationMs: number,
  pools: readonly PoolKind[],
): Generator<Mishap> {
  const badUntil = pools.map(() => 0);
  const downUntil = pools.map(() => 0);
  for (const atMs of moments(random, durationMs, MEAN_POOL_GAP_MS)) {
    const pool = randomBelow(random, pools.length);
    const kind = pools[pool]!;
    if (random() < 0.5) {
      yield { kind: "poolAct", atMs, pool, act: oneOf<PoolAct>(random, POOL_ACTS[kind]) };
      continue;
    }
    const fault = oneOf<PoolFault>(random, POOL_FAULTS[kind]);
    const forMs = Math.round(MIN_FAULT_MS + random() * (MAX_FAULT_MS - MIN_FAULT_MS));
    // What a pool has now goes on to its end.
    if (badUntil[pool]! > atMs) continue;
    if (!SERVING.has(fault)) {
      const down = downUntil.filter((until) => until > atMs).length;
      const isOtherGood = badUntil.some((until, other) => other !== pool && until <= atMs);
      if (down === MOST_DOWN || !isOtherGood) continue;
      downUntil[pool] = atMs + forMs;
    }
    badUntil[pool] = atMs + forMs;
    yield { kind: "poolFault", atMs, pool, fault, forMs };
  }
}

function* drawMinerMishaps(random: Random, durationMs: number): Generator<Mishap> {
  for (const atMs of moments(random, durationMs, MEAN_MINER_GAP_MS)) {
    yield {
      kind: "minerAct",
      atMs,
      act: oneOf(random, MINER_ACTS),
      pick: randomBelow(random, 1 << 20),
    };
  }
}

/** All of them in each round, every time in another order: a short run has each of them, too. */
function* drawAgentMishaps(random: Random, durationMs: number): Generator<Mishap> {
  let round: AgentAct[] = [];
  for (let atMs = 0;;) {
    atMs += Math.round(MIN_AGENT_GAP_MS + random() * (MAX_AGENT_GAP_MS - MIN_AGENT_GAP_MS));
    if (atMs >= durationMs) return;
    if (round.length === 0) round = [...AGENT_ACTS];
    const [act] = round.splice(randomBelow(random, round.length), 1);
    const forMs = Math.round(MIN_PAUSE_MS + random() * (MAX_PAUSE_MS - MIN_PAUSE_MS));
    yield { kind: "agentAct", atMs, act: act!, pick: randomBelow(random, 1 << 20), forMs };
  }
}

/** Moments by chance, as unrelated events come. */
function* moments(random: Random, durationMs: number, meanGapMs: number): Generator<number> {
  for (let at = 0;;) {
    at += -Math.log(1 - random()) * meanGapMs;
    if (at >= durationMs) return;
    yield Math.round(at);
  }
}

function oneOf<T>(random: Random, all: readonly T[]): T {
  return all[randomBelow(random, all.length)]!;
}
