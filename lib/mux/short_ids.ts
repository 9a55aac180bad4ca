/**
 * Which miners one connection can tell apart by the low byte of their session ids; pure.
 *
 * A byte that a miner has left rests until the pool's older jobs are over: another that has it would
 * search what was searched, and its shares would be duplicates.
 */

const COUNT = 256;

/** A connection with this many miners is full: bytes that rest need room, too. */
const FULL = 240;

/** How long a byte rests unless a clean job comes, in milliseconds. */
const REST_MS = 240_000;

const NOBODY = -1;

/** The low bytes in use on one connection. Times are monotonic, in milliseconds. */
export class ShortIds {
  /** Whose each byte is, or was last; {@linkcode NOBODY} for nobody's. */
  readonly #owners = new Int32Array(COUNT).fill(NOBODY);
  /** Since when it rests; Infinity while it is in use. */
  readonly #restsSince = new Float64Array(COUNT);
  #inUse = 0;

  /** Whether a miner with this session id can be told from all others now. */
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

  /** It works here no more. */
  give(sessionId: number, time: number): void {
    this.#restsSince[sessionId % COUNT] = time;
    this.#inUse--;
  }

  /** Whatever was searched is over. */
  rested(): void {
    for (let byte = 0; byte < COUNT; byte++) {
      if (!this.#isInUse(byte)) this.#owners[byte] = NOBODY;
    }
  }

  #isInUse(byte: number): boolean {
    return this.#restsSince[byte] === Infinity;
  }
}
