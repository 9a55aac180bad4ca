/**
 * Actions that a simulated pool repeats by itself, such as making jobs.
 */

import type { Timer, Timers } from "../base/clock.ts";

/** Repeats actions until {@linkcode Routine.stop}. */
export class Routine {
  readonly #timers: Timers;
  readonly #running: Timer[] = [];

  /** Starts without any action. */
  constructor(timers: Timers) {
    this.#timers = timers;
  }

  /** Calls `act` at this interval; 0 for never. */
  every(intervalMs: number, act: () => void): void {
    if (intervalMs > 0) this.#running.push(this.#timers.every(intervalMs, act));
  }

  /** Stops all actions. */
  stop(): void {
    for (const timer of this.#running) this.#timers.clear(timer);
  }
}
