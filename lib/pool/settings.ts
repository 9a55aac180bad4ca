/**
 * What the operator wants of an account's pool connections.
 */

import type { PoolAddress } from "../net/pools/connection.ts";
import type { KindOfPool, WorkersSeen } from "../base/pool_kind.ts";
import type { PoolConnectionOptions } from "./connection.ts";
import type { HalfDeadBounds } from "./half_dead.ts";

/** A pool of the configured list. */
export interface ListedPool extends PoolAddress {
  /** Which pool it is for the life of the process; no two of a list have the same. */
  readonly poolId: number;
  /** The name to authorize as: the sub-account, or the `user` of a Stratum pool. */
  readonly account: string;
  /** What it speaks; `unknown` if that is to be found out. */
  readonly kind: KindOfPool;
  /** What goes with the name; empty for none. Appears in no log. */
  readonly password: string;
  /** Whether TLS is spoken there. */
  readonly usesTls: boolean;
  /** How many workers it is to see, if it is a Stratum pool. */
  readonly workers: WorkersSeen;
  /** The most miners on one connection, if it is a Stratum pool; `undefined` for as many as fit. */
  readonly minersPerConnection: number | undefined;
}

/**
 * Whether a change of each asks for another connection. An id says host and port already, but for
 * the case of a name.
 */
const IS_CONNECTED_WITH: Readonly<Record<keyof ListedPool, boolean>> = {
  poolId: true,
  host: false,
  port: false,
  account: true,
  kind: true,
  password: true,
  usesTls: true,
  workers: true,
  minersPerConnection: true,
};

/** Whether a connection that was opened to `opened` is one to `listed` as it is now. */
export function servesAs(opened: ListedPool, listed: ListedPool): boolean {
  const fields = Object.keys(IS_CONNECTED_WITH) as (keyof ListedPool)[];
  return fields.every((field) => !IS_CONNECTED_WITH[field] || opened[field] === listed[field]);
}

/** What may change while there are connections; those that are open keep what they began with. */
export interface RosterSettings {
  /** In order, the best first. */
  readonly pools: readonly ListedPool[];
  /** How many connections serve miners; `undefined` for one and a warm spare. */
  readonly connections: number | undefined;
  /** At most this many serve, however few miners each has room for. */
  readonly mostConnections: number;
  /** A better pool must have been healthy this long before miners return to it, in milliseconds. */
  readonly returnAfterMs: number;
  /** When a pool that does no work is left. */
  readonly halfDead: HalfDeadBounds;
  /** Whether one is left, too, whose jobs do not pay an output that earlier ones paid. */
  readonly leavesOnPayoutChange: boolean;
  /**
   * How often miners get a made-up job while no pool answers, in milliseconds; `undefined` for
   * never: then they wait.
   */
  readonly standbyIntervalMs: number | undefined;
  /** Passed on to each connection. */
  readonly connection: Pick<
    PoolConnectionOptions,
    | "dial"
    | "extranonce2Bytes"
    | "wantsVerdicts"
    | "handshakeTimeoutMs"
    | "readTimeoutMs"
    | "shareWindowMs"
    | "verify"
  >;
}
