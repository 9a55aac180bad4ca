/**
 * How much an engine sends to crowds before it lets everything else have its turn.
 */

/** Sends in one turn, about 2 ms of them: shares are read between turns. */
const SENDS = 128;

/** Bytes in one turn; with the last message that starts within them far below 512 KB. */
const BYTES = 256 * 1024;

/** A send costs as much as to ask this number of peers for news when they have none. */
const VISITS_OF_A_SEND = 16;

/** What is left of one turn. */
export class TurnBudget {
  /** In visits, since any number that is not whole would be an object of its own. */
  #visits = SENDS * VISITS_OF_A_SEND;
  #bytes = BYTES;

  /** Whether there is anything left of this turn. */
  get isSpent(): boolean {
    return this.#visits <= 0 || this.#bytes <= 0;
  }

  /** A peer has had its turn and was sent this many bytes. */
  spend(bytes: number): void {
    this.#visits -= bytes > 0 ? VISITS_OF_A_SEND : 1;
    this.#bytes -= bytes;
  }

  /** Another turn starts. */
  refill(): void {
    this.#visits = SENDS * VISITS_OF_A_SEND;
    this.#bytes = BYTES;
  }
}
