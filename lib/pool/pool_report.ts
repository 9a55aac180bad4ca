/**
 * One pool of an account at one moment, for whoever shows it.
 */

import type { PoolReport, Traffic } from "../mux/peers.ts";
import { formatAddress } from "../base/peer_address.ts";
import type { SessionLine } from "./lines.ts";
import type { PoolRecord } from "./pool_book.ts";
import type { PoolEntry } from "./settings.ts";

/** What is known of the pool beside its entry in the list. */
export interface PoolMoment extends Pick<PoolReport, "isListed" | "retryInMs"> {
  /** Its connections. */
  readonly lines: readonly SessionLine[];
  /** What was counted; the traffic is that of connections that are gone. */
  readonly record: PoolRecord;
  /** Now, in milliseconds. */
  readonly time: number;
}

/** The report on the pool of this entry. */
export function poolReport(
  { number, host, port, account }: PoolEntry,
  { isListed, retryInMs, lines, record, time }: PoolMoment,
): PoolReport {
  const sum = (count: keyof Traffic) =>
    lines.reduce((total, { session }) => total + session[count], record[count]);
  return {
    ...record,
    bytesRead: sum("bytesRead"),
    bytesWritten: sum("bytesWritten"),
    framesRead: sum("framesRead"),
    framesWritten: sum("framesWritten"),
    number,
    isListed,
    address: formatAddress({ hostname: host, port }),
    account,
    retryInMs,
    connections: lines.map(({ role, session, openedAt, readyAt }) => ({
      name: session.name,
      role,
      ageMs: time - (role === "opening" ? openedAt : readyAt),
      agreed: role === "opening" ? undefined : session,
    })),
  };
}
