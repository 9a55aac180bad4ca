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

  /** Takes one at `time`, in milliseconds. @returns whether there was one to take. */
  take(time: number): boolean {
    const next = Math.max(this.#restedAt, time) + this.#everyMs;
    if (next - time > this.#roomMs) return false;
    this.#restedAt = next;
    return true;
  }
}
