/**
 * What the operator wants of an account's pool connections.
 */

import type { PoolAddress } from "../net/pools/connection.ts";
import type { PoolConnectionOptions } from "./connection.ts";
import type { HalfDeadBounds } from "./half_dead.ts";

/** What a pool speaks: btcpool's agent protocol, Stratum V1, or what it turns out to be. */
export type PoolKind = "agent" | "stratum" | "unknown";

/** A pool of the configured list. */
export interface ListedPool extends PoolAddress {
  /** Which pool it is for the life of the process; no two of a list have the same. */
  readonly poolId: number;
  /** The name to authorize as: a sub-account, or the user at a Stratum pool. */
  readonly account: string;
  /** What it speaks. */
  readonly kind: PoolKind;
  /** What is said as the password. A secret: for the pool alone. */
  readonly password: string;
  /** Whether TLS is spoken to it. */
  readonly usesTls: boolean;
}

/** What may change while there are connections; those that are open keep what they began with. */
export interface RosterSettings {
  /** In order, the best first. */
  readonly pools: readonly ListedPool[];
  /** How many connections serve miners; `undefined` for one and a warm spare. */
  readonly connections: number | undefined;
  /** A better pool must have been healthy this long before miners return to it, in milliseconds. */
  readonly returnAfterMs: number;
  /** When a pool that does no work is left. */
  readonly halfDead: HalfDeadBounds;
  /**
   * How often miners get a made-up job while no pool answers, in milliseconds; `undefined` for
   * never: then they wait.
   */
  readonly standbyIntervalMs: number | undefined;
  /** Passed on to each connection. */
  readonly connection: Pick<
    PoolConnectionOptions,
    "dial" | "wantsVerdicts" | "handshakeTimeoutMs" | "readTimeoutMs" | "shareWindowMs"
  >;
}
