/**
 * Histogram of durations, counted in fixed steps: an event that happens many times a second costs
 * one addition.
 */

/** A histogram at one moment. */
export interface HistogramSnapshot {
  /** Upper bounds of the steps, in milliseconds, ascending; one more step without bound follows. */
  readonly boundsMs: readonly number[];
  /** The count of each step, the unbounded one last. */
  readonly counts: readonly number[];
  /** The sum of all durations, in milliseconds. */
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

  /** `boundsMs` must ascend. */
  constructor(boundsMs: readonly number[] = LATENCY_BOUNDS_MS) {
    this.#boundsMs = boundsMs;
    this.#counts = new Float64Array(boundsMs.length + 1);
  }

  /** Counts a duration of `ms`; one that equals a bound is within it. */
  add(ms: number): void {
    let step = 0;
    while (step < this.#boundsMs.length && ms > this.#boundsMs[step]!) step++;
    this.#counts[step]! += 1;
    this.#sumMs += ms;
  }

  /** Returns the counts so far. */
  snapshot(): HistogramSnapshot {
    return { boundsMs: this.#boundsMs, counts: [...this.#counts], sumMs: this.#sumMs };
  }
}
