/**
 * How much an engine sends to crowds before it lets everything else have its turn.
 */

/** Sends in one turn, about 2 ms of them: shares are read between turns. */
const SENDS = 128;

/** Bytes in one turn; with the last message that starts within them far below 512 KB. */
const BYTES = 256 * 1024;

/** To ask for news where there is none costs this part of a send. */
const VISIT = 1 / 16;

/** What is left of one turn. */
export class TurnBudget {
  #sends = SENDS;
  #bytes = BYTES;

  /** Whether there is anything left of this turn. */
  get isSpent(): boolean {
    return this.#sends <= 0 || this.#bytes <= 0;
  }

  /** A peer has had its turn and was sent this many bytes. */
  spend(bytes: number): void {
    this.#sends -= bytes > 0 ? 1 : VISIT;
    this.#bytes -= bytes;
  }

  /** Another turn starts. */
  refill(): void {
    this.#sends = SENDS;
    this.#bytes = BYTES;
  }
}
