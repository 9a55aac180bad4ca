/**
 * Counts shares and their work in rows, over the last hour in steps of five minutes and over the
 * last day in steps of an hour.
 *
 * Counting a share costs two additions; the rings are written when a step ends. The numbers of
 * shares are exact; the work of a step that has ended is kept to seven digits. A row takes 320
 * bytes.
 */

/** The length of a step, in milliseconds. */
export const STEP_MS = 300_000;

/** Steps in an hour, and hours in a day. */
const STEPS = 12;
const HOURS = 24;

const FIRST_ROWS = 32;

/** The last hour or the last day. */
export type Window = "hour" | "day";

/** A number of shares, and their work. */
export interface Sum {
  /** The number of shares. */
  readonly shares: number;
  /** The sum of their difficulties. */
  readonly work: number;
}

/** The last `steps` ended steps of one length, for each row; a new step overwrites the oldest. */
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

  /** Adds a step that ended, from the first `rows` of both arrays. */
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

/** Counts shares and their work in rows. */
export class StepCounts {
  readonly #maxRows: number;
  /** The counts of the current step. */
  #shares = new Float64Array(0);
  #work = new Float64Array(0);
  /** The counts of the current hour, without the current step. */
  #hourShares = new Float64Array(0);
  #hourWork = new Float64Array(0);
  readonly #steps = new Ring(STEPS);
  readonly #hours = new Ring(HOURS);
  #rows = 0;
  #ended = 0;

  /** Creates a table without rows, for at most `maxRows`. */
  constructor(maxRows: number) {
    this.#maxRows = maxRows;
    this.#grow();
  }

  /** Counts a share. */
  add(row: number, work: number): void {
    this.#shares[row]! += 1;
    this.#work[row]! += work;
  }

  /** Adds a row of zeros. @returns its number. @throws RangeError if there are too many. */
  append(): number {
    if (this.#rows === this.#maxRows) throw new RangeError(`Cannot have over ${this.#rows} rows`);
    if (this.#rows === this.#shares.length) this.#grow();
    return this.#rows++;
  }

  /** Ends the current step. @returns whether an hour ends with it. */
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

  /** The counts of a row in that time: its whole steps and the current one. */
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

  /** The last `steps` whole steps, of at most an hour, and the current one if it `isOver`. */
  recent(row: number, steps: number, isOver: boolean): Sum {
    return {
      shares: this.#steps.recentShares(row, steps) + (isOver ? this.#shares[row]! : 0),
      work: this.#steps.recentWork(row, steps) + (isOver ? this.#work[row]! : 0),
    };
  }

  /** Whether a row has no share in the last day, and so none at all. */
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
