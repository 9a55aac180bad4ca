/**
 * The farm at one moment, as far as alarms are decided by it: plain values.
 */

import type { WorkerState } from "../../base/worker_state.ts";

/** A moment by three clocks, in milliseconds. */
export interface Moment {
  /** Time that passes only while this process runs; what is judged, is judged by it. */
  readonly attended: number;
  /** Monotonic, for durations and waits. */
  readonly real: number;
  /** Since 1970; `undefined` while the clock on the wall is not set. */
  readonly wall: number | undefined;
}

/** A pool of the list. */
export interface PoolFacts {
  /** Which pool it is, whatever its place in the list. */
  readonly poolId: number;
  /** `host:port`. */
  readonly name: string;
  /** Whether it fails for every sub-account that uses it. */
  readonly isLost: boolean;
  /** Why it fails; empty if that is not known. */
  readonly reason: string;
}

/** The workers of the farm. */
export interface WorkersFacts {
  /** How many are in each state. */
  readonly states: Readonly<Record<WorkerState, number>>;
  /** The first few names in each state. */
  readonly names: { readonly [state in WorkerState]?: readonly string[] };
  /** Machines that are gone. */
  readonly missingMachines: number;
  /** Machines that are connected. */
  readonly connected: number;
}

/** A sub-account whose miners have no pool. */
export interface UnservedFacts {
  /** Its name. */
  readonly account: string;
  /** Why; empty if that is not known. */
  readonly reason: string;
}

/** Work of the last hour. */
export interface LostWorkFacts {
  /** The part of it that was lost, 0..1. */
  readonly part: number;
  /** Shares that were lost. */
  readonly shares: number;
  /** The main causes in a sentence; empty for none. */
  readonly causes: string;
}

/** Something that was found to be wrong with a file. */
export interface DiskTrouble {
  /** What cannot be written. */
  readonly what: string;
  /** Why. */
  readonly reason: string;
}

/** All of it. */
export interface FarmSnapshot {
  /** Whether btcagent is stopping and sends its miners away. */
  readonly isStopping: boolean;
  /** Counts changes an operator made: reloads that changed something, pins. */
  readonly changes: number;
  /** Why no pool serves any miner; `undefined` while one does, or no miner needs one. */
  readonly outage: { readonly reason: string } | undefined;
  /** Sub-accounts that no pool serves: a few of them if they are many, the same from look to look. */
  readonly unserved: readonly UnservedFacts[];
  /** Where miners work instead of at the preferred pool; `undefined` while they work there. */
  readonly backup:
    | { readonly pool: string; readonly insteadOf: string; readonly reason: string }
    | undefined;
  /** Every pool of the list. */
  readonly pools: readonly PoolFacts[];
  /** The workers, counted a while ago. */
  readonly workers: WorkersFacts;
  /** Hashes a second over 15 minutes or an hour, whichever is more. */
  readonly hashrate: number;
  /** What the farm should do: the lower bound of what is nominal and usual is not needed here. */
  readonly expected: {
    /** Its own median of a day; `undefined` in the first hour. */
    readonly usual: number | undefined;
    /** By `workers.nominal_hashrate`; `undefined` without it. */
    readonly nominal: number | undefined;
  };
  /** What was lost within the hour, counted a while ago. */
  readonly lostWork: LostWorkFacts;
  /** The certificates shown to miners. */
  readonly certificates: readonly { readonly file: string; readonly daysLeft: number }[];
  /** What cannot be written now. */
  readonly disk: readonly DiskTrouble[];
  /** Blocks found since the start. */
  readonly blocks: number;
  /** Those of them that did not reach the pool, or got no answer. */
  readonly blocksLost: number;
  /** The worker that found the last one; empty if that is not known. */
  readonly finder: string;
}
