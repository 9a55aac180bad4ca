/**
 * How long there was no pool, minute by minute over the last day, so that it can be told from any
 * moment on: midnight is where the clock on the wall says, and that may be set at any time.
 *
 * Times are monotonic, in milliseconds.
 */

const MINUTE_MS = 60_000;

/** A day with one hour more has 25. */
const MINUTES = 25 * 60 + 1;

/** Counts the time without a pool. 6 KB. */
export class OutageTime {
  readonly #msOf = new Float32Array(MINUTES);
  #since: number | undefined;
  #notedUpTo = 0;
  #newest = 0;

  /** Since when there has been none; `undefined` while there is one. */
  get since(): number | undefined {
    return this.#since;
  }

  /** It is so from `time` on. To be called every few seconds while it lasts, too. */
  note(isOutage: boolean, time: number): void {
    this.#advance(time);
    if (this.#since !== undefined) this.#spread(this.#notedUpTo, time);
    this.#notedUpTo = time;
    this.#since = isOutage ? this.#since ?? time : undefined;
  }

  /** How long it was so from `start` to `time`, in milliseconds. */
  sum(start: number, time: number): number {
    this.note(this.#since !== undefined, time);
    let sum = 0;
    const first = Math.max(Math.floor(start / MINUTE_MS), this.#newest - MINUTES + 1);
    for (let minute = Math.max(0, first); minute <= this.#newest; minute++) {
      const ms = this.#msOf[minute % MINUTES]!;
      // Of the minute it begins in, at most what is after that.
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
