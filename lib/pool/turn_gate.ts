/**
 * When thousands of connections get a job at one moment, lets a few of them handle it in each turn,
 * so that everything else gets turns in between.
 */

import type { Timers } from "../base/clock.ts";

/** Handling what was read on this number of connections takes about 10 ms. */
export const READS_PER_TURN = 16;

/** Lets many connections take turns. */
export class TurnGate {
  readonly #timers: Pick<Timers, "nextTurn">;
  readonly #waiting: (() => void)[] = [];
  #passed = 0;
  #isTurnDue = false;

  /** `timers` give the next turn. */
  constructor(timers: Pick<Timers, "nextTurn">) {
    this.#timers = timers;
  }

  /** Resolves when the caller may handle what it read; first come, first served. */
  async pass(): Promise<void> {
    this.#awaitTurn();
    if (this.#passed < READS_PER_TURN) {
      this.#passed++;
      return;
    }
    await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  #awaitTurn(): void {
    if (this.#isTurnDue) return;
    this.#isTurnDue = true;
    this.#timers.nextTurn(() => this.#turn());
  }

  #turn(): void {
    this.#isTurnDue = false;
    const next = this.#waiting.splice(0, READS_PER_TURN);
    this.#passed = next.length;
    if (next.length > 0) this.#awaitTurn();
    for (const resolve of next) resolve();
  }
}
