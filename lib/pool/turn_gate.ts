/**
 * Has thousands of connections that are sent a job at one moment deal with it a few in a turn, so that
 * everybody else has turns in between.
 */

import type { Timers } from "../base/clock.ts";

/** What is read on these many connections in a turn takes about 10 ms. */
export const READS_PER_TURN = 16;

/** One for many connections. */
export class TurnGate {
  readonly #timers: Pick<Timers, "nextTurn">;
  readonly #waiting: (() => void)[] = [];
  #passed = 0;
  #isTurnDue = false;

  /** `timers` give the next turn. */
  constructor(timers: Pick<Timers, "nextTurn">) {
    this.#timers = timers;
  }

  /** Resolves when what was read may be dealt with; those that came first go first. */
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
