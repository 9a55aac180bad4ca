/**
 * All connections of one account to pools, as the account and the status server see them.
 */

import type { KindOfPool } from "../base/pool_kind.ts";
import type { PoolCounts } from "./books/pool_counts.ts";
import type { Traffic } from "./books/traffic.ts";
import type { Upstream } from "./upstream.ts";

/** How one upstream connection is used: dialling or shaking hands; ready; serving miners. */
export type UpstreamRole = "opening" | "spare" | "active";

/** One upstream connection at one moment. */
export interface UpstreamReport {
  /** As in {@linkcode Upstream.name}. */
  readonly name: string;
  /** What is spoken on it; `unknown` while that is being found out. */
  readonly kind: KindOfPool;
  /** How it is used. */
  readonly role: UpstreamRole;
  /** How long it has been ready, or opening, in milliseconds. */
  readonly ageMs: number;
  /** What was agreed on; `undefined` while it is opening. */
  readonly agreed: Pick<Upstream, "terms" | "versionMask"> | undefined;
}

/** How many connections of single workers there are. */
export interface WorkerConnectionCounts {
  /** Those that are ready. */
  readonly ready: number;
  /** Those that are dialling or shaking hands. */
  readonly opening: number;
}

/** One pool of an account at one moment; counts are since the account was opened. */
export interface PoolReport extends PoolCounts {
  /** As in {@linkcode Upstream.poolId}. */
  readonly poolId: number;
  /** As the list has it, or as its connections have found out; `unknown` before they have. */
  readonly kind: KindOfPool;
  /** Whether it is in the list; if not, it was once. */
  readonly isListed: boolean;
  /** Whether no spare is kept there, since it closes those: it is connected to when it is needed. */
  readonly isCold: boolean;
  /** Its host and port, `host:port`. */
  readonly address: string;
  /** The sub-account there. */
  readonly account: string;
  /** The connections there are for all miners. */
  readonly connections: readonly UpstreamReport[];
  /** Those that are for one worker each. */
  readonly workerConnections: WorkerConnectionCounts;
  /** Why the last connection failed or was lost; `undefined` since one last became ready. */
  readonly trouble: string | undefined;
  /** How long until it may be dialled again, in milliseconds; 0 for now. */
  readonly retryInMs: number;
}

/** The upstream connections of one account, as its keeper sees them. */
export interface Upstreams {
  /** Every pool of the list, in its order, then those that were in it once. */
  readonly pools: readonly PoolReport[];
  /** What passed on all connections, gone ones included. */
  readonly traffic: Traffic;
  /** Bytes that wait to be written to pools that are ready. */
  readonly waitingBytes: number;
  /** Looks after deadlines. To be called several times a second. */
  tick(): void;
  /** Writes out what waits for company. */
  flush(): void;
  /** Prefers the pool with this number, or none. */
  pin(poolId: number | undefined): void;
  /** Closes every connection. */
  stop(): void;
}
