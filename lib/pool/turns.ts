/**
 * How much is done of a pool's stream before everybody else has a turn: one read may hold what
 * becomes thousands of lines to miners.
 */

import type { Timers } from "../base/clock.ts";

/** Messages in one turn, each of which may be a line to a miner. */
export const WORK_PER_TURN = 256;

/** Reading this many bytes of JSON takes as long as a line to a miner. */
const BYTES_OF_WORK = 256;

/** Counts the work of one connection. */
export class Turns {
  readonly #timers: Pick<Timers, "nextTurn">;
  /** What was done in this turn, in bytes of JSON. */
  #work = 0;

  /** `timers` give the next turn. */
  constructor(timers: Pick<Timers, "nextTurn">) {
    this.#timers = timers;
  }

  /** Bytes were read. */
  read(bytes: number): void {
    this.#work += bytes;
  }

  /** This number of messages, or of miners named in one, were dealt with. */
  worked(count: number): void {
    this.#work += count * BYTES_OF_WORK;
  }

  /** Whether it is others' turn. */
  get areOver(): boolean {
    return this.#work >= WORK_PER_TURN * BYTES_OF_WORK;
  }

  /** Has everybody else take their turn. */
  next(): Promise<void> {
    this.#work = 0;
    return new Promise((resolve) => this.#timers.nextTurn(resolve));
  }
}
