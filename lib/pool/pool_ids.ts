/**
 * Recognizes pools when the pool list changes: each address keeps its id while the process runs,
 * whatever its place in the list.
 */

import type { PoolAddress } from "../net/pools/connection.ts";
import { formatAddress } from "../base/peer_address.ts";
import type { KindOfPool, WorkersSeen } from "../base/pool_kind.ts";

/** One pool of the list. */
export interface KnownPool extends PoolAddress {
  /** Which pool it is, whatever its place in the list. */
  readonly poolId: number;
  /** The name to authorize as there, if the list has one. */
  readonly account: string | undefined;
  /** What it speaks. */
  readonly kind: KindOfPool;
  /** The password. A secret: only the pool gets it. */
  readonly password: string;
  /** Whether TLS is spoken to it. */
  readonly usesTls: boolean;
  /** How many workers it sees; see {@linkcode ListedPool.workers}. */
  readonly workers: WorkersSeen;
  /** The most miners on one connection; see {@linkcode ListedPool.minersPerConnection}. */
  readonly minersPerConnection: number | undefined;
}

/** The same before it has a number. */
export type UnknownPool = Omit<KnownPool, "poolId">;

/** The ids of all pools that were ever in the list. */
export class PoolIds {
  /** All pools so far, by address, each as it was last listed. */
  readonly #known = new Map<string, KnownPool[]>();
  /** The name of each pool, by id. */
  readonly #names: string[] = [];

  /** The pool with this id, `host:port`; empty if there never was one. */
  nameOf(poolId: number): string {
    return this.#names[poolId] ?? "";
  }

  /**
   * A list of pools with their ids, in its order. If an address is listed twice, these are two
   * pools: they are told apart by account and kind or, where these are equal or new, by their
   * order.
   */
  of(pools: readonly UnknownPool[]): KnownPool[] {
    const taken = new Set<number>();
    const listed: (KnownPool | undefined)[] = pools.map(() => undefined);
    // Unchanged pools first, so that no other pool takes their ids.
    for (const isSame of LIKENESSES) {
      for (const [i, pool] of pools.entries()) {
        if (listed[i] !== undefined) continue;
        const known = this.#known.get(keyOf(pool)) ?? [];
        const found = known.find((each) => !taken.has(each.poolId) && isSame(each, pool));
        if (found === undefined) continue;
        taken.add(found.poolId);
        listed[i] = { ...pool, poolId: found.poolId };
      }
    }
    const result = pools.map((pool, i) => listed[i] ?? this.#add(pool));
    for (const pool of result) this.#remember(pool);
    return result;
  }

  #add(pool: UnknownPool): KnownPool {
    const { host: hostname, port } = pool;
    return { ...pool, poolId: this.#names.push(formatAddress({ hostname, port })) - 1 };
  }

  #remember(pool: KnownPool): void {
    const known = this.#known.get(keyOf(pool)) ?? [];
    const others = known.filter(({ poolId }) => poolId !== pool.poolId);
    this.#known.set(keyOf(pool), [...others, pool].sort((a, b) => a.poolId - b.poolId));
  }
}

/** How similar a pool must be to an earlier one to be the same, the surest rule first. */
const LIKENESSES: readonly ((known: KnownPool, pool: UnknownPool) => boolean)[] = [
  (known, pool) => known.account === pool.account && known.kind === pool.kind,
  (known, pool) => known.account === pool.account,
  () => true,
];

function keyOf({ host, port }: PoolAddress): string {
  return `${host.toLowerCase()} ${port}`;
}
