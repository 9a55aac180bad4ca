/**
 * Counts shares that a pool refuses as too low while lines to or from it are late: they are
 * nobody's fault, whatever their number.
 */

import type { Timer, Timers } from "../../lib/base/clock.ts";

/** After the delay ends, everything in flight arrives within this time, in milliseconds. */
const CATCH_UP_MS = 1_500;

/** Sums them up over all periods of late lines, which may overlap. */
export class DifficultyRefusals {
  readonly #count: () => number;
  #reasons = 0;
  #before = 0;
  #sum = 0;
  readonly #timers: Timers;
  readonly #ending = new Set<Timer>();

  /** `count` returns the number of shares refused so far. */
  constructor(count: () => number, timers: Timers) {
    this.#count = count;
    this.#timers = timers;
  }

  /** The number refused while lines were late. */
  get whileLate(): number {
    return this.#sum + (this.#reasons > 0 ? this.#count() - this.#before : 0);
  }

  /** Notes that one more cause of late lines starts or ends. */
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

  /** Ends all causes of late lines. */
  stop(): void {
    for (const timer of this.#ending) this.#timers.clear(timer);
    this.#ending.clear();
  }
}
