/**
 * When the program stops in order, and when at once. Pure: the listener asks here.
 */

/**
 * A stop signal this soon after the first is the same one: a terminal sends Ctrl+C to every process
 * in it, and a task runner passes it on once more.
 */
export const SAME_SIGNAL_MS = 1_000;

/** What this needs of the program. */
export interface StopRequestOptions {
  /** Monotonic, in milliseconds. */
  readonly now: () => number;
  /** Begins the orderly stop; called once. */
  readonly stop: () => void;
  /** Ends the program at once. */
  readonly exit: () => void;
}

/** The first request stops in order; one that comes {@linkcode SAME_SIGNAL_MS} later ends it. */
export class StopRequest {
  readonly #options: StopRequestOptions;
  #firstAt: number | undefined;

  /** Nothing is asked for yet. */
  constructor(options: StopRequestOptions) {
    this.#options = options;
  }

  /** Whether a stop was asked for. */
  get isMade(): boolean {
    return this.#firstAt !== undefined;
  }

  /** A stop signal has come. */
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
