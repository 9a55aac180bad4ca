/**
 * Which of several pools still works on a block that another has left; pure.
 *
 * Hashes alone say nothing of which came first. But a pool that goes from one previous hash to
 * another shows that the second is newer; a pool that stays at the first is behind. Pools of other
 * coins have no hash in common, and two blocks of one height are not behind each other.
 */

/** Times in milliseconds, monotonic. */
export interface LeftBlock {
  /** When the first pool left it. */
  readonly at: number;
  /** Which pool that was. */
  readonly poolId: number;
  /** Its connection, for logs. */
  readonly name: string;
}

/** Blocks that are remembered: about ten hours of them. */
const MOST = 64;

/** See above. */
export class BlockOrder {
  readonly #newest = new Map<number, string>();
  /** The first pool to go on from each previous hash. */
  readonly #left = new Map<string, LeftBlock>();

  /** A job of a pool came at `time`, with this previous hash. */
  jobCame(poolId: number, name: string, prevHash: string, time: number): void {
    const before = this.#newest.get(poolId);
    if (before === prevHash) return;
    this.#newest.set(poolId, prevHash);
    // A pool that comes back takes its word back.
    if (this.#left.get(prevHash)?.poolId === poolId) this.#left.delete(prevHash);
    if (before === undefined || this.#left.has(before)) return;
    this.#left.set(before, { at: time, poolId, name });
    if (this.#left.size > MOST) this.#left.delete(this.#left.keys().next().value!);
  }

  /** The pool that left the block this one works on, and when; `undefined` if it is not behind. */
  leftBehind(poolId: number): LeftBlock | undefined {
    const newest = this.#newest.get(poolId);
    return newest === undefined ? undefined : this.#left.get(newest);
  }
}
