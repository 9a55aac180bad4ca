/**
 * Which share a verdict is about (agent.md "Which submit a verdict is about"); pure.
 *
 * The pool identifies a share only by the number of submits it counted before on the connection: 16
 * bits, which then start again at 0. So any 65,536 shares in a row have different numbers. A share
 * that still waits when its number is used again is given up: its verdict could not be told from
 * that of the new share.
 */

/** Numbers a pool can tell apart. */
const INDEX_COUNT = 0x10000;

/** The numbers of the shares sent on one connection, in the order of their serials. */
export class SubmitIndexes {
  #next = 0;

  /**
   * Numbers the next share.
   *
   * @param serial must follow the last one.
   * @returns the serial of the share that had the same number before; `undefined` for none.
   * @throws RangeError when a serial is missing: every verdict would reach a wrong miner.
   */
  add(serial: number): number | undefined {
    if (serial !== this.#next) {
      throw new RangeError(`Cannot number share ${serial}: expected ${this.#next}`);
    }
    this.#next++;
    return serial < INDEX_COUNT ? undefined : serial - INDEX_COUNT;
  }

  /** The serial of the last share with this number; negative if none was sent with it. */
  serialOf(index: number): number {
    const behind = (this.#next - 1 - index) % INDEX_COUNT;
    return this.#next - 1 - (behind + INDEX_COUNT) % INDEX_COUNT;
  }
}
