/**
 * Shares sent to the pool and not yet judged, on one upstream connection, by serial: each
 * connection counts its shares from 0. Verdicts come in any order, or never.
 */

import type { RequestId } from "../protocol/stratum/request_id.ts";
import type { BlockRecord } from "./found_blocks.ts";
import type { DifficultyStamp } from "./pool_difficulty.ts";

const INITIAL_CAPACITY = 64;

/** How many given-up shares are remembered, so that their verdicts are known to be late. */
const REMEMBERED = 0x10000;

/** One share waiting for its verdict. `Owner` is the type of its sender. */
export interface PendingShare<Owner> {
  /** Its sender. */
  readonly owner: Owner;
  /** The id of the miner's request. */
  readonly requestId: RequestId;
  /** When it was sent, or started to wait for its turn, in milliseconds. */
  sentAt: number;
  /** The difficulty that its miner is credited with if the pool accepts it. */
  readonly difficulty: number;
  /**
   * The state of the pool's difficulty when its job came; `undefined` where the pool uses the
   * miner's.
   */
  readonly stamp: DifficultyStamp | undefined;
  /** The difficulty that its hash reached; 0 where shares are not hashed here. */
  readonly reached: number;
  /** The number of times that the pool's difficulty had changed when it was sent. */
  change: number;
  /** Whether the pool may reject it as too low even if its difficulty has not changed since. */
  isTentative: boolean;
  /** Whether it waits for its turn. */
  isQueued: boolean;
  /** The version bits that its miner rolled. */
  readonly versionBits: number;
  /** The job it was found for. */
  readonly job: { readonly isPast: boolean };
  /** Its parts if it is a block. */
  readonly block: BlockRecord | undefined;
  /** Whether its miner was braked, so that the pool may count it for less. */
  readonly isBraked: boolean;
  /** Whether its miner was answered true because the verdict is late. */
  isAnswered: boolean;
}

/**
 * A ring from the oldest unjudged share to the newest. It grows with the number of waiting shares.
 */
export class PendingShares<Owner> {
  #ring: (PendingShare<Owner> | undefined)[] = new Array(INITIAL_CAPACITY);
  /** Serials of the oldest entry and of the next one. */
  #oldest = 0;
  #next = 0;
  #waiting = 0;
  #answered = 0;
  /** The serial of the oldest share that may be due for an answer: all before it had their turn. */
  #due = 0;
  /** Serials of given-up shares, the oldest first. */
  readonly #givenUp = new Set<number>();

  /** How many shares wait, and their miners with them. */
  get waiting(): number {
    return this.#waiting;
  }

  /** How many wait although their miners were answered. */
  get answered(): number {
    return this.#answered;
  }

  /** The number of serials from the oldest waiting share to the newest share. */
  get span(): number {
    return this.#next - this.#oldest;
  }

  /** When the oldest of them was sent; `undefined` if none waits. */
  get oldestSentAt(): number | undefined {
    return this.#oldest < this.#next ? this.#at(this.#oldest)!.sentAt : undefined;
  }

  /** The owner of each waiting share that was not answered, once for each share. */
  *owners(): Generator<Owner> {
    for (let serial = this.#oldest; serial < this.#next; serial++) {
      const share = this.#at(serial);
      if (share?.isAnswered === false) yield share.owner;
    }
  }

  /**
   * Adds the share sent with this serial, which must be the one after the last.
   *
   * @throws RangeError if it is not: every verdict would reach the wrong miner.
   */
  add(serial: number, share: PendingShare<Owner>): void {
    if (serial !== this.#next) {
      throw new RangeError(`Cannot note share ${serial}: expected number ${this.#next}`);
    }
    if (this.#next - this.#oldest === this.#ring.length) this.#grow();
    this.#ring[serial % this.#ring.length] = share;
    this.#next++;
    this.#waiting++;
  }

  /** Removes and returns the share with this serial; `undefined` if none waits. */
  settle(serial: number): PendingShare<Owner> | undefined {
    return serial < this.#oldest || serial >= this.#next ? undefined : this.#remove(serial);
  }

  /** The same for a judged share: one that still waits for its turn cannot have been judged. */
  settleSent(serial: number): PendingShare<Owner> | undefined {
    return this.of(serial)?.isQueued === false ? this.#remove(serial) : undefined;
  }

  /** Removes a share whose verdict will not come; a verdict that comes anyway is late. */
  giveUp(serial: number): PendingShare<Owner> | undefined {
    const share = this.settle(serial);
    if (share === undefined) return undefined;
    this.#givenUp.add(serial);
    if (this.#givenUp.size > REMEMBERED) {
      this.#givenUp.delete(this.#givenUp.keys().next().value!);
    }
    return share;
  }

  /** The share with this serial, if it waits. */
  of(serial: number): PendingShare<Owner> | undefined {
    return serial < this.#oldest || serial >= this.#next ? undefined : this.#at(serial);
  }

  /** The shares that wait for their turn, with their serials, the oldest first. */
  *queued(): Generator<[serial: number, share: PendingShare<Owner>]> {
    for (let serial = this.#oldest; serial < this.#next; serial++) {
      const share = this.#at(serial);
      if (share?.isQueued) yield [serial, share];
    }
  }

  /** The past of a serial that no share waits under. */
  pastOf(serial: number): "neverSent" | "judged" | "givenUp" {
    if (serial < 0 || serial >= this.#next || this.of(serial)?.isQueued) return "neverSent";
    return this.#givenUp.has(serial) ? "givenUp" : "judged";
  }

  /** Gives up the oldest share; `undefined` if none waits. */
  giveUpOldest(): PendingShare<Owner> | undefined {
    return this.giveUp(this.#oldest);
  }

  /**
   * The shares sent before `time` whose miners still wait, oldest first and each only once. One that
   * waits for its turn stops those after it.
   */
  *due(time: number): Generator<PendingShare<Owner>> {
    if (this.#due < this.#oldest) this.#due = this.#oldest;
    for (; this.#due < this.#next; this.#due++) {
      const share = this.#at(this.#due);
      if (share === undefined) continue;
      if (share.isQueued || share.sentAt >= time) return;
      yield share;
    }
  }

  /** The miner of a waiting share was answered. */
  noteAnswered(share: PendingShare<Owner>): void {
    share.isAnswered = true;
    this.#waiting--;
    this.#answered++;
  }

  /** Removes all shares sent before `time`, oldest first. */
  *expire(time: number): Generator<PendingShare<Owner>> {
    while (this.#oldest < this.#next) {
      // The oldest serial always has a share: removing one moves on to the next that has one.
      if (this.#at(this.#oldest)!.sentAt >= time) return;
      yield this.giveUp(this.#oldest)!;
    }
  }

  #at(serial: number): PendingShare<Owner> | undefined {
    return this.#ring[serial % this.#ring.length];
  }

  #remove(serial: number): PendingShare<Owner> | undefined {
    const share = this.#at(serial);
    if (share === undefined) return undefined;
    this.#ring[serial % this.#ring.length] = undefined;
    if (share.isAnswered) this.#answered--;
    else this.#waiting--;
    while (this.#oldest < this.#next && this.#at(this.#oldest) === undefined) this.#oldest++;
    return share;
  }

  #grow(): void {
    const ring: (PendingShare<Owner> | undefined)[] = new Array(this.#ring.length * 2);
    for (let serial = this.#oldest; serial < this.#next; serial++) {
      ring[serial % ring.length] = this.#at(serial);
    }
    this.#ring = ring;
  }
}
