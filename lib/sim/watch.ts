/**
 * Waiting for something to become true in a simulation, without sleeping.
 */

import type { Timers } from "../base/clock.ts";

const DEFAULT_TIMEOUT_MS = 60_000;

/**
 * Conditions that something waits for. The simulation calls {@linkcode Watch.changed} as it goes
 * on.
 */
export class Watch {
  readonly #timers: Timers;
  readonly #checks = new Set<() => void>();
  #isChecking = false;

  /** Starts without waits; `timers` ends waits that take too long. */
  constructor(timers: Timers) {
    this.#timers = timers;
  }

  /** Checks all conditions after a change. Cheap while nothing waits. */
  changed(): void {
    if (this.#isChecking || this.#checks.size === 0) return;
    this.#isChecking = true;
    queueMicrotask(() => {
      this.#isChecking = false;
      for (const check of this.#checks) check();
    });
  }

  /**
   * Settles as soon as `condition` is true.
   *
   * @throws Error (rejects) when it is still false after `timeoutMs`, or when it throws.
   */
  until(condition: () => boolean, timeoutMs: number = DEFAULT_TIMEOUT_MS): Promise<void> {
    return new Promise((resolve, reject) => {
      const settle = (finish: () => void) => {
        this.#timers.clear(timer);
        this.#checks.delete(check);
        finish();
      };
      const check = () => {
        try {
          if (condition()) settle(resolve);
        } catch (error) {
          settle(() => reject(error));
        }
      };
      const timer = this.#timers.after(timeoutMs, () => {
        settle(() =>
          reject(new Error(`Cannot go on: ${condition} was not true within ${timeoutMs} ms`))
        );
      });
      this.#checks.add(check);
      check();
    });
  }
}
