/**
 * How many connections of single workers may be open, of all accounts together: each is an open file.
 */

/** See above. One for all accounts of the process. */
export class WorkerQuota {
  #most: number;
  #open = 0;
  #isFullSaid = false;

  /** None is open; `most` may be. */
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

  /** Another number may be open from now on; what is open stays. */
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

  /** Whether to say now that there is no room: once. */
  takeSaying(): boolean {
    const isNew = !this.#isFullSaid;
    this.#isFullSaid = true;
    return isNew;
  }
}
