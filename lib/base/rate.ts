/**
 * How often a peer may do something: a number of times a second, and more at once after a rest.
 *
 * All that is kept of a peer is one number, the time at which its whole allowance is there again.
 */

/** An allowance every peer has for itself. */
export class Rate {
  readonly #costMs: number;
  readonly #roomMs: number;

  /** `perSecond` times a second in the long run, `burst` at once after a rest; neither is 0. */
  constructor(perSecond: number, burst: number) {
    this.#costMs = 1000 / perSecond;
    this.#roomMs = this.#costMs * burst;
  }

  /**
   * Takes from a peer's allowance: one, or `count`, but never more than there is after a rest.
   *
   * @param restedAt What the last call returned for this peer; 0 for none.
   * @param now Milliseconds of real time, on a clock that began at 0 or later.
   * @param awayMs How long nobody was here to read what the peer sent: it comes all at once, and the
   * peer may have spent on it what it had in that time.
   * @returns what to keep of the peer, or `undefined` if it has nothing left to take from.
   */
  take(restedAt: number, now: number, awayMs: number = 0, count: number = 1): number | undefined {
    const costMs = Math.min(this.#costMs * count, this.#roomMs);
    const next = Math.max(restedAt, now - awayMs) + costMs;
    // Sums of fractions may be a little over what they should come to.
    return next - now > this.#roomMs + 1e-3 ? undefined : next;
  }

  /** What to keep of a peer that took one more, whether or not it had anything left to take from. */
  takeAnyway(restedAt: number, now: number): number {
    return Math.max(restedAt, now) + this.#costMs;
  }

  /** How long until a peer may take one, in milliseconds; 0 for now. Arguments as above. */
  waitMs(restedAt: number, now: number): number {
    return Math.max(0, restedAt + this.#costMs - this.#roomMs - now);
  }
}
