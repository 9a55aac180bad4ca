/**
 * Waiting for something to become true in a simulation, without sleeping.
 */

const DEFAULT_TIMEOUT_MS = 60_000;

/** Conditions somebody waits for. The simulation calls {@linkcode Watch.changed} as it goes on. */
export class Watch {
  readonly #checks = new Set<() => void>();
  #isChecking = false;

  /** Something a condition may ask about has changed. Cheap while nobody waits. */
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
        clearTimeout(timer);
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
      const timer = setTimeout(() => {
        settle(() =>
          reject(new Error(`Cannot go on: ${condition} was not true within ${timeoutMs} ms`))
        );
      }, timeoutMs);
      this.#checks.add(check);
      check();
    });
  }
}
