/**
 * Shares sent up and not yet judged, on one upstream connection.
 *
 * The pool names a share only by how many were sent before it (16 bits, then around again), so
 * whatever is sent is noted here, in sending order. Verdicts come in any order, or never.
 */

import type { RequestId } from "../protocol/stratum/request_id.ts";

/** Numbers a pool can tell apart. */
export const INDEX_COUNT = 0x10000;

const INITIAL_CAPACITY = 64;

/** One share waiting for its verdict. `Owner` is whoever sent it. */
export interface PendingShare<Owner> {
  /** Who sent it. */
  readonly owner: Owner;
  /** The id of the miner's request. */
  readonly requestId: RequestId;
  /** When it was sent, in milliseconds. */
  readonly sentAt: number;
  /** Of its job, for this miner. */
  readonly difficulty: number;
}

/**
 * A ring from the oldest unjudged share to the newest. It grows with the shares in flight, up to
 * {@linkcode INDEX_COUNT}.
 */
export class PendingShares<Owner> {
  #ring: (PendingShare<Owner> | undefined)[] = new Array(INITIAL_CAPACITY);
  /**
   * Position of the oldest entry and of the next one; they only grow. Position modulo 65,536 is the
   * index.
   */
  #oldest = 0;
  #next = 0;
  #waiting = 0;
  /** Numbers of shares no verdict was waited for any longer, until they come round again. */
  readonly #givenUp = new Set<number>();

  /** How many shares wait. */
  get waiting(): number {
    return this.#waiting;
  }

  /** When the oldest of them was sent; `undefined` if none waits. */
  get oldestSentAt(): number | undefined {
    return this.#oldest < this.#next
      ? this.#ring[this.#oldest % this.#ring.length]!.sentAt
      : undefined;
  }

  /** The owner of each share that waits, once for each. */
  *owners(): Generator<Owner> {
    for (let position = this.#oldest; position < this.#next; position++) {
      const share = this.#ring[position % this.#ring.length];
      if (share !== undefined) yield share.owner;
    }
  }

  /**
   * Notes the share sent as `index`, which must follow the last one noted.
   *
   * @returns the share that had waited under this number for 65,536 others, if any: its verdict
   * can no longer be told apart.
   * @throws RangeError when `index` is out of step: every verdict would reach a wrong miner.
   */
  add(index: number, share: PendingShare<Owner>): PendingShare<Owner> | undefined {
    if (index !== this.#next % INDEX_COUNT) {
      throw new RangeError(
        `Cannot note share ${index}: expected number ${this.#next % INDEX_COUNT}`,
      );
    }
    const overtaken = this.#next - this.#oldest === INDEX_COUNT
      ? this.#remove(this.#oldest)
      : undefined;
    if (this.#next - this.#oldest === this.#ring.length) this.#grow();
    this.#givenUp.delete(index);
    this.#ring[this.#next % this.#ring.length] = share;
    this.#next++;
    this.#waiting++;
    return overtaken;
  }

  /** Takes out the share sent as `index`; `undefined` if none waits under that number. */
  settle(index: number): PendingShare<Owner> | undefined {
    const position = this.#positionOf(index);
    return position < this.#oldest ? undefined : this.#remove(position);
  }

  /**
   * What became of the last share sent as `index`, when none waits under that number. Once 65,536
   * were sent every number has had a share.
   */
  pastOf(index: number): "neverSent" | "judged" | "givenUp" {
    if (this.#positionOf(index) < 0) return "neverSent";
    return this.#givenUp.has(index) ? "givenUp" : "judged";
  }

  /** Takes out all shares sent before `time`, oldest first. */
  *expire(time: number): Generator<PendingShare<Owner>> {
    while (this.#oldest < this.#next) {
      // The oldest position always holds a share: removing one moves on to the next that does.
      if (this.#ring[this.#oldest % this.#ring.length]!.sentAt >= time) return;
      this.#givenUp.add(this.#oldest % INDEX_COUNT);
      yield this.#remove(this.#oldest)!;
    }
  }

  /** Where the last share sent as `index` is or was; negative if there was none. */
  #positionOf(index: number): number {
    const behind = (this.#next - 1 - index) % INDEX_COUNT;
    return this.#next - 1 - (behind + INDEX_COUNT) % INDEX_COUNT;
  }

  #remove(position: number): PendingShare<Owner> | undefined {
    const at = position % this.#ring.length;
    const share = this.#ring[at];
    if (share === undefined) return undefined;
    this.#ring[at] = undefined;
    this.#waiting--;
    while (
      this.#oldest < this.#next && this.#ring[this.#oldest % this.#ring.length] === undefined
    ) this.#oldest++;
    return share;
  }

  #grow(): void {
    const ring: (PendingShare<Owner> | undefined)[] = new Array(this.#ring.length * 2);
    for (let position = this.#oldest; position < this.#next; position++) {
      ring[position % ring.length] = this.#ring[position % this.#ring.length];
    }
    this.#ring = ring;
  }
}
