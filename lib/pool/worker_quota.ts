/**
 * Limits the open connections of single workers, for all accounts together: each is an open file.
 */

/** Counts these connections. One for all accounts of the process. */
export class WorkerQuota {
  #most: number;
  #open = 0;
  #isFullSaid = false;

  /** At most `most` may be open; none is. */
  constructor(most: number) {
    this.#most = most;
  }

  /** How many may be open. */
  get most(): number {
    return this.#most;
  }

  /** Whether one more may be opened. */
  get hasRoom(): boolean {
    return this.#open < this.#most;
  }

  /** Changes the limit; open connections stay. */
  reconfigure(most: number): void {
    this.#most = most;
    this.#isFullSaid = false;
  }

  /** One more is open. */
  take(): void {
    this.#open++;
  }

  /** One is closed. */
  give(): void {
    this.#open--;
  }

  /** Whether to log now that there is no room; true once. */
  takeSaying(): boolean {
    const isNew = !this.#isFullSaid;
    this.#isFullSaid = true;
    return isNew;
  }
}
