/** What is needed to ask a pool, of whatever kind, for its extranonce2 size. */

import type { Now, Timers } from "../base/clock.ts";
import type { Dial, PoolAddress } from "../net/pools/connection.ts";

/** One pool to ask. */
export interface SizeQuestion {
  /** Where the pool is. */
  readonly address: PoolAddress;
  /** The name to authorize as where the pool's kind is to be found out; empty for none. */
  readonly account: string;
  /** What goes with it. A secret: for the pool alone. */
  readonly password: string;
  /** Of btcagent. */
  readonly version: string;
  /** Opens the socket. */
  readonly dial: Dial;
  /** Monotonic time. */
  readonly now: Now;
  /** For what is not waited for long. */
  readonly timers: Timers;
  /** Dialling and asking together may take this long, in milliseconds. */
  readonly timeoutMs: number;
  /** Ends it early. */
  readonly signal: AbortSignal;
  /**
   * Hears, once, the extranonce2 size as the pool says it, whether miners can use it or not;
   * `undefined` if the pool does not say.
   */
  readonly answered: (bytes: number | undefined) => void;
}
