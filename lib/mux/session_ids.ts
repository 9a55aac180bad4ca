/**
 * Leases the 16-bit ids of miners.
 *
 * An id is also a miner's extranonce1, so a returned id rests: a miner that reconnects at once and
 * got the same id would search the same work for the same jobs again, and the pool would reject its
 * shares as duplicates.
 */

import type { Now } from "../base/clock.ts";

/** How long an id rests while fresh ones are left: longer than any pool's jobs are valid. */
export const REST_MS = 600_000;

/** The largest id: no kind of pool accepts 65,535 as a miner's id. */
export const MAX_SESSION_ID = 0xfffe;

/** All ids of the process, 0 to `highest`. */
export class SessionIds {
  readonly #now: Now;
  readonly #highest: number;
  readonly #isLeased: Uint8Array;
  #neverLeased = 0;
  #leased = 0;
  /**
   * Rings of the returned ids, oldest first, and when they were returned; objects would take six
   * times the memory.
   */
  readonly #resting: Uint16Array;
  readonly #since: Float64Array;
  #oldest = 0;
  #restingCount = 0;

  /** `highest` is 0xfffe unless a test wants fewer. */
  constructor(now: Now, highest: number = MAX_SESSION_ID) {
    this.#now = now;
    this.#highest = highest;
    this.#isLeased = new Uint8Array(highest + 1);
    this.#resting = new Uint16Array(highest + 1);
    this.#since = new Float64Array(highest + 1);
  }

  /** How many ids are leased. */
  get leased(): number {
    return this.#leased;
  }

  /** Leases an id that has rested or was never used, if possible; `undefined` if all are leased. */
  lease(): number | undefined {
    const isResting = this.#restingCount > 0;
    const hasRested = isResting && this.#now() - this.#since[this.#oldest]! >= REST_MS;
    let id: number;
    if (hasRested || (isResting && this.#neverLeased > this.#highest)) {
      id = this.#resting[this.#oldest]!;
      this.#oldest = (this.#oldest + 1) % this.#resting.length;
      this.#restingCount--;
    } else if (this.#neverLeased <= this.#highest) {
      id = this.#neverLeased++;
    } else {
      return undefined;
    }
    this.#isLeased[id] = 1;
    this.#leased++;
    return id;
  }

  /**
   * Gives an id back. @throws RangeError if it is not leased, because two miners would get the same
   * id.
   */
  release(id: number): void {
    if (this.#isLeased[id] !== 1) throw new RangeError(`Cannot release session ${id}: not leased`);
    this.#isLeased[id] = 0;
    this.#leased--;
    const newest = (this.#oldest + this.#restingCount++) % this.#resting.length;
    this.#resting[newest] = id;
    this.#since[newest] = this.#now();
  }
}
