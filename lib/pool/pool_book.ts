/**
 * The counts for each pool of one account since the account was opened, even if the pool list
 * changes in between.
 */

import type { KindOfPool } from "../base/pool_kind.ts";
import { NO_POOL_COUNTS, type PoolCounts } from "../mux/books/pool_counts.ts";
import { sumOfTraffic, type Traffic } from "../mux/books/traffic.ts";

/** The counts for one pool; the traffic is that of closed connections. */
export interface PoolRecord extends PoolCounts {
  /** Why the last connection failed or was lost; `undefined` since one last became ready. */
  readonly trouble: string | undefined;
  /** The protocol of the last connection that became ready; `unknown` before the first. */
  readonly kind: KindOfPool;
}

type Entry = { -readonly [Key in keyof PoolRecord]: PoolRecord[Key] };

/** The counts of all pools of an account. Pools are known by their ids. */
export class PoolBook {
  readonly #entries = new Map<number, Entry>();

  /** The counts for a pool so far. */
  of(poolId: number): PoolRecord {
    return { ...this.#entry(poolId) };
  }

  /** A connection became ready, on which `kind` is spoken. */
  connected(poolId: number, kind: KindOfPool): void {
    const entry = this.#entry(poolId);
    entry.connects++;
    entry.kind = kind;
    entry.trouble = undefined;
  }

  /** A connection was never ready. */
  failed(poolId: number, trouble: string): void {
    const entry = this.#entry(poolId);
    entry.failures++;
    entry.trouble = trouble;
  }

  /** A connection was lost after it was ready. */
  lost(poolId: number, trouble: string): void {
    const entry = this.#entry(poolId);
    entry.losses++;
    entry.trouble = trouble;
  }

  /** A ready connection does no work. */
  troubled(poolId: number, trouble: string): void {
    this.#entry(poolId).trouble = trouble;
  }

  /** A connection began to serve miners. */
  activated(poolId: number): void {
    this.#entry(poolId).activations++;
  }

  /** Its newest job was empty, or behind, for these times, in milliseconds. */
  worked(poolId: number, { emptyMs, behindMs }: Pick<PoolCounts, "emptyMs" | "behindMs">): void {
    const entry = this.#entry(poolId);
    entry.emptyMs += emptyMs;
    entry.behindMs += behindMs;
  }

  /** A job does not pay what earlier ones paid. */
  payoutChanged(poolId: number): void {
    this.#entry(poolId).payoutChanges++;
  }

  /** A connection was closed: its traffic is kept here. */
  closed(poolId: number, traffic: Traffic): void {
    const entry = this.#entry(poolId);
    entry.traffic = sumOfTraffic([entry.traffic, traffic]);
  }

  /** The traffic of all closed connections. */
  get traffic(): Traffic {
    return sumOfTraffic(this.#entries.values().map(({ traffic }) => traffic));
  }

  #entry(poolId: number): Entry {
    let entry = this.#entries.get(poolId);
    if (entry === undefined) {
      entry = { ...NO_POOL_COUNTS, trouble: undefined, kind: "unknown" };
      this.#entries.set(poolId, entry);
    }
    return entry;
  }
}
