/**
 * When to tell a pool the hashrate, from which it sets its target; pure.
 *
 * Some pools lower the difficulty of a connection without shares each minute, so that a spare ends
 * far below what its miners will need, and pays next to nothing for their first shares. Telling such
 * a pool the hashrate again brings the difficulty back.
 */

/** How often the pool is told, in milliseconds. */
const UPDATE_EVERY_MS = 30_000;

/** A change by less than this part of what it was told makes little difference to its target. */
const WORTH_TELLING = 0.2;

/** A difficulty below this part of what the pool gave for the hashrate is too low for it. */
const TOO_LOW = 0.5;

/** A pool has set its target for a hashrate after this time, in milliseconds. */
const ANSWERED_MS = 5_000;

/** What one channel's pool knows of the hashrate. */
export class ToldHashrate {
  /** Hashes a second. */
  #told: number;
  #toldAt: number;
  /** The difficulty that the pool gave for it. */
  #given: number;

  /**
   * The pool was told `hashrate`, in hashes a second, when the channel was opened at `time`, and gave
   * it `difficulty`. A hashrate of 0 is one that was not known.
   */
  constructor(hashrate: number, difficulty: number, time: number) {
    this.#told = hashrate;
    this.#given = difficulty;
    this.#toldAt = hashrate === 0 ? -Infinity : time;
  }

  /**
   * Whether to tell the pool `hashrate` now; if so, it counts as told. Call it several times a
   * second. `difficulty` is the channel's of the moment, `time` is monotonic.
   */
  takeChange(hashrate: number, difficulty: number, time: number): boolean {
    const sinceMs = time - this.#toldAt;
    if (sinceMs <= ANSWERED_MS) this.#given = difficulty;
    if (sinceMs < UPDATE_EVERY_MS || !this.#isWorthTelling(hashrate, difficulty)) return false;
    this.#told = hashrate;
    this.#toldAt = time;
    this.#given = difficulty;
    return true;
  }

  #isWorthTelling(hashrate: number, difficulty: number): boolean {
    if (hashrate === 0) return this.#told > 0;
    if (Math.abs(hashrate - this.#told) > WORTH_TELLING * this.#told) return true;
    return difficulty < TOO_LOW * this.#given;
  }
}
