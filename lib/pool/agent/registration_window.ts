/**
 * How many bytes that only register miners, or forget them, may be on their way to a pool; pure.
 *
 * Shares wait for them, so on a slow line a crowd that logs in would delay everybody's. What the
 * kernel has taken says nothing: it takes megabytes that a slow line has still to carry. So the pool
 * is asked a harmless question after some of them, and its answer says how long all that took.
 */

/** To begin with: a second on a line of 16 KB/s, some 160 miners. */
const FIRST_BYTES = 16 * 1024;

/** The bounds, whatever the answers say. */
const LEAST_BYTES = 4 * 1024;
const MOST_BYTES = 1 << 20;

/**
 * An answer that takes no longer than this beside the way there and back allows twice as much, one
 * that takes longer than that half of it.
 */
const FAST_MS = 250;
const SLOW_MS = 500;

/** No way there and back is believed to take longer. */
const MAX_ROUND_TRIP_MS = 2_000;

/** A pool that has never answered such a question is not asked again after this long. */
const MUTE_MS = 5_000;

/** See above. Times are monotonic, in milliseconds. */
export class RegistrationWindow {
  #bytes = FIRST_BYTES;
  /** Those that may still be on their way. */
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

  /** How many bytes there is room for in all. */
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

  /** To be called several times a second. @returns whether the pool turned out to answer nothing. */
  tick(time: number): boolean {
    if (this.#answers !== undefined || this.#question === undefined) return false;
    if (time - this.#question.at < MUTE_MS) return false;
    this.#answers = false;
    this.#question = undefined;
    this.#onTheWay = 0;
    return true;
  }
}
