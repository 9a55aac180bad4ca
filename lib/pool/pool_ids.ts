/**
 * Which pool is which when the pool list changes: each address keeps its id for the life of the
 * process, whatever its place in the list.
 */

import type { PoolAddress } from "../net/pools/connection.ts";

/** One pool of the list. */
export interface KnownPool extends PoolAddress {
  /** Which pool it is, whatever its place in the list. */
  readonly poolId: number;
  /** The sub-account there, if the list names one. */
  readonly account: string | undefined;
}

/** The ids of all pools that were ever in the list. */
export class PoolIds {
  /** By address, and by how often the address came before in the same list. */
  readonly #ids = new Map<string, number>();

  /** A list of pools with their ids, in its order; the same address twice is two pools. */
  of(
    pools: readonly (readonly [host: string, port: number, account?: string | undefined])[],
  ): KnownPool[] {
    const seen = new Map<string, number>();
    return pools.map(([host, port, account]) => {
      const address = `${host.toLowerCase()} ${port}`;
      const before = seen.get(address) ?? 0;
      seen.set(address, before + 1);
      const key = `${address} ${before}`;
      let poolId = this.#ids.get(key);
      if (poolId === undefined) this.#ids.set(key, poolId = this.#ids.size);
      return { poolId, host, port, account };
    });
  }
}
