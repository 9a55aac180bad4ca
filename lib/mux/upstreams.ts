/**
 * The interface of all pool connections of one account, for the account and the status server.
 */

import type { KindOfPool } from "../base/pool_kind.ts";
import type { PoolCounts } from "./books/pool_counts.ts";
import type { Traffic } from "./books/traffic.ts";
import type { Upstream } from "./upstream.ts";

/**
 * The role of an upstream connection: `opening`, dialling or in its handshake; `spare`, ready;
 * `active`, serving miners.
 */
export type UpstreamRole = "opening" | "spare" | "active";

/** One upstream connection at one moment. */
export interface UpstreamReport {
  /** See {@linkcode Upstream.name}. */
  readonly name: string;
  /** The kind of its pool; `unknown` until it is detected. */
  readonly kind: KindOfPool;
  /** How it is used. */
  readonly role: UpstreamRole;
  /** How long it has been ready, or opening, in milliseconds. */
  readonly ageMs: number;
  /** The terms of its handshake; `undefined` while it is opening. */
  readonly agreed: Pick<Upstream, "terms" | "versionMask"> | undefined;
}

/** The numbers of connections of single workers. */
export interface WorkerConnectionCounts {
  /** Ready ones. */
  readonly ready: number;
  /** Those that are dialling or in their handshake. */
  readonly opening: number;
}

/** One pool of an account at one moment; counts are since the account was opened. */
export interface PoolReport extends PoolCounts {
  /** See {@linkcode Upstream.poolId}. */
  readonly poolId: number;
  /** As given in the list or detected by its connections; `unknown` before that. */
  readonly kind: KindOfPool;
  /** Whether it is in the list; if not, it was earlier. */
  readonly isListed: boolean;
  /**
   * Whether no spare is kept there, because the pool closes spares: connections are opened when
   * needed.
   */
  readonly isCold: boolean;
  /** Its host and port, `host:port`. */
  readonly address: string;
  /** The sub-account there. */
  readonly account: string;
  /** The connections for all miners. */
  readonly connections: readonly UpstreamReport[];
  /** Those that are for one worker each. */
  readonly workerConnections: WorkerConnectionCounts;
  /** Why the last connection failed or was lost; `undefined` if one has become ready since. */
  readonly trouble: string | undefined;
  /** The time until it may be dialled again, in milliseconds; 0 for now. */
  readonly retryInMs: number;
}

/** The upstream connections of one account. */
export interface Upstreams {
  /** Every pool of the list, in its order, then pools that were in it earlier. */
  readonly pools: readonly PoolReport[];
  /** The traffic on all connections, including those that are gone. */
  readonly traffic: Traffic;
  /** Bytes that wait to be written to pools that are ready. */
  readonly waitingBytes: number;
  /** Checks deadlines. Call it several times a second. */
  tick(): void;
  /** Writes shares that wait to be sent together with others. */
  flush(): void;
  /** Prefers the pool with this number, or none. */
  pin(poolId: number | undefined): void;
  /** Closes every connection. */
  stop(): void;
}
