/**
 * Commands of the driver to the two ends, and their answers: one line of JSON each way, one answer
 * for each command.
 */

import type { Durations } from "./histogram.ts";
import type { JobTimes } from "./job_book.ts";
import type { WireCounters } from "./kernel.ts";
import type { ShareCounts } from "./share_book.ts";

/** Commands to the pool's end. */
export type PoolCommand =
  /** Send jobs at this interval; 0 for none. The first is sent at once. */
  | { readonly do: "jobs"; readonly everyMs: number }
  /** Start to measure. */
  | { readonly do: "mark" }
  /** Close the connections that serve miners, by RST, and report when. */
  | { readonly do: "lose" }
  /** Report what was measured since the mark. */
  | { readonly do: "report" };

/** What the pool's end has seen. Shares are all since the start, the rest since the mark. */
export interface PoolReport {
  /** The time, in milliseconds on the clock of all ends. */
  readonly at: number;
  /** Shares received. */
  readonly shares: number;
  /** Checksum over them (lib/sim/share_checksum.ts). */
  readonly checksum: number;
  /** Wrong frames and shares: of no session, of an unknown job, or unreadable. */
  readonly bad: number;
  /** Workers registered at this moment. */
  readonly workers: number;
  /** Connections of agents, all since the start. */
  readonly connections: number;
  /** Of them, open at this moment. */
  readonly open: number;
  /** Verdicts sent. */
  readonly verdicts: number;
  /** Time from miner to pool. */
  readonly latency: Durations;
  /** Bytes and segments of all connections together. */
  readonly wire: WireCounters;
  /** Results of the shares at a pool that hashes each; absent at a pool that accepts all. */
  readonly judged?: PoolJudgements;
}

/** Results of a pool that hashes shares, all since the start. */
export interface PoolJudgements {
  /** Shares accepted; all others were refused. */
  readonly accepted: number;
  /** Sum of their difficulties. */
  readonly credited: number;
}

/** Commands to the miners' end. */
export type MinersCommand =
  /**
   * Connect `count` miners, all at once or at most `atOnce` in handshake; answered when all have a
   * job.
   */
  | { readonly do: "connect"; readonly count: number; readonly atOnce: number }
  /** Start to measure. */
  | { readonly do: "mark" }
  /** Send `perSecond` shares a second, whatever comes back; 0 for none. */
  | { readonly do: "rate"; readonly perSecond: number }
  /** Keep `depth` shares of each miner unanswered; 0 for none. */
  | { readonly do: "depth"; readonly depth: number }
  /** Disconnect `perSecond` miners a second and connect them again; 0 for none. */
  | { readonly do: "churn"; readonly perSecond: number }
  /** Disconnect all. */
  | { readonly do: "leave" }
  /** Report what was measured since the mark. */
  | { readonly do: "report" };

/** What the miners' end has seen. Shares are all since the start, the rest since the mark. */
export interface MinersReport extends ShareCounts, JobTimes {
  /** The time, in milliseconds on the clock of all ends. */
  readonly at: number;
  /** Miners that work. */
  readonly working: number;
  /** Time from the first connect until all had a job, in milliseconds. */
  readonly connectMs: number;
  /** Connections that ended without being asked to. */
  readonly disconnects: number;
  /** Time from connecting to the first job. */
  readonly login: Durations;
  /** How much later than it was due each share of `rate` was sent. */
  readonly late: Durations;
}

/** The attackers. */
export interface Crowd {
  /** Connections that send nothing. */
  readonly silent: number;
  /** Those that send ten bytes a second, one at a time. */
  readonly drippers: number;
  /** Those that send 500 random bytes ten times a second. */
  readonly senders: number;
  /** The most connections that all of them open in a second. */
  readonly connectsPerSecond: number;
}

/** Commands to the attackers' end. */
export type AttackersCommand =
  /** Connect, and connect again whenever closed. */
  | { readonly do: "attack"; readonly crowd: Crowd }
  /** Disconnect all. */
  | { readonly do: "leave" }
  /** Report what was done so far. */
  | { readonly do: "report" };

/** What the attackers' end has done. */
export interface AttackersReport {
  /** The time, in milliseconds on the clock of all ends. */
  readonly at: number;
  /** Connections that are open. */
  readonly open: number;
  /** Connections opened since the start. */
  readonly connects: number;
}

/** Sends one line to the driver. */
export function tellDriver(message: unknown): void {
  let bytes = new TextEncoder().encode(JSON.stringify(message) + "\n");
  while (bytes.length > 0) bytes = bytes.subarray(Deno.stdout.writeSync(bytes));
}
