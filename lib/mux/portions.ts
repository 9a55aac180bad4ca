/**
 * Limits how many miners a planned move brings to a connection at a time, so that its pool's
 * difficulty can follow: a few, then twice as many each second; pure.
 */

/** Miners that move in the first second. */
export const FIRST_PORTION = 64;

const EVERY_MS = 1_000;

/** After this long without a moved miner, in milliseconds, the next one starts a new move. */
const REST_MS = 10_000;

/** Moves to one connection. Times are monotonic, in milliseconds. */
export class Portions {
  #portion = 0;
  #left = 0;
  #portionAt = -Infinity;
  #movedAt = -Infinity;

  /** Takes a place in the current portion. @returns whether there was one. */
  take(time: number): boolean {
    if (time - this.#movedAt > REST_MS) this.#portion = 0;
    if (this.#portion === 0 || time - this.#portionAt >= EVERY_MS) {
      this.#portion = Math.max(FIRST_PORTION, 2 * this.#portion);
      this.#left = this.#portion;
      this.#portionAt = time;
    }
    if (this.#left === 0) return false;
    this.#left--;
    this.#movedAt = time;
    return true;
  }
}
