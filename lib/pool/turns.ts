/**
 * Limits how much of a pool's stream is handled before everything else gets a turn: one read may
 * lead to thousands of lines to miners.
 */

import type { Timers } from "../base/clock.ts";

/** The messages handled in one turn, each of which may be a line to a miner. */
export const WORK_PER_TURN = 256;

/** Reading this many bytes of JSON takes as long as a line to a miner. */
const BYTES_OF_WORK = 256;

/** Counts the work of one connection. */
export class Turns {
  readonly #timers: Pick<Timers, "nextTurn">;
  /** The work done in this turn, in bytes of JSON. */
  #work = 0;

  /** `timers` give the next turn. */
  constructor(timers: Pick<Timers, "nextTurn">) {
    this.#timers = timers;
  }

  /** Bytes were read. */
  read(bytes: number): void {
    this.#work += bytes;
  }

  /** This number of messages, or of miners named in one, were handled. */
  worked(count: number): void {
    this.#work += count * BYTES_OF_WORK;
  }

  /** Whether this turn is used up. */
  get areOver(): boolean {
    return this.#work >= WORK_PER_TURN * BYTES_OF_WORK;
  }

  /** Waits until everything else has had a turn. */
  next(): Promise<void> {
    this.#work = 0;
    return new Promise((resolve) => this.#timers.nextTurn(resolve));
  }
}
