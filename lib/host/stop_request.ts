/**
 * Decides whether a signal stops the program in order or at once; pure.
 */

/**
 * A stop signal this soon after the first one is the same signal: a terminal sends Ctrl+C to all
 * its processes, and a task runner passes it on once more.
 */
export const SAME_SIGNAL_MS = 1_000;

/** What {@linkcode StopRequest} needs. */
export interface StopRequestOptions {
  /** Monotonic, in milliseconds. */
  readonly now: () => number;
  /** Starts the orderly stop; called once. */
  readonly stop: () => void;
  /** Ends the program at once. */
  readonly exit: () => void;
}

/**
 * The first request starts an orderly stop; another one {@linkcode SAME_SIGNAL_MS} or more later
 * ends the program at once.
 */
export class StopRequest {
  readonly #options: StopRequestOptions;
  #firstAt: number | undefined;

  /** No stop is requested yet. */
  constructor(options: StopRequestOptions) {
    this.#options = options;
  }

  /** Whether a stop was asked for. */
  get isMade(): boolean {
    return this.#firstAt !== undefined;
  }

  /** Notes a stop signal. */
  make(): void {
    const now = this.#options.now();
    if (this.#firstAt === undefined) {
      this.#firstAt = now;
      this.#options.stop();
    } else if (now - this.#firstAt >= SAME_SIGNAL_MS) {
      this.#options.exit();
    }
  }
}
