/**
 * The last day in numbers, for the charts of the live page: samples in two rings of fixed size,
 * every 10 s for an hour and every minute for a day.
 *
 * A sample holds the counts since the one before, so rates and ratios can be calculated for any
 * period. A missing sample is shown as a gap; no value is invented.
 *
 * Samples are kept by monotonic time and converted to wall-clock time when they are read: when that
 * clock is set, back or forward, all of them move with it and none is lost.
 */

import type { Now } from "../base/clock.ts";

/** How often {@linkcode ChartSamples.add} wants to be called, in milliseconds. */
export const SAMPLE_MS = 10_000;

/** Samples of 10 s in an hour, and of one minute in a day. */
const FINE_ROWS = 360;
const COARSE_ROWS = 1440;

const COARSE_MS = 60_000;

/** The values of a sample, in this order. */
export const SAMPLE_COLUMNS = [
  "time",
  "seconds",
  "miners",
  "accepted",
  "rejected",
  "difficulty",
  "bytes_up",
  "bytes_down",
] as const;

/** Columns that are kept for each sample besides its time. */
const WIDTH = SAMPLE_COLUMNS.length - 1;

/** The counts at one moment; all but `miners` only grow. */
export interface Counts {
  /** Miners that work now. */
  readonly miners: number;
  /** Good shares: accepted, kept here, or sent to a pool that gives no verdicts. */
  readonly accepted: number;
  /** Shares rejected by a pool or refused here. */
  readonly rejected: number;
  /** Sum of the difficulties of accepted shares. */
  readonly difficulty: number;
  /** Payload bytes to pools. */
  readonly bytesUp: number;
  /** Payload bytes from pools. */
  readonly bytesDown: number;
}

/** Values in the order of {@linkcode SAMPLE_COLUMNS}; time in seconds since 1970. */
export type Sample = number[];

/** The two clocks, in milliseconds. */
export interface Clocks {
  /** Only goes forward. */
  readonly now: Now;
  /** Time since 1970, by a clock that may be set at any time. */
  readonly wallNow: Now;
}

/** Keeps the samples of the last hour and the last day. Takes about 65 KB. */
export class ChartSamples {
  readonly #clocks: Clocks;
  readonly #fine = new Ring(FINE_ROWS);
  readonly #coarse = new Ring(COARSE_ROWS);
  #last: { readonly counts: Counts; readonly time: number };
  #minute = new Float64Array(WIDTH);

  /** Starts from the counts up to now. */
  constructor(counts: Counts, clocks: Clocks) {
    this.#clocks = clocks;
    this.#last = { counts, time: clocks.now() };
  }

  /** Adds a sample of what was counted since the last call. @returns the sample. */
  add(counts: Counts): Sample {
    const last = this.#last;
    const time = this.#clocks.now();
    this.#last = { counts, time };
    const seconds = (time - last.time) / 1000;
    const values = [
      seconds,
      counts.miners,
      counts.accepted - last.counts.accepted,
      counts.rejected - last.counts.rejected,
      counts.difficulty - last.counts.difficulty,
      counts.bytesUp - last.counts.bytesUp,
      counts.bytesDown - last.counts.bytesDown,
    ];
    this.#fine.add(time, values);
    this.#addToMinute(values);
    if (Math.floor(time / COARSE_MS) !== Math.floor(last.time / COARSE_MS)) this.#endMinute(time);
    return [(time + this.#ahead) / 1000, ...values];
  }

  /** The samples of the last hour, oldest first, times ascending. */
  hour(): Sample[] {
    return this.#fine.list(this.#ahead);
  }

  /** The samples of the last day, up to the last whole minute. */
  day(): Sample[] {
    return this.#coarse.list(this.#ahead);
  }

  /** How far the wall clock is ahead of monotonic time. */
  get #ahead(): number {
    return this.#clocks.wallNow() - this.#clocks.now();
  }

  /** Adds up counts; for miners it sums their product with time, from which the mean is made. */
  #addToMinute(values: readonly number[]): void {
    for (const [column, value] of values.entries()) {
      this.#minute[column]! += column === 1 ? value * values[0]! : value;
    }
  }

  #endMinute(time: number): void {
    this.#minute[1]! /= this.#minute[0]!;
    this.#coarse.add(time, this.#minute);
    this.#minute = this.#minute.fill(0);
  }
}

/** The last samples, up to a fixed number. */
class Ring {
  readonly #rows: number;
  readonly #times: Float64Array;
  readonly #values: Float32Array;
  #count = 0;

  constructor(rows: number) {
    this.#rows = rows;
    this.#times = new Float64Array(rows);
    this.#values = new Float32Array(rows * WIDTH);
  }

  add(time: number, values: ArrayLike<number>): void {
    const row = this.#count++ % this.#rows;
    this.#times[row] = time;
    this.#values.set(values, row * WIDTH);
  }

  /** The samples, oldest first, with `ahead` added to the time of each. */
  list(ahead: number): Sample[] {
    const samples: Sample[] = [];
    for (let count = Math.max(0, this.#count - this.#rows); count < this.#count; count++) {
      const row = count % this.#rows;
      const values = this.#values.subarray(row * WIDTH, (row + 1) * WIDTH);
      samples.push([(this.#times[row]! + ahead) / 1000, ...values]);
    }
    return samples;
  }
}
