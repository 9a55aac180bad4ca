/**
 * What there is to show of a miner.
 */

import type { RollingState } from "./asicboost.ts";
import type { MinerState } from "./handshake.ts";

/** A miner at one moment; times are monotonic, in milliseconds. */
export interface MinerReport {
  /** Its number; `undefined` before it has subscribed. */
  readonly sessionId: number | undefined;
  /** Its number in the book of those that logged in; 0 for none. */
  readonly attendance: number;
  /** Where it came from. */
  readonly address: string;
  /** The whole user name it logged in with, as far as it is kept; empty before. */
  readonly user: string;
  /** The sub-account in its user name, which counts in multi-user mode; empty before it has logged in. */
  readonly account: string;
  /** What the pool knows it by; empty before it has logged in. */
  readonly workerName: string;
  /** What it calls itself; may be empty. */
  readonly clientAgent: string;
  /** How far it has come. */
  readonly state: MinerState;
  /** When it connected. */
  readonly connectedAt: number;
  /** When it last sent anything. */
  readonly lastActiveAt: number;
  /** When it last sent a share; 0 for never. */
  readonly lastShareAt: number;
  /** The connection it works on; `undefined` while it has none. */
  readonly upstreamName: string | undefined;
  /** What it was last told; `undefined` before. */
  readonly difficulty: number | undefined;
  /** The version bits it was told it may roll; 0 for none. */
  readonly versionMask: number;
  /** What is known of its version rolling. */
  readonly rolling: RollingState;
}
