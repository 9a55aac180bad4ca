/**
 * Which pool is which when the pool list changes: each address keeps its id for the life of the
 * process, whatever its place in the list.
 */

/** See the head of this file. */
export class PoolIds {
  /** By address, and by how often the address came before in the same list. */
  readonly #ids = new Map<string, number>();

  /** The ids of a list of pools, in its order; the same address twice is two pools. */
  of(pools: readonly (readonly [host: string, port: number, ...rest: unknown[]])[]): number[] {
    const seen = new Map<string, number>();
    return pools.map(([host, port]) => {
      const address = `${host.toLowerCase()} ${port}`;
      const before = seen.get(address) ?? 0;
      seen.set(address, before + 1);
      const key = `${address} ${before}`;
      let id = this.#ids.get(key);
      if (id === undefined) this.#ids.set(key, id = this.#ids.size);
      return id;
    });
  }
}
