/**
 * Which pools are kept without a warm spare, for they close connections that do nothing: a spare is
 * only a cost to them and a line in the log to us. Such a pool is connected to when it is needed.
 */

/** A pool that closed this many spares in a row, none of which ever served, gets no more. */
export const CLOSES_UNTIL_COLD = 3;

/**
 * A spare that stayed this long, in milliseconds, was not closed for idleness: pools restart, too. The
 * longest idle time-out known is two hours.
 */
export const LONGEST_IDLE_MS = 3 * 3_600_000;

/** What pools did with an account's spares, by their ids. */
export class ColdSpares {
  /** Closes in a row. */
  readonly #closes = new Map<number, number>();

  /** Whether no spare is kept at a pool. */
  isCold(poolId: number): boolean {
    return this.#closesOf(poolId) >= CLOSES_UNTIL_COLD;
  }

  /** A pool closed a spare that had been ready for `heldMs` and never served. */
  closed(poolId: number, heldMs: number): void {
    this.#closes.set(poolId, heldMs < LONGEST_IDLE_MS ? this.#closesOf(poolId) + 1 : 0);
  }

  /** A pool serves: the spare was worth it. */
  served(poolId: number): void {
    this.#closes.delete(poolId);
  }

  /** The operator changed something: every pool gets spares again. */
  forget(): void {
    this.#closes.clear();
  }

  #closesOf(poolId: number): number {
    return this.#closes.get(poolId) ?? 0;
  }
}
