/**
 * Shares and their work, by row, over the last hour in steps of five minutes and over the last day
 * in steps of an hour.
 *
 * To count costs two additions: rings are filled when a step ends. Whole shares are exact; the work
 * of a step that has ended is kept to seven digits. 320 bytes a row, as many rows as were needed.
 */

/** How long a step is, in milliseconds. */
export const STEP_MS = 300_000;

/** Steps in an hour, and hours in a day. */
const STEPS = 12;
const HOURS = 24;

const FIRST_ROWS = 32;

/** The stretch of time that is asked for. */
export type Window = "hour" | "day";

/** Shares, and their difficulties together. */
export interface Sum {
  /** Whole shares. */
  readonly shares: number;
  /** As difficulty. */
  readonly work: number;
}

/** Whole steps of one length, by row; the oldest is written over. */
class Ring {
  readonly #steps: number;
  #shares = new Uint32Array(0);
  #work = new Float32Array(0);
  #count = 0;

  constructor(steps: number) {
    this.#steps = steps;
  }

  grow(rows: number): void {
    this.#shares = grown(this.#shares, new Uint32Array(rows * this.#steps));
    this.#work = grown(this.#work, new Float32Array(rows * this.#steps));
  }

  /** A step ends; `rows` of both have what it held. */
  end(shares: Float64Array, work: Float64Array, rows: number): void {
    const step = this.#count++ % this.#steps;
    for (let row = 0; row < rows; row++) {
      const at = row * this.#steps + step;
      this.#shares[at] = shares[row]!;
      this.#work[at] = work[row]!;
    }
  }

  shares(row: number): number {
    return sumOf(this.#shares, row * this.#steps, this.#steps);
  }

  work(row: number): number {
    return sumOf(this.#work, row * this.#steps, this.#steps);
  }

  recentShares(row: number, steps: number): number {
    return this.#recent(this.#shares, row, steps);
  }

  recentWork(row: number, steps: number): number {
    return this.#recent(this.#work, row, steps);
  }

  /** Of the last `steps` alone. */
  #recent(values: Uint32Array | Float32Array, row: number, steps: number): number {
    let sum = 0;
    for (let back = 1; back <= Math.min(steps, this.#steps, this.#count); back++) {
      sum += values[row * this.#steps + (this.#count - back) % this.#steps]!;
    }
    return sum;
  }
}

/** Counts shares and work, by row. */
export class StepCounts {
  readonly #maxRows: number;
  /** Of the step under way. */
  #shares = new Float64Array(0);
  #work = new Float64Array(0);
  /** Of the hour under way, up to the last whole step. */
  #hourShares = new Float64Array(0);
  #hourWork = new Float64Array(0);
  readonly #steps = new Ring(STEPS);
  readonly #hours = new Ring(HOURS);
  #rows = 0;
  #ended = 0;

  /** No rows yet, and never more than `maxRows`. */
  constructor(maxRows: number) {
    this.#maxRows = maxRows;
    this.#grow();
  }

  /** Counts a share. */
  add(row: number, work: number): void {
    this.#shares[row]! += 1;
    this.#work[row]! += work;
  }

  /** One more row, at zero. @throws RangeError if there are too many. */
  append(): number {
    if (this.#rows === this.#maxRows) throw new RangeError(`Cannot have over ${this.#rows} rows`);
    if (this.#rows === this.#shares.length) this.#grow();
    return this.#rows++;
  }

  /** The step under way ends. @returns whether an hour ends with it. */
  endStep(): boolean {
    this.#steps.end(this.#shares, this.#work, this.#rows);
    for (let row = 0; row < this.#rows; row++) {
      this.#hourShares[row]! += this.#shares[row]!;
      this.#hourWork[row]! += this.#work[row]!;
    }
    this.#shares.fill(0);
    this.#work.fill(0);
    if (++this.#ended % STEPS !== 0) return false;
    this.#hours.end(this.#hourShares, this.#hourWork, this.#rows);
    this.#hourShares.fill(0);
    this.#hourWork.fill(0);
    return true;
  }

  /** Of the whole steps in that time, and the one under way. */
  sum(row: number, window: Window): Sum {
    const shares = this.#shares[row]!;
    const work = this.#work[row]!;
    if (window === "hour") {
      return { shares: shares + this.#steps.shares(row), work: work + this.#steps.work(row) };
    }
    return {
      shares: shares + this.#hourShares[row]! + this.#hours.shares(row),
      work: work + this.#hourWork[row]! + this.#hours.work(row),
    };
  }

  /** Of the last `steps` whole steps of at most an hour, and the one under way if it `isOver`. */
  recent(row: number, steps: number, isOver: boolean): Sum {
    return {
      shares: this.#steps.recentShares(row, steps) + (isOver ? this.#shares[row]! : 0),
      work: this.#steps.recentWork(row, steps) + (isOver ? this.#work[row]! : 0),
    };
  }

  /** Whether nothing of the day is left of a row, and so nothing at all. */
  isEmpty(row: number): boolean {
    return this.sum(row, "day").shares === 0;
  }

  #grow(): void {
    const rows = Math.min(this.#maxRows, Math.max(FIRST_ROWS, this.#shares.length * 2));
    this.#shares = grown(this.#shares, new Float64Array(rows));
    this.#work = grown(this.#work, new Float64Array(rows));
    this.#hourShares = grown(this.#hourShares, new Float64Array(rows));
    this.#hourWork = grown(this.#hourWork, new Float64Array(rows));
    this.#steps.grow(rows);
    this.#hours.grow(rows);
  }
}

function grown<T extends Float64Array | Float32Array | Uint32Array>(from: T, to: T): T {
  to.set(from);
  return to;
}

function sumOf(values: Uint32Array | Float32Array, start: number, count: number): number {
  let sum = 0;
  for (let i = start; i < start + count; i++) sum += values[i]!;
  return sum;
}
