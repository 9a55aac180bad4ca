/**
 * Limits how often something may happen: at a steady rate in the long run, several times at once
 * after a pause.
 */
export class Allowance {
  readonly #everyMs: number;
  readonly #roomMs: number;
  /** When the whole allowance is available again. */
  #restedAt = -Infinity;

  /** Once in `everyMs` milliseconds in the long run, `burst` times at once after a pause. */
  constructor(everyMs: number, burst: number) {
    this.#everyMs = everyMs;
    this.#roomMs = everyMs * burst;
  }

  /**
   * Takes one at `time`, in milliseconds.
   *
   * @param awayMs How long this process was away, for events of others: those of that time are all
   * seen at once, and may use the allowance of that time.
   * @returns whether one was left to take.
   */
  take(time: number, awayMs: number = 0): boolean {
    const next = Math.max(this.#restedAt, time - awayMs) + this.#everyMs;
    if (next - time > this.#roomMs) return false;
    this.#restedAt = next;
    return true;
  }
}
