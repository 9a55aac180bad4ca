/**
 * What the operator wants of an account's pool connections.
 */

import type { PoolAddress } from "../net/pools/connection.ts";
import type { HalfDeadBounds } from "./half_dead.ts";
import type { PoolSessionOptions } from "./agent/session.ts";

/** One entry of the pool list. */
export interface PoolEntry extends PoolAddress {
  /** Which pool it is, whatever its place in the list; no two entries have the same. */
  readonly number: number;
  /** The sub-account to authorize as. */
  readonly account: string;
}

/** What may change while there are connections; those that are open keep what they began with. */
export interface PoolSlotsSettings {
  /** In order, the best first. */
  readonly pools: readonly PoolEntry[];
  /** How many connections serve miners; `undefined` for one and a warm spare. */
  readonly connections: number | undefined;
  /** Whether verdicts are wanted. */
  readonly wantsVerdicts: boolean;
  /** A better pool must have been healthy this long before miners return to it, in milliseconds. */
  readonly returnAfterMs: number;
  /** When a pool that does no work is left. */
  readonly halfDead: HalfDeadBounds;
  /**
   * How often miners get a made-up job while no pool answers, in milliseconds; `undefined` for
   * never: then they wait.
   */
  readonly standbyIntervalMs: number | undefined;
  /** Passed on to each session. */
  readonly session: Pick<
    PoolSessionOptions,
    "dial" | "handshakeTimeoutMs" | "readTimeoutMs" | "shareWindowMs"
  >;
}
