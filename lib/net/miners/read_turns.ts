/**
 * Lets many connections that always have something to read take turns with everything else.
 *
 * The runtime under Deno (tokio) finishes at most 128 reads and writes in a turn of its event loop,
 * and what it puts off it takes up again last come, first served. Sockets that are ready at once,
 * each with a read and a write, so kept all others waiting for seconds, the pool's among them. With
 * far fewer begun in a turn, what was put off gets done. Measured in scripts/bench/README.md.
 */

import type { Timers } from "../../base/clock.ts";

/** Reads begun in a turn: with an answer written for each, a quarter of what the runtime does. */
const READS_IN_A_TURN = 16;

/**
 * Begins reads in the order they were asked for, a bounded number of them in a turn; says when the
 * next turn is, for whatever else shall not run ahead of the reads.
 */
export class ReadTurns {
  readonly #nextTurn: Timers["nextTurn"];
  #begun = 0;
  #resting: (() => void)[] = [];

  /** No read has been asked for yet. */
  constructor(nextTurn: Timers["nextTurn"]) {
    this.#nextTurn = nextTurn;
  }

  /** Calls `begin` at once or, after many others, in one of the next turns. */
  take(begin: () => void): void {
    if (this.#begun < READS_IN_A_TURN) {
      this.#begun++;
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
    this.#begun = due.length;
    if (this.#resting.length > 0) this.#nextTurn(() => this.#goOn());
    for (const begin of due) begin();
  }
}
