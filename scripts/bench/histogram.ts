/**
 * Durations, counted in fine buckets: a percentile is at most 1.6 % above the true value, and never
 * below it. Millions of durations cost a few kilobytes and no garbage.
 */

/** Buckets a power of two is split into. */
const FINENESS = 64;
const FINE_BITS = 6;
const BUCKETS = FINENESS * (32 - FINE_BITS);

/** Durations of one kind. */
export interface Durations {
  /** How many there are. */
  readonly count: number;
  /** The median, in milliseconds. */
  readonly p50: number;
  /** The 99th percentile, in milliseconds. */
  readonly p99: number;
  /** The 99.9th percentile, in milliseconds. */
  readonly p999: number;
  /** The longest, in milliseconds. */
  readonly max: number;
}

/** Counts durations in fine buckets. */
export class Histogram {
  readonly #buckets = new Uint32Array(BUCKETS);
  #count = 0;
  #max = 0;

  /** Adds a duration of at most 35 minutes; a negative one counts as 0. */
  add(ms: number): void {
    const micros = Math.max(0, Math.round(ms * 1000));
    const shift = Math.max(0, 31 - Math.clz32(micros) - FINE_BITS);
    this.#buckets[shift * FINENESS + (micros >>> shift)]!++;
    this.#count++;
    if (ms > this.#max) this.#max = ms;
  }

  /** Forgets everything. */
  clear(): void {
    this.#buckets.fill(0);
    this.#count = this.#max = 0;
  }

  /** Returns what was added; all 0 if nothing was. */
  durations(): Durations {
    return {
      count: this.#count,
      p50: this.#percentile(0.5),
      p99: this.#percentile(0.99),
      p999: this.#percentile(0.999),
      max: this.#max,
    };
  }

  #percentile(part: number): number {
    let left = Math.ceil(this.#count * part);
    if (left === 0) return 0;
    for (let i = 0; i < BUCKETS; i++) {
      left -= this.#buckets[i]!;
      if (left > 0) continue;
      const shift = Math.max(0, Math.floor(i / FINENESS) - 1);
      // A bucket's upper end, so that no figure looks better than it is.
      const micros = ((i - shift * FINENESS + 1) << shift) - 1;
      return Math.min(micros / 1000, this.#max);
    }
    return this.#max;
  }
}
