/**
 * What a farm usually does: the median of the last day in steps of ten minutes.
 *
 * Steps in which it did not work for half of the time or more do not count: neither an outage nor a
 * night without power makes anybody expect less. Being the median, it does not follow half a farm
 * that starts again in the night either.
 */

/** How long a step is, and the time in it that must have been worked, in milliseconds. */
const STEP_MS = 600_000;
const WORKED_MS = STEP_MS / 2;

/** Steps that are kept, and that it takes to say anything: a day, and an hour. */
const KEPT = 144;
const LEAST = 6;

/** What comes after a longer pause than this says nothing of it, in milliseconds. */
const MOST_PAUSE_MS = 60_000;

/** Hashes that a share of difficulty 1 stands for. */
const HASHES_PER_DIFFICULTY = 2 ** 32;

/** Keeps the hashrates of the last day. Times are monotonic, in milliseconds. */
export class UsualHashrate {
  /** Hashes a second, by step; NaN where it did not work. */
  readonly #rates = new Float64Array(KEPT).fill(NaN);
  #step: number | undefined;
  #workedMs = 0;
  #work = 0;
  #lastTime = 0;
  #lastDifficulty = 0;

  /**
   * To be told every few seconds.
   *
   * @param difficulty The difficulties of all good shares up to now, together.
   * @param works Whether there are miners that have a pool.
   */
  note(time: number, difficulty: number, works: boolean): void {
    const step = Math.floor(time / STEP_MS);
    const ms = time - this.#lastTime;
    const work = difficulty - this.#lastDifficulty;
    this.#lastTime = time;
    this.#lastDifficulty = difficulty;
    if (this.#step === undefined) {
      this.#step = step;
      return;
    }
    if (works && ms <= MOST_PAUSE_MS) {
      this.#workedMs += ms;
      this.#work += work;
    }
    if (step > this.#step) this.#endStep(step);
  }

  /** The median, in hashes a second; `undefined` before an hour has been seen. */
  get median(): number | undefined {
    const rates = this.#rates.filter((rate) => !Number.isNaN(rate)).sort();
    if (rates.length < LEAST) return undefined;
    const middle = rates.length >> 1;
    return rates.length % 2 === 1 ? rates[middle]! : (rates[middle - 1]! + rates[middle]!) / 2;
  }

  #endStep(next: number): void {
    const isTelling = this.#workedMs >= WORKED_MS && this.#work > 0;
    this.#rates[this.#step! % KEPT] = isTelling
      ? this.#work * HASHES_PER_DIFFICULTY / (this.#workedMs / 1000)
      : NaN;
    for (let step = this.#step! + 1; step < Math.min(next, this.#step! + KEPT); step++) {
      this.#rates[step % KEPT] = NaN;
    }
    this.#step = next;
    this.#workedMs = this.#work = 0;
  }
}
