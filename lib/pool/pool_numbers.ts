/**
 * Which pool is which when the pool list changes: each address keeps its number for the life of
 * the process, whatever its place in the list.
 */

/** See the head of this file. */
export class PoolNumbers {
  /** By address, and by how often the address came before in the same list. */
  readonly #numbers = new Map<string, number>();

  /** The numbers of a list of pools, in its order; the same address twice is two pools. */
  of(pools: readonly (readonly [host: string, port: number, ...rest: unknown[]])[]): number[] {
    const seen = new Map<string, number>();
    return pools.map(([host, port]) => {
      const address = `${host.toLowerCase()} ${port}`;
      const before = seen.get(address) ?? 0;
      seen.set(address, before + 1);
      const key = `${address} ${before}`;
      let number = this.#numbers.get(key);
      if (number === undefined) this.#numbers.set(key, number = this.#numbers.size);
      return number;
    });
  }
}
