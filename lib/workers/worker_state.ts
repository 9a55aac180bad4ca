/**
 * Decides the state of a worker, or of one of its connections: working, missing, refused and so on.
 * The page, the API, metrics and alerts all take it from here. Pure.
 */

import { snakeCase } from "../base/share_reasons.ts";
import type { WeakReason, WorkerState } from "../base/worker_state.ts";
import { LOST_ADVICE } from "./lost_advice.ts";
import type { LostReason } from "./lost_reasons.ts";
import { FAR_BELOW } from "./usual_hashrates.ts";
import type { WorkerTimes } from "./worker_times.ts";

/** Numbers of shares in a period. */
export interface ShareCounts {
  /** Accepted, kept, or sent to a pool that gives no verdicts. */
  readonly good: number;
  /** Refused here or rejected by the pool. */
  readonly lost: number;
}

/** All that a worker is judged by, at one moment; durations in milliseconds. */
export interface WorkerFacts {
  /** The number of its connections now. */
  readonly connections: number;
  /** The number of connections that it usually has; 0 if that is not known yet. */
  readonly usualConnections: number;
  /** The time since its last connection ended; 0 while it has a connection. */
  readonly goneMs: number;
  /** The time since any of its connections last ended. */
  readonly sinceLeftMs: number;
  /** Whether it ever had a good share. */
  readonly hadGoodShare: boolean;
  /** Log-ins in the last hour that count towards flapping. */
  readonly connectsHour: number;
  /** Shares in about the last quarter of an hour. */
  readonly quarter: ShareCounts;
  /** Shares in about the last hour. */
  readonly hour: ShareCounts;
  /** The most common reason of its recent lost shares. */
  readonly lostReason: LostReason | undefined;
  /** How long at least one connection has had a pool; `undefined` while none has. */
  readonly servedMs: number | undefined;
  /** How long all connections have had a pool, since btcagent last slept; 0 while one has none. */
  readonly allServedMs: number;
  /** The time since its last share, or since it logged in if it has sent none. */
  readonly sinceShareMs: number;
  /** How long earlier connections had a pool since that share. */
  readonly quietBeforeMs: number;
  /** The difficulty that its shares must reach; 0 if that is not known yet. */
  readonly difficulty: number;
  /** Its hashrate over a quarter of an hour, in hashes a second. */
  readonly hashrateQuarter: number;
  /** Its hashrate over an hour, in hashes a second. */
  readonly hashrateHour: number;
  /** Its own hashrate in the long run, in hashes a second. */
  readonly usualHashrate: number | undefined;
  /** Whether the usual hashrate was measured long enough to judge by. */
  readonly isUsualProven: boolean;
  /** The usual hashrate of the same number of machines with the same software. */
  readonly kindHashrate: number | undefined;
  /** Whether one of its machines stopped rolling versions. */
  readonly hasLostAsicboost: boolean;
}

/** The state of a worker or a connection, and why. */
export interface Condition {
  /** Its worst state. */
  readonly state: WorkerState;
  /**
   * For `refused`, the reason as the API spells it; for `weak`, a {@linkcode WeakReason}; else
   * empty.
   */
  readonly reason: string;
  /**
   * For `refused`, the part of its shares that is lost; for `weak`, the part of its hashrate left.
   */
  readonly part: number | undefined;
  /** What is wrong and what to do, in sentences; empty for `working`. */
  readonly about: string;
}

/** Refused: more than half of at least this many shares were lost. */
const FEW_SHARES = 10;

/**
 * Also refused: of at least this many shares, this part was lost, and at least this many shares.
 */
const MANY_SHARES = 50;
const MUCH_LOST = 0.05;
const MANY_LOST = 10;

/** Flapping: at least this many log-ins in an hour for each machine. */
export const FLAPPING_CONNECTS = 6;

/**
 * Silent: no share for this many times the average interval. By chance that happens once in five
 * hundred million shares; a farm of thousands of miners sends a million in an hour.
 */
const SILENT_INTERVALS = 20;

/** The hashrate assumed for a machine before its own is known, in hashes a second. */
const UNKNOWN_HASHRATE = 1e12;

/** Weak: this many standard deviations fewer shares than expected, which is not chance. */
const TELLING_DEVIATIONS = 6;

const HASHES_PER_DIFFICULTY = 2 ** 32;

const WORKING: Condition = { state: "working", reason: "", part: undefined, about: "" };

/** The state that the facts show. If several states fit, the worst one. */
export function conditionOf(facts: WorkerFacts, times: WorkerTimes): Condition {
  return missing(facts, times) ?? refused(facts) ?? flapping(facts) ?? silent(facts, times) ??
    weak(facts, times) ?? waiting(facts) ?? WORKING;
}

/** Whether lists show it. They do not show one that disconnected and never had a good share. */
export function isKnown(facts: WorkerFacts, { state }: Condition): boolean {
  return facts.connections > 0 || facts.hadGoodShare || state !== "working";
}

function missing(facts: WorkerFacts, { missingMs }: WorkerTimes): Condition | undefined {
  if (facts.connections > 0 || !facts.hadGoodShare || facts.goneMs < missingMs) return undefined;
  return condition(
    "missing",
    "Its last connection ended and it has not come back. Check its power, its network and its " +
      "settings of the pool; if it was taken out of the farm, forget it here",
  );
}

function refused({ quarter, hour, lostReason }: WorkerFacts): Condition | undefined {
  const { good, lost } = quarter.good + quarter.lost >= FEW_SHARES ? quarter : hour;
  const all = good + lost;
  const part = all === 0 ? 0 : lost / all;
  const isRefused = all >= FEW_SHARES && part > 0.5 ||
    all >= MANY_SHARES && part >= MUCH_LOST && lost >= MANY_LOST;
  if (!isRefused) return undefined;
  const reason = lostReason ?? "other";
  return {
    state: "refused",
    reason: snakeCase(reason),
    part,
    about: `${lost} of its last ${all} shares were lost, most of them because ` +
      LOST_ADVICE[reason],
  };
}

function flapping({ connectsHour, connections, usualConnections }: WorkerFacts):
  | Condition
  | undefined {
  const machines = Math.max(1, connections, usualConnections);
  if (connectsHour < FLAPPING_CONNECTS * machines) return undefined;
  return condition(
    "flapping",
    `It logged in ${connectsHour} times within the hour. Check its power, its network cable and ` +
      "switch, and whether it restarts by itself",
  );
}

function silent(facts: WorkerFacts, { silentMs }: WorkerTimes): Condition | undefined {
  const { connections, servedMs, sinceShareMs, quietBeforeMs, difficulty } = facts;
  if (connections === 0 || servedMs === undefined) return undefined;
  const quietMs = Math.min(sinceShareMs, servedMs) + quietBeforeMs;
  const hashrate = facts.usualHashrate ?? facts.kindHashrate ??
    (facts.hashrateHour || UNKNOWN_HASHRATE);
  const intervalMs = 1000 * difficulty * HASHES_PER_DIFFICULTY / hashrate;
  if (quietMs < Math.max(silentMs, SILENT_INTERVALS * intervalMs)) return undefined;
  return condition(
    "silent",
    "It is connected and given work, and sends no share. Check whether it hashes at all: its " +
      "temperatures, its boards and its log; a restart often helps",
  );
}

function weak(facts: WorkerFacts, times: WorkerTimes): Condition | undefined {
  const { connections, usualConnections, usualHashrate } = facts;
  if (connections === 0 || facts.servedMs === undefined) return undefined;
  if (connections < usualConnections && facts.sinceLeftMs >= times.missingMs) {
    const part = usualHashrate === undefined
      ? connections / usualConnections
      : facts.hashrateQuarter / usualHashrate;
    return weakCondition(
      "fewer_connections",
      part,
      `It has ${connections} of its usual ${usualConnections} connections: machines under this ` +
        "name are gone. Look for them by their addresses",
    );
  }
  if (facts.hasLostAsicboost) {
    const part = usualHashrate === undefined ? undefined : facts.hashrateQuarter / usualHashrate;
    return weakCondition(
      "asicboost_lost",
      part,
      "It stopped rolling versions (ASICBoost) and needs more power for each hash. Restart it",
    );
  }
  const proven = facts.isUsualProven ? usualHashrate : undefined;
  const ownPart = partLeft(facts, proven, times);
  if (ownPart !== undefined) {
    return weakCondition(
      "below_itself",
      ownPart,
      `It does ${percent(ownPart)} of what it usually does. Check its temperatures, its fans and ` +
        "its boards",
    );
  }
  const kindPart = partLeft(facts, facts.kindHashrate, times);
  if (kindPart === undefined) return undefined;
  return weakCondition(
    "below_kind",
    kindPart,
    `It does ${percent(kindPart)} of what others with the same software do. Check its boards, ` +
      "and whether it saves power",
  );
}

function waiting({ connections, servedMs }: WorkerFacts): Condition | undefined {
  if (connections === 0 || servedMs !== undefined) return undefined;
  return condition("waiting", "No pool serves it. Look at the pools: this is not its fault");
}

/**
 * The part of the hashrate `expected` that is left; `undefined` unless it is far too low, not by
 * chance.
 */
function partLeft(
  facts: WorkerFacts,
  expected: number | undefined,
  times: WorkerTimes,
): number | undefined {
  const { hashrateQuarter: hashrate, quarter: { good } } = facts;
  const quarter = { hashrate, good, ms: times.windowMs };
  return partLeftIn(quarter, facts, expected, times, TELLING_DEVIATIONS) ??
    partLeftInHour(facts, expected, times, TELLING_DEVIATIONS);
}

/** The same over the last hour, judged by this many standard deviations. */
export function partLeftInHour(
  facts: WorkerFacts,
  expected: number | undefined,
  times: WorkerTimes,
  deviations: number,
): number | undefined {
  const { hashrateHour: hashrate, hour: { good } } = facts;
  const hour = { hashrate, good, ms: 4 * times.windowMs };
  return partLeftIn(hour, facts, expected, times, deviations);
}

function partLeftIn(
  { hashrate, good, ms }: {
    readonly hashrate: number;
    readonly good: number;
    readonly ms: number;
  },
  { allServedMs, difficulty: told }: WorkerFacts,
  expected: number | undefined,
  { bucketMs }: WorkerTimes,
  deviations: number,
): number | undefined {
  if (expected === undefined || expected <= 0) return undefined;
  const part = hashrate / expected;
  // Counts come in whole buckets. A period in which it did not have work all the time says nothing.
  if (part >= FAR_BELOW || allServedMs < ms + bucketMs) return undefined;
  // If its difficulty fell lately, it alone would make us expect too many shares.
  const mean = good === 0 ? 0 : hashrate * ms / 1000 / HASHES_PER_DIFFICULTY / good;
  const difficulty = Math.max(told, mean);
  if (difficulty <= 0) return undefined;
  const shares = expected * ms / 1000 / HASHES_PER_DIFFICULTY / difficulty;
  return (1 - part) * Math.sqrt(shares) >= deviations ? part : undefined;
}

function condition(state: WorkerState, about: string): Condition {
  return { state, reason: "", part: undefined, about };
}

function weakCondition(reason: WeakReason, part: number | undefined, about: string): Condition {
  return { state: "weak", reason, part: part === undefined ? undefined : Math.min(1, part), about };
}

function percent(part: number): string {
  return `${Math.round(100 * part)} %`;
}
