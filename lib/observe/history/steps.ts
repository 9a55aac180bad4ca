/**
 * The values that the history is made of: what happened in one step of time, and what is read back.
 *
 * Times are milliseconds since 1970 by the wall clock; parts are from 0 to 1.
 */

import type { WorkerState } from "../../base/worker_state.ts";
import type { MarkKind } from "../marks.ts";

/** The shortest length of a step, in milliseconds. Steps grow to multiples of it on a slow disk. */
export const STEP_MS = 600_000;

/** Which worker. */
export interface WorkerName {
  /** The sub-account; empty in single-user mode. */
  readonly account: string;
  /** Its name, as the pool knows it. */
  readonly name: string;
}

/** What one worker did in one step. */
export interface WorkerStep extends WorkerName {
  /** Hashes a second, by its good shares over the whole step. */
  readonly hashrate: number;
  /** The part of its work that was lost. */
  readonly lostPart: number;
  /** The part of the step in which it was connected. */
  readonly connectedPart: number;
  /** Its worst state in the step. */
  readonly condition: WorkerState;
}

/** What the farm, a pool or a sub-account did in one step. */
export interface SumStep {
  /** The seconds of the step that were observed. */
  readonly seconds: number;
  /** The good work, as difficulty. */
  readonly difficulty: number;
  /** Shares that counted. */
  readonly good: number;
  /** Shares that were lost. */
  readonly lost: number;
  /** The lost work, as difficulty. */
  readonly lostDifficulty: number;
  /** Miners, on average. */
  readonly miners: number;
  /** Seconds in which miners had no pool; 0 for a pool. */
  readonly outageSeconds: number;
  /** Payload bytes to pools. */
  readonly bytesUp: number;
  /** Payload bytes from pools. */
  readonly bytesDown: number;
}

/** Shares of one combination of causes in a period. */
export interface CauseStep {
  /** `host:port`. */
  readonly pool: string;
  /** What the miners' software calls itself. */
  readonly software: string;
  /** The network of the miners' addresses. */
  readonly subnet: string;
  /** The sub-account. */
  readonly account: string;
  /** `good`, or why the shares were lost. */
  readonly reason: string;
  /** Whole shares. */
  readonly shares: number;
  /** Their difficulties together. */
  readonly work: number;
}

/** Everything that happened in one step. */
export interface HistoryStep {
  /** Its start. */
  readonly at: number;
  /** Its length: {@linkcode STEP_MS}, or what the store asked for. */
  readonly ms: number;
  /** All together. */
  readonly farm: SumStep;
  /** By `host:port`. */
  readonly pools: ReadonlyMap<string, SumStep>;
  /** By sub-account. */
  readonly accounts: ReadonlyMap<string, SumStep>;
  /** Every worker once. Read bit by bit over many turns. */
  readonly workers: Iterable<WorkerStep>;
  /** What was counted, by causes. Read bit by bit over many turns. */
  readonly causes: Iterable<CauseStep>;
}

/** Something that happened at one moment. */
export interface HistoryEvent {
  /** When. */
  readonly at: number;
  /** What kind of event. */
  readonly kind: MarkKind;
  /** The same in words. */
  readonly text: string;
}

/** Whose past is asked for. */
export type Subject =
  | { readonly kind: "farm" }
  | { readonly kind: "pool"; readonly name: string }
  | { readonly kind: "account"; readonly name: string }
  | { readonly kind: "worker"; readonly account: string; readonly name: string };

/** What the farm, a pool or a sub-account did in a stretch of time. */
export interface SumRow extends SumStep {
  /** The start of its first step. */
  readonly at: number;
  /** The end of its last. */
  readonly end: number;
}

/** What a worker did in a stretch of time. */
export interface WorkerRow {
  /** The start of its first step. */
  readonly at: number;
  /** The end of its last. */
  readonly end: number;
  /** The seconds of it that were observed. */
  readonly seconds: number;
  /** Hashes a second, on average. */
  readonly hashrate: number;
  /** The part of its work that was lost. */
  readonly lostPart: number;
  /** The part of the time in which it was connected. */
  readonly connectedPart: number;
  /** Its worst state. */
  readonly condition: WorkerState;
}

/** One worker over a whole period. */
export interface WorkerSpan extends WorkerName {
  /** Hashes a second, on average over the time observed. */
  readonly hashrate: number;
  /** The part of its work that was lost. */
  readonly lostPart: number;
  /** The part of the time observed in which it was connected. */
  readonly connectedPart: number;
  /** The seconds of the period in which it was watched. */
  readonly seconds: number;
  /** When it was seen first, ever. */
  readonly first: number;
  /** When it was seen connected last. */
  readonly last: number;
}
