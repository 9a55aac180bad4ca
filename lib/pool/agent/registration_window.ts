/**
 * How many bytes that only register miners, or forget them, may be on their way to a pool; pure.
 *
 * Shares wait for them, so on a slow line a crowd that logs in would delay the shares of all
 * miners. The bytes that the kernel accepted show nothing: it accepts megabytes that a slow line
 * has not carried yet. So the pool gets a harmless question after some registrations, and the time
 * of its answer shows how long all of that took.
 */

/** The first size: one second on a line of 16 KB/s, about 160 miners. */
const FIRST_BYTES = 16 * 1024;

/** The bounds, whatever the answers say. */
const LEAST_BYTES = 4 * 1024;
const MOST_BYTES = 1 << 20;

/**
 * An answer that takes at most this long in addition to the round trip doubles the window; a slower
 * answer halves it.
 */
const FAST_MS = 250;
const SLOW_MS = 500;

/** The longest round trip that is believed. */
const MAX_ROUND_TRIP_MS = 2_000;

/** A pool that has not answered the first question after this long is not asked again. */
const MUTE_MS = 5_000;

/** How many bytes of registrations may be on their way. Times are monotonic, in milliseconds. */
export class RegistrationWindow {
  #bytes = FIRST_BYTES;
  /** Bytes that may still be on their way. */
  #onTheWay = 0;
  /** The question that is not answered: when it was asked, and what was on the way then. */
  #question: { readonly at: number; readonly bytes: number } | undefined;
  #answers: boolean | undefined;
  #roundTripMs = 0;

  /** The pool's first answer, before any registration, took this long. */
  heardAfter(ms: number): void {
    this.#roundTripMs = Math.min(ms, MAX_ROUND_TRIP_MS);
  }

  /** Whether more may be sent. */
  get isOpen(): boolean {
    return this.#onTheWay < this.#bytes;
  }

  /** The size of the window in bytes. */
  get size(): number {
    return this.#bytes;
  }

  /** Whether a question is due. */
  get isQuestionDue(): boolean {
    return this.#answers !== false && this.#question === undefined &&
      this.#onTheWay >= this.#bytes / 2;
  }

  /** Bytes were sent. */
  sent(bytes: number): void {
    if (this.#answers !== false) this.#onTheWay += bytes;
  }

  /** A question was sent after them. */
  asked(time: number): void {
    this.#question = { at: time, bytes: this.#onTheWay };
  }

  /** It was answered. */
  answered(time: number): void {
    if (this.#question === undefined) return;
    const { at, bytes } = this.#question;
    this.#question = undefined;
    this.#answers = true;
    this.#onTheWay -= bytes;
    const ms = time - at - this.#roundTripMs;
    if (ms <= FAST_MS) this.#bytes = Math.min(this.#bytes * 2, MOST_BYTES);
    else if (ms > SLOW_MS) this.#bytes = Math.max(this.#bytes / 2, LEAST_BYTES);
  }

  /**
   * Call this several times a second. @returns whether the pool turned out to answer no
   * questions.
   */
  tick(time: number): boolean {
    if (this.#answers !== undefined || this.#question === undefined) return false;
    if (time - this.#question.at < MUTE_MS) return false;
    this.#answers = false;
    this.#question = undefined;
    this.#onTheWay = 0;
    return true;
  }
}
