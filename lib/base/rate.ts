/**
 * Limits how often a peer may do something: a number of times a second, and more at once after a
 * rest.
 *
 * Only one number is kept for a peer: the time when its whole allowance is available again.
 */

/** An allowance that each peer has for itself. */
export class Rate {
  readonly #costMs: number;
  readonly #roomMs: number;

  /** `perSecond` times a second in the long run, `burst` at once after a pause; neither is 0. */
  constructor(perSecond: number, burst: number) {
    this.#costMs = 1000 / perSecond;
    this.#roomMs = this.#costMs * burst;
  }

  /**
   * Takes one or `count` from a peer's allowance, but never more than the peer has after a pause.
   *
   * @param restedAt What the last call returned for this peer; 0 for none.
   * @param now Milliseconds of real time, on a clock that started at 0 or later.
   * @param awayMs How long this process was away and did not read: what the peer sent meanwhile
   * comes all at once, and may use the allowance of that time.
   * @returns the number to keep for the peer, or `undefined` if its allowance is used up.
   */
  take(restedAt: number, now: number, awayMs: number = 0, count: number = 1): number | undefined {
    const costMs = Math.min(this.#costMs * count, this.#roomMs);
    const next = Math.max(restedAt, now - awayMs) + costMs;
    // Sums of fractions may be slightly too high.
    return next - now > this.#roomMs + 1e-3 ? undefined : next;
  }

  /** The number to keep for a peer that took one more, even if its allowance was used up. */
  takeAnyway(restedAt: number, now: number): number {
    return Math.max(restedAt, now) + this.#costMs;
  }

  /** How long until a peer may take one, in milliseconds; 0 for now. Arguments as above. */
  waitMs(restedAt: number, now: number): number {
    return Math.max(0, restedAt + this.#costMs - this.#roomMs - now);
  }
}
