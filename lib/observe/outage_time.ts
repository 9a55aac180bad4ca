/**
 * How long there was no pool, minute by minute over the last day, so that the sum can start at any
 * moment: midnight moves when the wall clock is set.
 *
 * Times are monotonic, in milliseconds.
 */

const MINUTE_MS = 60_000;

/** A day can have 25 hours, when summer time ends. */
const MINUTES = 25 * 60 + 1;

/** Counts the time without a pool. Takes 6 KB. */
export class OutageTime {
  readonly #msOf = new Float32Array(MINUTES);
  #since: number | undefined;
  #notedUpTo = 0;
  #newest = 0;
  #totalMs = 0;

  /** How long there was none since the start, in milliseconds, as far as it is noted. */
  get totalMs(): number {
    return this.#totalMs;
  }

  /** When the current outage began; `undefined` while there is a pool. */
  get since(): number | undefined {
    return this.#since;
  }

  /**
   * Notes whether there is an outage from `time` on. Call it every few seconds, also while nothing
   * changes.
   */
  note(isOutage: boolean, time: number): void {
    this.#advance(time);
    if (this.#since !== undefined) {
      this.#totalMs += Math.max(0, time - this.#notedUpTo);
      this.#spread(this.#notedUpTo, time);
    }
    this.#notedUpTo = time;
    this.#since = isOutage ? this.#since ?? time : undefined;
  }

  /** Returns the time without a pool between `start` and `time`, in milliseconds. */
  sum(start: number, time: number): number {
    this.note(this.#since !== undefined, time);
    let sum = 0;
    const first = Math.max(Math.floor(start / MINUTE_MS), this.#newest - MINUTES + 1);
    for (let minute = Math.max(0, first); minute <= this.#newest; minute++) {
      const ms = this.#msOf[minute % MINUTES]!;
      // The minute that contains `start` counts only with the time after it.
      sum += Math.min(ms, (minute + 1) * MINUTE_MS - start);
    }
    return sum;
  }

  #advance(time: number): void {
    const now = Math.floor(time / MINUTE_MS);
    for (let minute = Math.max(this.#newest + 1, now - MINUTES + 1); minute <= now; minute++) {
      this.#msOf[minute % MINUTES] = 0;
    }
    this.#newest = Math.max(this.#newest, now);
  }

  #spread(from: number, to: number): void {
    let at = Math.max(from, (this.#newest - MINUTES + 1) * MINUTE_MS);
    while (at < to) {
      const minute = Math.floor(at / MINUTE_MS);
      const end = Math.min(to, (minute + 1) * MINUTE_MS);
      this.#msOf[minute % MINUTES]! += end - at;
      at = end;
    }
  }
}
