/**
 * Remembers the shares that have come for one job, so that none counts twice; pure.
 *
 * A share is identified by its header's hash, of which 64 bits are kept that do not depend on the
 * difficulty: another spelling of a share, or another number of the job, makes no difference. Two
 * shares of one job look alike by chance once in 2^63 pairs.
 */

const INITIAL_SLOTS = 16;

/** Most jobs of a spare get no share. */
const NO_SLOTS = new Uint32Array(0);

/** A table of 64-bit keys with open addressing; grows at half full, 16 bytes a share. */
export class SeenShares {
  #low: Uint32Array = NO_SLOTS;
  #high: Uint32Array = NO_SLOTS;
  #size = 0;

  /** How many shares are noted. */
  get size(): number {
    return this.#size;
  }

  /**
   * Notes a share.
   *
   * @param hash of its header, 8 words, the least first.
   * @returns whether it is new.
   */
  add(hash: Uint32Array): boolean {
    const low = hash[0]!;
    // 0 here marks a free slot.
    const high = (hash[1]! | 1) >>> 0;
    if (this.#low.length === 0) this.#grow();
    if (!this.#put(low, high)) return false;
    if (++this.#size * 2 > this.#low.length) this.#grow();
    return true;
  }

  /** Whether a share, by its header's hash, was noted. */
  has(hash: Uint32Array): boolean {
    const high = (hash[1]! | 1) >>> 0;
    return this.#size > 0 && this.#high[this.#slotOf(hash[0]!, high)] === high;
  }

  #put(low: number, high: number): boolean {
    const at = this.#slotOf(low, high);
    if (this.#high[at] !== 0) return false;
    this.#low[at] = low;
    this.#high[at] = high;
    return true;
  }

  /** The slot of a key, or the free one for it. */
  #slotOf(low: number, high: number): number {
    const mask = this.#low.length - 1;
    let at = low & mask;
    while (this.#high[at] !== 0 && (this.#low[at] !== low || this.#high[at] !== high)) {
      at = (at + 1) & mask;
    }
    return at;
  }

  #grow(): void {
    const [lows, highs] = [this.#low, this.#high];
    const slots = Math.max(INITIAL_SLOTS, lows.length * 2);
    this.#low = new Uint32Array(slots);
    this.#high = new Uint32Array(slots);
    for (let at = 0; at < lows.length; at++) {
      if (highs[at] !== 0) this.#put(lows[at]!, highs[at]!);
    }
  }
}
