/**
 * The pools of an account in the order of preference: as configured, a pinned one first.
 */

import type { ListedPool } from "./settings.ts";

/** The list and its ranks. A pool's rank is its place, 0 the best. */
export class PoolOrder {
  /** Every pool that is or was in the list, by its id. */
  readonly #known = new Map<number, ListedPool>();
  #listed: readonly ListedPool[] = [];
  #ranked: readonly ListedPool[] = [];
  #pinned: number | undefined;

  /** Starts with the configured order. */
  constructor(pools: readonly ListedPool[]) {
    this.list(pools);
  }

  /** The configured list. */
  get listed(): readonly ListedPool[] {
    return this.#listed;
  }

  /** Pools that were in the list earlier. */
  get gone(): readonly ListedPool[] {
    return [...this.#known.values()].filter(({ poolId }) => !this.isListed(poolId));
  }

  /** The list by rank. */
  get ranked(): readonly ListedPool[] {
    return this.#ranked;
  }

  /** Whether a pool is in the list. */
  isListed(poolId: number): boolean {
    return this.#listed.some((pool) => pool.poolId === poolId);
  }

  /** Whether a pool is the pinned one. */
  isPinned(poolId: number): boolean {
    return poolId === this.#pinned;
  }

  /** Takes another list. */
  list(pools: readonly ListedPool[]): void {
    for (const pool of pools) this.#known.set(pool.poolId, pool);
    this.#listed = pools;
    this.#rank();
  }

  /**
   * Prefers a pool to all others; `undefined` for the configured order.
   *
   * @throws RangeError when there is no such pool in the list.
   */
  pin(poolId: number | undefined): void {
    if (poolId !== undefined && !this.isListed(poolId)) {
      throw new RangeError(`Cannot pin pool ${poolId}: it is not in the list`);
    }
    this.#pinned = poolId;
    this.#rank();
  }

  #rank(): void {
    const pinned = this.#listed.filter(({ poolId }) => this.isPinned(poolId));
    this.#ranked = [...pinned, ...this.#listed.filter(({ poolId }) => !this.isPinned(poolId))];
  }
}
