/**
 * When to look next while busy: on one timer that keeps going. To set a timer for each of four
 * hundred looks a second costs a tenth of all that a farm of five hundred miners takes.
 */

import type { Timer, Timers } from "../../base/clock.ts";

/** Says when the next look is due; one look is waited for at a time. */
export class Looks {
  readonly #timers: Timers;
  readonly #everyMs: number;
  #timer: Timer | undefined;
  #due: (() => void) | undefined;

  /** Begins with the first look that is waited for. */
  constructor(timers: Timers, everyMs: number) {
    this.#timers = timers;
    this.#everyMs = everyMs;
  }

  /** Resolves when it is time for the next look. */
  next(): Promise<void> {
    this.#timer ??= this.#timers.every(this.#everyMs, () => this.#tick());
    return new Promise((resolve) => this.#due = resolve);
  }

  /** No look is waited for until {@linkcode Looks.next} is called again. */
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
