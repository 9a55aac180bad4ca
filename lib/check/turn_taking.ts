/**
 * Runs many tasks, a limited number of them at once.
 */

/** Hands out turns. */
export class TurnTaking {
  readonly #most: number;
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  /** At most `most` tasks run at a time. */
  constructor(most: number) {
    this.#most = most;
  }

  /** Runs `task` when it is its turn. */
  async take<T>(task: () => Promise<T>): Promise<T> {
    if (this.#running >= this.#most) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    } else {
      this.#running++;
    }
    try {
      return await task();
    } finally {
      const next = this.#waiting.shift();
      // The next waiting task takes over this place.
      if (next === undefined) this.#running--;
      else next();
    }
  }
}
