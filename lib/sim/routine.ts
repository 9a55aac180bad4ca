/**
 * What a simulated pool does again and again by itself, as making jobs.
 */

import type { Timer, Timers } from "../base/clock.ts";

/** Acts that repeat until {@linkcode Routine.stop}. */
export class Routine {
  readonly #timers: Timers;
  readonly #running: Timer[] = [];

  /** Nothing repeats yet. */
  constructor(timers: Timers) {
    this.#timers = timers;
  }

  /** Calls `act` at this interval; 0 for never. */
  every(intervalMs: number, act: () => void): void {
    if (intervalMs > 0) this.#running.push(this.#timers.every(intervalMs, act));
  }

  /** Ends all of it. */
  stop(): void {
    for (const timer of this.#running) this.#timers.clear(timer);
  }
}
