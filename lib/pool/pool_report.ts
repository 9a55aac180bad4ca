/**
 * A report on one pool of an account at one moment, for the status server.
 */

import { sumOfTraffic } from "../mux/books/traffic.ts";
import type { Traffic } from "../mux/books/traffic.ts";
import type { PoolReport } from "../mux/upstreams.ts";
import { formatAddress } from "../base/peer_address.ts";
import type { KindOfPool } from "../base/pool_kind.ts";
import type { PoolConnection } from "./connection.ts";
import type { RosterEntry } from "./entries.ts";
import type { PoolRecord } from "./pool_book.ts";
import type { ListedPool } from "./settings.ts";

/** What is known of the pool in addition to its entry in the list. */
export interface PoolMoment
  extends Pick<PoolReport, "isListed" | "isCold" | "retryInMs" | "workerConnections"> {
  /** Its connections for all miners. */
  readonly entries: readonly RosterEntry[];
  /** The traffic on connections of single workers. */
  readonly workerTraffic: Traffic;
  /** The counts; the traffic is that of closed connections. */
  readonly record: PoolRecord;
  /** Now, in milliseconds. */
  readonly time: number;
}

/** The protocol of a connection to `pool`: what it has found out, else what the list says. */
export function kindOf(
  pool: ListedPool,
  connection: Pick<PoolConnection, "kind">,
): KindOfPool {
  return connection.kind ?? pool.kind;
}

/** The report on a pool. */
export function poolReport(
  pool: ListedPool,
  { isListed, isCold, retryInMs, entries, workerConnections, workerTraffic, record, time }:
    PoolMoment,
): PoolReport {
  const { poolId, host, port, account } = pool;
  const kinds = [pool.kind, ...entries.map((entry) => kindOf(pool, entry.connection)), record.kind];
  return {
    ...record,
    traffic: sumOfTraffic([
      record.traffic,
      workerTraffic,
      ...entries.map(({ connection }) => connection),
    ]),
    poolId,
    kind: kinds.find((kind) => kind !== "unknown") ?? "unknown",
    isListed,
    isCold,
    address: formatAddress({ hostname: host, port }),
    account,
    retryInMs,
    workerConnections,
    connections: entries.map(({ role, connection, openedAt, ready }) => ({
      name: connection.name,
      kind: kindOf(pool, connection),
      role,
      ageMs: time - (ready?.at ?? openedAt),
      agreed: ready === undefined ? undefined : {
        terms: ready.upstream.terms,
        versionMask: ready.upstream.versionMask,
      },
    })),
  };
}
