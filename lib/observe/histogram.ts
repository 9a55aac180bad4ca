/**
 * How often something took how long: counted in fixed steps, so that the many times a second it
 * happens cost one addition each.
 */

/** A histogram at one moment. */
export interface HistogramSnapshot {
  /** Upper bounds of the steps, in milliseconds, ascending; one more step without bound follows. */
  readonly boundsMs: readonly number[];
  /** How many fell into each step, the unbounded one last. */
  readonly counts: readonly number[];
  /** All of them together, in milliseconds. */
  readonly sumMs: number;
}

/** From a millisecond to the minute after which no verdict is expected any more. */
export const LATENCY_BOUNDS_MS: readonly number[] = [
  1,
  2.5,
  5,
  10,
  25,
  50,
  100,
  250,
  500,
  1_000,
  2_500,
  5_000,
  10_000,
  30_000,
  60_000,
];

/** Counts durations. */
export class Histogram {
  readonly #boundsMs: readonly number[];
  readonly #counts: Float64Array;
  #sumMs = 0;

  /** `boundsMs` ascend. */
  constructor(boundsMs: readonly number[] = LATENCY_BOUNDS_MS) {
    this.#boundsMs = boundsMs;
    this.#counts = new Float64Array(boundsMs.length + 1);
  }

  /** Counts one that took `ms`; one on a bound is within it. */
  add(ms: number): void {
    let step = 0;
    while (step < this.#boundsMs.length && ms > this.#boundsMs[step]!) step++;
    this.#counts[step]! += 1;
    this.#sumMs += ms;
  }

  /** What was counted so far. */
  snapshot(): HistogramSnapshot {
    return { boundsMs: this.#boundsMs, counts: [...this.#counts], sumMs: this.#sumMs };
  }
}
