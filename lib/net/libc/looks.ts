/**
 * Says when to look next while busy, by one timer that keeps running. Setting a new timer for each
 * of four hundred looks a second would cost a tenth of the CPU time of a farm of five hundred
 * miners.
 */

import type { Timer, Timers } from "../../base/clock.ts";

/** Says when the next look is due; one look is waited for at a time. */
export class Looks {
  readonly #timers: Timers;
  readonly #everyMs: number;
  #timer: Timer | undefined;
  #due: (() => void) | undefined;

  /** The timer starts with the first call of `next`. */
  constructor(timers: Timers, everyMs: number) {
    this.#timers = timers;
    this.#everyMs = everyMs;
  }

  /** Resolves when it is time for the next look. */
  next(): Promise<void> {
    this.#timer ??= this.#timers.every(this.#everyMs, () => this.#tick());
    return new Promise((resolve) => this.#due = resolve);
  }

  /** Stops the timer until {@linkcode Looks.next} is called again. */
  stop(): void {
    if (this.#timer === undefined) return;
    this.#timers.clear(this.#timer);
    this.#timer = undefined;
  }

  #tick(): void {
    const due = this.#due;
    this.#due = undefined;
    due?.();
  }
}
