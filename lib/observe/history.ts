/**
 * The last day in numbers, for the charts of the live page: samples in two rings of fixed size,
 * every 10 s for an hour and every minute for a day.
 *
 * A sample holds what was counted since the one before, so rates and shares of rates can be worked
 * out for any stretch of time. Where there is no sample there is a gap; nothing is made up.
 *
 * Samples are kept under monotonic time. What the clock on the wall shows is worked out when they
 * are asked for: when that clock is set, back or forward, all of them move with it and none is lost.
 */

import type { Now } from "../base/clock.ts";

/** How often {@linkcode History.add} wants to be called, in milliseconds. */
export const SAMPLE_MS = 10_000;

/** Samples of 10 s in an hour, and of a minute in a day. */
const FINE_ROWS = 360;
const COARSE_ROWS = 1440;

const COARSE_MS = 60_000;

/** What a sample holds, in this order. */
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

/** What is counted at a moment; all but `miners` only ever grow. */
export interface Counts {
  /** Miners that work now. */
  readonly miners: number;
  /** Shares accepted, assumed where the pool gives no verdicts, or kept here. */
  readonly accepted: number;
  /** Shares rejected by a pool or refused here. */
  readonly rejected: number;
  /** Difficulties of the accepted ones, together. */
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
  /** Since 1970, by a clock that may be set at any time. */
  readonly wallNow: Now;
}

/** See the head of this file. About 65 KB. */
export class History {
  readonly #clocks: Clocks;
  readonly #fine = new Ring(FINE_ROWS);
  readonly #coarse = new Ring(COARSE_ROWS);
  #last: { readonly counts: Counts; readonly time: number };
  #minute = new Float64Array(WIDTH);

  /** Begins with what was counted up to now. */
  constructor(counts: Counts, clocks: Clocks) {
    this.#clocks = clocks;
    this.#last = { counts, time: clocks.now() };
  }

  /** Notes what was counted since the last call. @returns the sample. */
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

  /** The samples of the last hour, the oldest first, times ascending. */
  hour(): Sample[] {
    return this.#fine.list(this.#ahead);
  }

  /** The samples of the last day, up to the last whole minute. */
  day(): Sample[] {
    return this.#coarse.list(this.#ahead);
  }

  /** What the clock on the wall is ahead of monotonic time. */
  get #ahead(): number {
    return this.#clocks.wallNow() - this.#clocks.now();
  }

  /** Counts add up; miners are a mean over time, for now their product with it. */
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

/** The last so many samples. */
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

  /** The oldest first, each `ahead` of the time it was noted under. */
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
