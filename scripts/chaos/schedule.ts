/**
 * What goes wrong in a chaos run, and when: drawn from a seed, so that a run can be repeated.
 *
 * At most two pools at a time have faults that keep them from serving, and another pool then has no
 * fault, so that miners always have a pool; it still breaks single connections.
 */

import type { Random } from "../../lib/base/clock.ts";
import { randomBelow, seededRandom } from "../../lib/sim/seeded_random.ts";

/** Acts of a pool of each kind that happen once. */
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
  sv2: [
    "reset",
    "finish",
    "rawBytes",
    "oversizedFrame",
    "brokenMessage",
    "unknownFrames",
    "newBlock",
    "newJob",
    "newFuture",
    "badJob",
    "unknownPrevHash",
    "newDifficulty",
    "newPrefix",
    "newGroup",
    "closeChannels",
    "askToReconnect",
    "jobFlood",
  ],
} as const;

/**
 * Faults of a pool of each kind that last for a while. Its connections are reset if a reconnect
 * meets the fault again.
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
  sv2: [
    "refuse",
    "silent",
    "stopReading",
    "dribble",
    "garbledHandshake",
    "silentSetup",
    "refuseUser",
    "flippedBit",
    "refusesAll",
    "neverAcknowledge",
    "lateVerdicts",
    "lateErrors",
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
  "lateVerdicts",
  "lateErrors",
  "difficultyFalls",
  "difficultyRises",
]);

/** The most pools at a time with a fault that keeps them from serving. */
const MOST_DOWN = 2;

/** Acts of miners, or of strangers at their port. */
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

/** Mishaps of the agent itself. */
export const AGENT_ACTS = ["pause", "reload", "clockStep", "restart"] as const;

/** The protocol of a pool. */
export type PoolKind = keyof typeof POOL_ACTS;
/** An act of {@linkcode POOL_ACTS}. */
export type PoolAct<Kind extends PoolKind = PoolKind> = typeof POOL_ACTS[Kind][number];
/** A fault of {@linkcode POOL_FAULTS}. */
export type PoolFault<Kind extends PoolKind = PoolKind> = typeof POOL_FAULTS[Kind][number];
/** An act of {@linkcode MINER_ACTS}. */
export type MinerAct = typeof MINER_ACTS[number];
/** A mishap of {@linkcode AGENT_ACTS}. */
export type AgentAct = typeof AGENT_ACTS[number];

/**
 * One thing that goes wrong, `atMs` after the start. `pick` chooses among the miners, pools or
 * connections of that moment.
 */
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
      /** Length of a pause. */
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

/** The mean time between mishaps of pools, and of miners, in milliseconds. */
const MEAN_POOL_GAP_MS = 1_200;
const MEAN_MINER_GAP_MS = 300;

/** The shortest time between mishaps of the agent, in milliseconds. */
const MIN_AGENT_GAP_MS = 4_000;
const MAX_AGENT_GAP_MS = 10_000;

/** How long the agent is paused, in milliseconds: also longer than its time-outs. */
const MIN_PAUSE_MS = 300;
const MAX_PAUSE_MS = 5_000;

/** How long a fault lasts, in milliseconds. */
const MIN_FAULT_MS = 500;
const MAX_FAULT_MS = 8_000;

/** Draws all mishaps, in order of time. */
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
    // A fault that a pool has now lasts until its end.
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

/**
 * Draws all of them in each round, each time in another order, so that a short run also has each of
 * them.
 */
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

/** Draws random moments, as of unrelated events. */
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
