/** What is needed to ask a pool of any kind for its extranonce2 size. */

import type { Now, Timers } from "../base/clock.ts";
import type { Dial, PoolAddress } from "../net/pools/connection.ts";

/** One pool to ask. */
export interface SizeQuestion {
  /** Where the pool is. */
  readonly address: PoolAddress;
  /** The name to authorize as if the pool's kind is not known; empty for none. */
  readonly account: string;
  /** The password. A secret: only the pool gets it. */
  readonly password: string;
  /** The version of btcagent. */
  readonly version: string;
  /** Opens the socket. */
  readonly dial: Dial;
  /** Monotonic time. */
  readonly now: Now;
  /** This machine's clock, which only certificates are judged by. */
  readonly wallNow: Now;
  /** For time-outs. */
  readonly timers: Timers;
  /** How long dialing and asking together may take, in milliseconds. */
  readonly timeoutMs: number;
  /** Ends it early. */
  readonly signal: AbortSignal;
  /**
   * Called once with the extranonce2 size that the pool gives, whether miners can use it or not;
   * `undefined` if the pool gives none.
   */
  readonly answered: (bytes: number | undefined) => void;
}
