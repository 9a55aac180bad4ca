/**
 * How much an engine sends to crowds before it lets everything else have its turn.
 */

/** The most sends in one turn, about 2 ms of work: shares are read between turns. */
const SENDS = 128;

/** Bytes in one turn; a last message may go beyond, but the sum stays far below 512 KB. */
const BYTES = 256 * 1024;

/** A send costs as much as asking this number of peers that have no news. */
const VISITS_OF_A_SEND = 16;

/** What is left of one turn. */
export class TurnBudget {
  /** Counted in visits, because a fraction would be stored as an object. */
  #visits = SENDS * VISITS_OF_A_SEND;
  #bytes = BYTES;

  /** Whether this turn's budget is used up. */
  get isSpent(): boolean {
    return this.#visits <= 0 || this.#bytes <= 0;
  }

  /** Counts a peer that had its turn and was sent this many bytes. */
  spend(bytes: number): void {
    this.#visits -= bytes > 0 ? VISITS_OF_A_SEND : 1;
    this.#bytes -= bytes;
  }

  /** Starts another turn. */
  refill(): void {
    this.#visits = SENDS * VISITS_OF_A_SEND;
    this.#bytes = BYTES;
  }
}
