/**
 * Which share a verdict is about (agent.md "Which submit a verdict is about"); pure.
 *
 * The pool names a share only by how many submits of the connection it counted before: 16 bits,
 * then around again. So of 65,536 shares in a row each has a number of its own, and one that still
 * waits when its number comes round is given up: its verdict could not be told from the other's.
 */

/** Numbers a pool can tell apart. */
const INDEX_COUNT = 0x10000;

const INITIAL_CAPACITY = 64;

/** No session: not waiting. No miner has this id (MAX_SESSION_ID of the mux). */
const NOBODY = 0xffff;

/** The shares of one connection that wait for verdicts, and whose they are. */
export class SubmitIndexes {
  /** By serial modulo length, a power of two: whose share it is, and when it was sent. */
  #sessions = new Uint16Array(INITIAL_CAPACITY).fill(NOBODY);
  #sentAt = new Float64Array(INITIAL_CAPACITY);
  #oldest = 0;
  #next = 0;

  /**
   * Numbers the next share.
   *
   * @param serial must follow the last one.
   * @returns the session of the share that is given up for it, whose serial is 65,536 less;
   * `undefined` for none.
   * @throws RangeError when it is out of step: every verdict would reach a wrong miner.
   */
  add(serial: number, sessionId: number, time: number): number | undefined {
    if (serial !== this.#next) {
      throw new RangeError(`Cannot number share ${serial}: expected ${this.#next}`);
    }
    const overtaken = serial - this.#oldest === INDEX_COUNT
      ? this.#remove(this.#oldest)
      : undefined;
    if (serial - this.#oldest === this.#sessions.length) this.#grow();
    const at = serial & (this.#sessions.length - 1);
    this.#sessions[at] = sessionId;
    this.#sentAt[at] = time;
    this.#next++;
    return overtaken;
  }

  /** The serial of the share that had the same number as this one before. */
  overtakenBy(serial: number): number {
    return serial - INDEX_COUNT;
  }

  /** The serial of the last share with this number; negative if none was ever sent under it. */
  serialOf(index: number): number {
    const behind = (this.#next - 1 - index) % INDEX_COUNT;
    return this.#next - 1 - (behind + INDEX_COUNT) % INDEX_COUNT;
  }

  /** Whose share was judged; `undefined` if it did not wait. */
  judged(serial: number): number | undefined {
    return serial < this.#oldest || serial >= this.#next ? undefined : this.#remove(serial);
  }

  /** The session of each share sent before `time`, the oldest first: none waits any more. */
  *expire(time: number): Generator<number> {
    while (this.#oldest < this.#next) {
      const at = this.#oldest & (this.#sessions.length - 1);
      if (this.#sentAt[at]! >= time) return;
      yield this.#remove(this.#oldest)!;
    }
  }

  /** No share of these sessions waits any more: their ids may be given to others. */
  forget(sessions: ReadonlySet<number>): void {
    for (let serial = this.#oldest; serial < this.#next; serial++) {
      if (sessions.has(this.#sessions[serial & (this.#sessions.length - 1)]!)) this.#remove(serial);
    }
  }

  #remove(serial: number): number | undefined {
    const at = serial & (this.#sessions.length - 1);
    const sessionId = this.#sessions[at]!;
    if (sessionId === NOBODY) return undefined;
    this.#sessions[at] = NOBODY;
    // The oldest serial always waits, or is the next.
    while (
      this.#oldest < this.#next &&
      this.#sessions[this.#oldest & (this.#sessions.length - 1)] === NOBODY
    ) this.#oldest++;
    return sessionId;
  }

  #grow(): void {
    const [sessions, sentAt] = [this.#sessions, this.#sentAt];
    const mask = sessions.length - 1;
    this.#sessions = new Uint16Array(sessions.length * 2).fill(NOBODY);
    this.#sentAt = new Float64Array(sessions.length * 2);
    for (let serial = this.#oldest; serial < this.#next; serial++) {
      const at = serial & (this.#sessions.length - 1);
      this.#sessions[at] = sessions[serial & mask]!;
      this.#sentAt[at] = sentAt[serial & mask]!;
    }
  }
}
