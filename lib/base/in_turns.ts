/**
 * Runs long work in small parts, so that it keeps nothing else waiting.
 */

import type { Timer, Timers } from "./clock.ts";

/** A long piece of work, done in a few steps per turn, so that everything else runs in between. */
export class InTurns {
  readonly #timers: Timers;
  readonly #stepsPerTurn: number;
  readonly #pauseMs: number;
  #work: Iterator<void> | undefined;
  #timer: Timer | undefined;

  /**
   * Runs `stepsPerTurn` steps in a turn and waits `pauseMs` milliseconds between turns: without a
   * pause Deno would not serve its sockets in between.
   */
  constructor(timers: Timers, stepsPerTurn: number, pauseMs: number) {
    this.#timers = timers;
    this.#stepsPerTurn = stepsPerTurn;
    this.#pauseMs = pauseMs;
  }

  /**
   * Starts the iterator that `begin` returns: one step for each of its values. Does nothing while
   * work is still running.
   */
  run(begin: () => Iterator<void>): void {
    if (this.#work !== undefined) return;
    this.#work = begin();
    this.#turn();
  }

  /** Drops the steps that are left. */
  stop(): void {
    this.#timers.clear(this.#timer);
    this.#work = undefined;
  }

  /** Takes a step. Work that throws is over; the next `run` starts again. */
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
