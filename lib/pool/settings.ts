/**
 * The settings of an account's pool connections.
 */

import type { PoolAddress } from "../net/pools/connection.ts";
import type { KindOfPool, WorkersSeen } from "../base/pool_kind.ts";
import type { PoolConnectionOptions } from "./connection.ts";
import type { HalfDeadBounds } from "./half_dead.ts";

/** A pool of the configured list. */
export interface ListedPool extends PoolAddress {
  /** Which pool it is for the life of the process; no two of a list have the same. */
  readonly poolId: number;
  /** The name to mine as: the sub-account at an agent pool, the `user` at any other. */
  readonly account: string;
  /** What it speaks; `unknown` if btcagent has to find out. */
  readonly kind: KindOfPool;
  /** The password; empty for none. It appears in no log. */
  readonly password: string;
  /** Whether TLS is spoken there. */
  readonly usesTls: boolean;
  /** How many workers it sees, if it is not an agent pool. */
  readonly workers: WorkersSeen;
  /** The most miners on one connection, if it is no agent pool; `undefined` for as many as fit. */
  readonly minersPerConnection: number | undefined;
}

/**
 * Whether a change of each field needs another connection. An id already stands for host and port,
 * except for upper and lower case.
 */
const IS_CONNECTED_WITH: { readonly [Field in keyof ListedPool]-?: boolean } = {
  poolId: true,
  host: false,
  port: false,
  account: true,
  kind: true,
  password: true,
  usesTls: true,
  authorityKey: true,
  workers: true,
  minersPerConnection: true,
};

/** Whether a connection that was opened to `opened` can serve as one to `listed` now. */
export function servesAs(opened: ListedPool, listed: ListedPool): boolean {
  const fields = Object.keys(IS_CONNECTED_WITH) as (keyof ListedPool)[];
  return fields.every((field) => !IS_CONNECTED_WITH[field] || opened[field] === listed[field]);
}

/** Settings that may change while there are connections; open connections keep their first ones. */
export interface RosterSettings {
  /** The pools, the best first. */
  readonly pools: readonly ListedPool[];
  /** How many connections serve miners; `undefined` for one and a warm spare. */
  readonly connections: number | undefined;
  /** The most connections that serve, even if each has room for few miners only. */
  readonly mostConnections: number;
  /** A better pool must have been healthy this long before miners return to it, in milliseconds. */
  readonly returnAfterMs: number;
  /** When miners leave a pool that does no work. */
  readonly halfDead: HalfDeadBounds;
  /** Whether miners also leave a pool whose jobs stop paying an output that earlier jobs paid. */
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
