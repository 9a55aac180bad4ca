/**
 * Recent work, to estimate hashrates: the difficulties of good shares, in rings of fixed size, with
 * a row for each miner (or one for all).
 *
 * A share of difficulty d stands for d × 2³² hashes on average. All rows are in one table, so that
 * memory is touched only for rows in use.
 */

/** Hashes that a share of difficulty 1 stands for. */
const HASHES_PER_DIFFICULTY = 2 ** 32;

/** Estimated hashes a second, over the last 1, 15 and 60 minutes. */
export interface Hashrates {
  /** Over one minute. */
  readonly minute: number;
  /** Over a quarter of an hour. */
  readonly quarter: number;
  /** Over an hour. */
  readonly hour: number;
}

/** The recent work of miners, a row for each. */
export class WorkTable {
  readonly #stepMs: number;
  readonly #steps: number;
  readonly #work: Float32Array | Float64Array;
  /** The step in which each row was last written. */
  readonly #at: Uint32Array;

  /**
   * `stepMs` is the length of a step and must divide an hour. A table with one row uses double
   * precision.
   */
  constructor(rows: number, stepMs: number) {
    this.#stepMs = stepMs;
    // The steps of an hour, and the current one.
    this.#steps = Math.ceil(3_600_000 / stepMs) + 1;
    const cells = rows * this.#steps;
    this.#work = rows === 1 ? new Float64Array(cells) : new Float32Array(cells);
    this.#at = new Uint32Array(rows);
  }

  /** Adds a good share; `time` in milliseconds, monotonic. */
  add(row: number, difficulty: number, time: number): void {
    const step = this.#advance(row, time);
    this.#work[row * this.#steps + step % this.#steps]! += difficulty;
  }

  /** Resets a row to zero. */
  clear(row: number): void {
    this.#work.fill(0, row * this.#steps, (row + 1) * this.#steps);
  }

  /**
   * Hashes a second over the last `windowMs`, or since `since` if that is later. The window
   * consists of whole steps and the current one.
   */
  hashrate(row: number, windowMs: number, since: number, time: number): number {
    const now = this.#advance(row, time);
    const whole = Math.min(Math.ceil(windowMs / this.#stepMs), this.#steps - 1);
    let difficulty = 0;
    for (let step = Math.max(0, now - whole); step <= now; step++) {
      difficulty += this.#work[row * this.#steps + step % this.#steps]!;
    }
    const coveredMs = Math.min(time - since, whole * this.#stepMs + time % this.#stepMs);
    return coveredMs <= 0 ? 0 : difficulty * HASHES_PER_DIFFICULTY / (coveredMs / 1000);
  }

  /** {@linkcode WorkTable.hashrate} over the three usual windows. */
  hashrates(row: number, since: number, time: number): Hashrates {
    return {
      minute: this.hashrate(row, 60_000, since, time),
      quarter: this.hashrate(row, 900_000, since, time),
      hour: this.hashrate(row, 3_600_000, since, time),
    };
  }

  /** Clears the steps without shares, and returns the current one. */
  #advance(row: number, time: number): number {
    const now = Math.floor(time / this.#stepMs);
    const last = this.#at[row]!;
    for (let step = Math.max(last + 1, now - this.#steps + 1); step <= now; step++) {
      this.#work[row * this.#steps + step % this.#steps] = 0;
    }
    if (now > last) this.#at[row] = now;
    return now;
  }
}
