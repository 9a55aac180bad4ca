/**
 * Work that takes long, and yet keeps nothing waiting.
 */

import type { Timer, Timers } from "./clock.ts";

/**
 * A long piece of work, done a few steps in a turn, so that whatever else there is has its turn in
 * between.
 */
export class InTurns {
  readonly #timers: Timers;
  readonly #stepsPerTurn: number;
  readonly #pauseMs: number;
  #work: Iterator<void> | undefined;
  #timer: Timer | undefined;

  /**
   * So many steps in a turn, and such a pause between turns, in milliseconds: with none at all Deno
   * would not look at its sockets in between.
   */
  constructor(timers: Timers, stepsPerTurn: number, pauseMs: number) {
    this.#timers = timers;
    this.#stepsPerTurn = stepsPerTurn;
    this.#pauseMs = pauseMs;
  }

  /** Begins with what `begin` gives, one step before each of its values; nothing if still at work. */
  run(begin: () => Iterator<void>): void {
    if (this.#work !== undefined) return;
    this.#work = begin();
    this.#turn();
  }

  /** Leaves undone what is not done. */
  stop(): void {
    this.#timers.clear(this.#timer);
    this.#work = undefined;
  }

  /** Takes a step. What throws in one is over; the next `run` begins anew. */
  #isDone(): boolean {
    try {
      return this.#work?.next().done !== false;
    } catch (error) {
      this.#work = undefined;
      throw error;
    }
  }

  #turn(): void {
    for (let left = this.#stepsPerTurn; left > 0; left--) {
      if (this.#isDone()) {
        this.#work = undefined;
        return;
      }
    }
    this.#timer = this.#timers.after(this.#pauseMs, () => this.#turn());
  }
}
