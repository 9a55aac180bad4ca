/**
 * The usual hashrate of a farm: the median of the last day in steps of ten minutes.
 *
 * Steps in which the farm did not work for half of the time or more do not count, so neither an
 * outage nor a night without power lowers what is expected. A median does not follow half a farm
 * that restarts in the night either.
 */

/** Length of a step, and the working time it must have to count, in milliseconds. */
const STEP_MS = 600_000;
const WORKED_MS = STEP_MS / 2;

/** Steps kept, and steps needed for a first median: a day, and an hour. */
const KEPT = 144;
const LEAST = 6;

/** A note after a longer pause than this says nothing about the pause, in milliseconds. */
const MOST_PAUSE_MS = 60_000;

/** Hashes that a share of difficulty 1 stands for. */
const HASHES_PER_DIFFICULTY = 2 ** 32;

/** Keeps the hashrates of the last day. Times are monotonic, in milliseconds. */
export class UsualHashrate {
  /** Hashes a second, by step; NaN where the farm did not work. */
  readonly #rates = new Float64Array(KEPT).fill(NaN);
  #step: number | undefined;
  #workedMs = 0;
  #work = 0;
  #lastTime = 0;
  #lastDifficulty = 0;

  /**
   * Notes the state of the farm; call it every few seconds.
   *
   * @param difficulty The sum of the difficulties of all good shares up to now.
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

  /** Takes the last day for one with this median, until more is known: for a start. */
  recall(median: number): void {
    this.#rates.fill(median);
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
