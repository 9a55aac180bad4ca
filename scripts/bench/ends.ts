/**
 * What the driver says to the two ends, and what they answer: a line of JSON each way, one answer
 * to each command.
 */

import type { Durations } from "./histogram.ts";
import type { JobTimes } from "./job_book.ts";
import type { WireCounters } from "./kernel.ts";
import type { ShareCounts } from "./share_book.ts";

/** What the pool's end is told to do. */
export type PoolCommand =
  /** Send jobs so often; 0 for none. The first comes at once. */
  | { readonly do: "jobs"; readonly everyMs: number }
  /** Begin to measure. */
  | { readonly do: "mark" }
  /** Close the connections that serve miners, by RST, and say when. */
  | { readonly do: "lose" }
  /** Say what was measured since the mark. */
  | { readonly do: "report" };

/** What the pool's end has seen. Shares are all since the start, the rest since the mark. */
export interface PoolReport {
  /** The time, in milliseconds on the clock of all ends. */
  readonly at: number;
  /** Shares received. */
  readonly shares: number;
  /** Sum over them, as lib/sim/share_checksum.ts has it. */
  readonly checksum: number;
  /** Frames and shares that should not be: of no session, of an unknown job, unreadable. */
  readonly bad: number;
  /** Workers registered at this moment. */
  readonly workers: number;
  /** Connections of agents, all since the start. */
  readonly connections: number;
  /** Of them, open at this moment. */
  readonly open: number;
  /** Verdicts sent. */
  readonly verdicts: number;
  /** From miner to pool. */
  readonly latency: Durations;
  /** Of all connections together. */
  readonly wire: WireCounters;
  /** What became of the shares at a pool that hashes each; absent at one that accepts all. */
  readonly judged?: PoolJudgements;
}

/** What a pool that hashes shares found, all since the start. */
export interface PoolJudgements {
  /** Shares accepted; all others were refused. */
  readonly accepted: number;
  /** Their difficulties, together. */
  readonly credited: number;
}

/** What the miners' end is told to do. */
export type MinersCommand =
  /** Connect so many, all at once or at most `atOnce` in handshake; answered when all have a job. */
  | { readonly do: "connect"; readonly count: number; readonly atOnce: number }
  /** Begin to measure. */
  | { readonly do: "mark" }
  /** Send so many shares a second, whatever comes back; 0 for none. */
  | { readonly do: "rate"; readonly perSecond: number }
  /** Keep so many shares of each miner unanswered; 0 for none. */
  | { readonly do: "depth"; readonly depth: number }
  /** Disconnect so many miners a second and connect them again; 0 for none. */
  | { readonly do: "churn"; readonly perSecond: number }
  /** Disconnect all. */
  | { readonly do: "leave" }
  /** Say what was measured since the mark. */
  | { readonly do: "report" };

/** What the miners' end has seen. Shares are all since the start, the rest since the mark. */
export interface MinersReport extends ShareCounts, JobTimes {
  /** The time, in milliseconds on the clock of all ends. */
  readonly at: number;
  /** Miners that work. */
  readonly working: number;
  /** From the first connection's begin until all had a job, in milliseconds. */
  readonly connectMs: number;
  /** Connections that ended without being asked to. */
  readonly disconnects: number;
  /** From connecting to having a job. */
  readonly login: Durations;
  /** How much later than it was due each share of `rate` was sent. */
  readonly late: Durations;
}

/** Who attacks. */
export interface Crowd {
  /** Connections that say nothing. */
  readonly silent: number;
  /** Those that send ten bytes a second, one at a time. */
  readonly drippers: number;
  /** Those that send 500 random bytes ten times a second. */
  readonly senders: number;
  /** So many connections a second they open at most, all together. */
  readonly connectsPerSecond: number;
}

/** What the attackers' end is told to do. */
export type AttackersCommand =
  /** Come, and come again whenever closed. */
  | { readonly do: "attack"; readonly crowd: Crowd }
  /** Disconnect all. */
  | { readonly do: "leave" }
  /** Say what was done so far. */
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
