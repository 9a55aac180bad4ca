/**
 * Shares that a pool refuses as too low while lines to or from it are late: however many they are,
 * nobody could have known better.
 */

import type { Timer, Timers } from "../../lib/base/clock.ts";

/** What was on its way when lines were late no more has come within this time, in milliseconds. */
const CATCH_UP_MS = 1_500;

/** Sums them up over all spells of lateness, which may overlap. */
export class DifficultyRefusals {
  readonly #count: () => number;
  #reasons = 0;
  #before = 0;
  #sum = 0;
  readonly #timers: Timers;
  readonly #ending = new Set<Timer>();

  /** `count` is how many have been refused so far. */
  constructor(count: () => number, timers: Timers) {
    this.#count = count;
    this.#timers = timers;
  }

  /** How many were refused while lines were late. */
  get whileLate(): number {
    return this.#sum + (this.#reasons > 0 ? this.#count() - this.#before : 0);
  }

  /** One more reason begins, or one ends. */
  linesAreLate(areLate: boolean): void {
    if (areLate) {
      if (this.#reasons++ === 0) this.#before = this.#count();
      return;
    }
    const timer = this.#timers.after(CATCH_UP_MS, () => {
      this.#ending.delete(timer);
      if (this.#reasons === 1) this.#sum += this.#count() - this.#before;
      this.#reasons--;
    });
    this.#ending.add(timer);
  }

  /** Nothing is late any more. */
  stop(): void {
    for (const timer of this.#ending) this.#timers.clear(timer);
    this.#ending.clear();
  }
}
