/**
 * Which pools get no warm spare because they close idle connections: a spare would only cost the
 * pool a connection and us a log line. We connect to such a pool only when it is needed.
 */

/** A pool that closed this many spares in a row, none of which ever served, gets no more. */
export const CLOSES_UNTIL_COLD = 3;

/**
 * A spare that lived this long, in milliseconds, was not closed for being idle: pools also restart.
 * The longest known idle time-out is two hours.
 */
export const LONGEST_IDLE_MS = 3 * 3_600_000;

/** What pools did with an account's spares, by their ids. */
export class ColdSpares {
  /** Closes in a row. */
  readonly #closes = new Map<number, number>();

  /** Whether a pool gets no spare. */
  isCold(poolId: number): boolean {
    return this.#closesOf(poolId) >= CLOSES_UNTIL_COLD;
  }

  /** A pool closed a spare that had been ready for `heldMs` and never served. */
  closed(poolId: number, heldMs: number): void {
    this.#closes.set(poolId, heldMs < LONGEST_IDLE_MS ? this.#closesOf(poolId) + 1 : 0);
  }

  /** A pool serves miners, so its spare was useful. */
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
