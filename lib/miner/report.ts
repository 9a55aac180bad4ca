/**
 * The data about a miner that is shown.
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
  /** The user name that it logged in with, cut if it is too long; empty before. */
  readonly user: string;
  /** The sub-account in its user name, used in multi-user mode; empty before it has logged in. */
  readonly account: string;
  /** Its worker name at the pool; empty before it has logged in. */
  readonly workerName: string;
  /** Its client agent; may be empty. */
  readonly clientAgent: string;
  /** The state of its handshake. */
  readonly state: MinerState;
  /** When it connected. */
  readonly connectedAt: number;
  /** When it last sent anything. */
  readonly lastActiveAt: number;
  /** When it last sent a share; 0 for never. */
  readonly lastShareAt: number;
  /** The connection it works on; `undefined` while it has none. */
  readonly upstreamName: string | undefined;
  /** The difficulty it was last told; `undefined` before. */
  readonly difficulty: number | undefined;
  /** The version bits it was told it may roll; 0 for none. */
  readonly versionMask: number;
  /** The state of its version rolling. */
  readonly rolling: RollingState;
}
