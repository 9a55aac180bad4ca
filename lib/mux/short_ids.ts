/**
 * Decides which miners one connection can tell apart by the low byte of their session ids; pure.
 *
 * The byte of a miner that left rests until the pool's older jobs are over: another miner with the
 * same byte would search the same work again, and its shares would be duplicates.
 */

const COUNT = 256;

/** A connection with this many miners is full, because resting bytes need room, too. */
const FULL = 240;

/** How long a byte rests unless a clean job comes, in milliseconds. */
const REST_MS = 240_000;

const NOBODY = -1;

/** The low bytes in use on one connection. Times are monotonic, in milliseconds. */
export class ShortIds {
  /** The session id that has each byte, or had it last; {@linkcode NOBODY} for none. */
  readonly #owners = new Int32Array(COUNT).fill(NOBODY);
  /** When each byte started to rest; Infinity while it is in use. */
  readonly #restsSince = new Float64Array(COUNT);
  #inUse = 0;

  /** Whether a miner with this session id can be told apart from all others now. */
  isFree(sessionId: number, time: number): boolean {
    const byte = sessionId % COUNT;
    if (this.#inUse >= FULL || this.#owners[byte] !== NOBODY && this.#isInUse(byte)) return false;
    const isItsOwn = this.#owners[byte] === NOBODY || this.#owners[byte] === sessionId;
    return isItsOwn || time - this.#restsSince[byte]! >= REST_MS;
  }

  /** A miner with this session id works here from now on. */
  take(sessionId: number): void {
    const byte = sessionId % COUNT;
    this.#owners[byte] = sessionId;
    this.#restsSince[byte] = Infinity;
    this.#inUse++;
  }

  /** It no longer works here. */
  give(sessionId: number, time: number): void {
    this.#restsSince[sessionId % COUNT] = time;
    this.#inUse--;
  }

  /** Ends all rests: the jobs that were searched are over. */
  rested(): void {
    for (let byte = 0; byte < COUNT; byte++) {
      if (!this.#isInUse(byte)) this.#owners[byte] = NOBODY;
    }
  }

  #isInUse(byte: number): boolean {
    return this.#restsSince[byte] === Infinity;
  }
}
