/**
 * What is the matter with a worker, or with a single connection of one: the one place that decides
 * it, for list, page, API, metrics and alerts alike. Pure.
 */

import { snakeCase } from "../base/share_reasons.ts";
import type { WeakReason, WorkerState } from "../base/worker_state.ts";
import { LOST_ADVICE } from "./lost_advice.ts";
import type { LostReason } from "./lost_reasons.ts";
import { FAR_BELOW } from "./usual_hashrates.ts";
import type { WorkerTimes } from "./worker_times.ts";

/** Shares in a stretch of time. */
export interface ShareCounts {
  /** Accepted, assumed or kept. */
  readonly good: number;
  /** Refused here or rejected by the pool. */
  readonly lost: number;
}

/** What is known of a worker at one moment; lengths of time in milliseconds. */
export interface WorkerFacts {
  /** Its connections now. */
  readonly connections: number;
  /** As many as it usually has. */
  readonly usualConnections: number;
  /** Since its last connection ended; 0 while it has one. */
  readonly goneMs: number;
  /** Since one of its connections ended last. */
  readonly sinceLeftMs: number;
  /** Whether it ever had a good share. */
  readonly hadGoodShare: boolean;
  /** Log-ins within the last hour that are held against it. */
  readonly connectsHour: number;
  /** Shares of about the last quarter of an hour. */
  readonly quarter: ShareCounts;
  /** Shares of about the last hour. */
  readonly hour: ShareCounts;
  /** Why most of the lost ones of late were lost. */
  readonly lostReason: LostReason | undefined;
  /** For how long the first of its connections has had a pool; `undefined` while none has. */
  readonly servedMs: number | undefined;
  /** For how long all of its connections have had one while we were there; 0 while one has none. */
  readonly allServedMs: number;
  /** Since its last share, or since it logged in if it has sent none. */
  readonly sinceShareMs: number;
  /** How long earlier connections had a pool since that share. */
  readonly quietBeforeMs: number;
  /** What its shares have to reach; 0 while that is not known. */
  readonly difficulty: number;
  /** Hashes a second over a quarter of an hour. */
  readonly hashrateQuarter: number;
  /** The same over an hour. */
  readonly hashrateHour: number;
  /** What it does itself in the long run. */
  readonly usualHashrate: number | undefined;
  /** Whether that was measured for long enough to judge by. */
  readonly isUsualProven: boolean;
  /** What this many machines of its kind do. */
  readonly kindHashrate: number | undefined;
  /** Whether it stopped rolling versions. */
  readonly hasLostAsicboost: boolean;
}

/** What is the matter with one. */
export interface Condition {
  /** The worst of it. */
  readonly state: WorkerState;
  /** Of `refused`, why, as the API spells it; of `weak`, a {@linkcode WeakReason}; else empty. */
  readonly reason: string;
  /** Of `refused`, the part that is lost; of `weak`, the part that is left; else `undefined`. */
  readonly part: number | undefined;
  /** The same in a sentence, with what to do; empty for `working`. */
  readonly about: string;
}

/** More than half of at least this many shares lost is certain. */
const FEW_SHARES = 10;

/** Of this many, a smaller part of them is enough, and at least this many lost ones. */
const MANY_SHARES = 50;
const MUCH_LOST = 0.05;
const MANY_LOST = 10;

/** Log-ins an hour of one connection that are too many. */
export const FLAPPING_CONNECTS = 6;

/**
 * Without a share for this many times the average, which chance does once in five hundred million
 * shares: a farm of thousands sends a million in an hour.
 */
const SILENT_INTERVALS = 20;

/** Hashes a second of a machine of which nothing else is known. */
const UNKNOWN_HASHRATE = 1e12;

/** A deficit of shares is no chance from this many standard deviations on. */
const TELLING_DEVIATIONS = 6;

const HASHES_PER_DIFFICULTY = 2 ** 32;

const WORKING: Condition = { state: "working", reason: "", part: undefined, about: "" };

/** Decides it. */
export function conditionOf(facts: WorkerFacts, times: WorkerTimes): Condition {
  return missing(facts, times) ?? refused(facts) ?? flapping(facts) ?? silent(facts, times) ??
    weak(facts, times) ?? waiting(facts) ?? WORKING;
}

/** Whether it is worth a row: one that came and went without a good share is a stranger. */
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

/** The part of `expected` that is left, if that is far too little and no chance. */
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

/** The same over an hour, if chance hardly ever makes it so, by this many standard deviations. */
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
  // Windows come in whole buckets, and one that was not full of work says nothing.
  if (part >= FAR_BELOW || allServedMs < ms + bucketMs) return undefined;
  // A difficulty that went down lately would make more of the expected shares than there were.
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
