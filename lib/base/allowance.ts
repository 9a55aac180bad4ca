/**
 * How often something may happen: now and then in the long run, and several times at once after a
 * rest.
 */
export class Allowance {
  readonly #everyMs: number;
  readonly #roomMs: number;
  /** When the whole allowance is there again. */
  #restedAt = -Infinity;

  /** Once in `everyMs` milliseconds in the long run, `burst` times at once after a rest. */
  constructor(everyMs: number, burst: number) {
    this.#everyMs = everyMs;
    this.#roomMs = everyMs * burst;
  }

  /**
   * Takes one at `time`, in milliseconds.
   *
   * @param awayMs How long nobody was here to see it happen, when others do it: what happened in
   * that time is seen all at once, and may use what there was in that time.
   * @returns whether there was one to take.
   */
  take(time: number, awayMs: number = 0): boolean {
    const next = Math.max(this.#restedAt, time - awayMs) + this.#everyMs;
    if (next - time > this.#roomMs) return false;
    this.#restedAt = next;
    return true;
  }
}
