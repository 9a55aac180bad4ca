/**
 * When to tell a pool that the hashrate has changed, from which it sets its target; pure.
 */

/** How often the pool is told, in milliseconds. */
const UPDATE_EVERY_MS = 30_000;

/** A change by less than this part of what it was told makes little difference to its target. */
const WORTH_TELLING = 0.2;

/** What one channel's pool knows of the hashrate. */
export class ToldHashrate {
  /** Hashes a second. */
  #told: number;
  #toldAt: number;

  /** The pool was told `hashrate`, in hashes a second, when the channel was opened at `time`. */
  constructor(hashrate: number, time: number) {
    this.#told = hashrate;
    this.#toldAt = time;
  }

  /** Whether to tell the pool now; if so, it counts as told. `time` is monotonic. */
  takeChange(hashrate: number, time: number): boolean {
    if (time - this.#toldAt < UPDATE_EVERY_MS) return false;
    if (hashrate === this.#told) return false;
    const isEnd = hashrate === 0;
    if (!isEnd && Math.abs(hashrate - this.#told) <= WORTH_TELLING * this.#told) return false;
    this.#told = hashrate;
    this.#toldAt = time;
    return true;
  }
}
