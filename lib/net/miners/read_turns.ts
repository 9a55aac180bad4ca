/**
 * Lets everything else run between the reads of many busy connections.
 *
 * The runtime under Deno (tokio) finishes at most 128 reads and writes in a turn of its event loop,
 * and takes up the rest last come, first served. Many sockets that were ready at the same time,
 * each with a read and a write, kept all others waiting for seconds, also the pool's. With far
 * fewer reads started in a turn, the rest gets done. Measured in scripts/bench/README.md.
 */

import type { Timers } from "../../base/clock.ts";

/** Reads started in a turn: with one answer for each, a quarter of what the runtime finishes. */
const READS_IN_A_TURN = 16;

/**
 * Starts reads in the order of the requests, a bounded number in a turn. Also says when the next
 * turn is, for work that must not run ahead of the reads.
 */
export class ReadTurns {
  readonly #nextTurn: Timers["nextTurn"];
  #started = 0;
  #resting: (() => void)[] = [];

  /** No read is waiting yet. */
  constructor(nextTurn: Timers["nextTurn"]) {
    this.#nextTurn = nextTurn;
  }

  /** Calls `begin` at once or, if many wait, in one of the next turns. */
  take(begin: () => void): void {
    if (this.#started < READS_IN_A_TURN) {
      this.#started++;
      begin();
    } else if (this.#resting.push(begin) === 1) {
      this.#nextTurn(() => this.#goOn());
    }
  }

  /** Resolves in the next turn. */
  next(): Promise<void> {
    return new Promise((resolve) => this.#nextTurn(resolve));
  }

  #goOn(): void {
    const due = this.#resting.splice(0, READS_IN_A_TURN);
    this.#started = due.length;
    if (this.#resting.length > 0) this.#nextTurn(() => this.#goOn());
    for (const begin of due) begin();
  }
}
