/**
 * Shares sent up and not yet judged, on one upstream connection, by serial: each connection counts
 * its shares from 0. Verdicts come in any order, or never.
 */

import type { RequestId } from "../protocol/stratum/request_id.ts";
import type { BlockRecord } from "./found_blocks.ts";
import type { DifficultyStamp } from "./pool_difficulty.ts";

const INITIAL_CAPACITY = 64;

/** Of this many shares given up it is known that their verdicts come late. */
const REMEMBERED = 0x10000;

/** One share waiting for its verdict. `Owner` is whoever sent it. */
export interface PendingShare<Owner> {
  /** Who sent it. */
  readonly owner: Owner;
  /** The id of the miner's request. */
  readonly requestId: RequestId;
  /** When it was sent, or began to wait for its turn, in milliseconds. */
  sentAt: number;
  /** What its miner is credited with if the pool accepts it. */
  readonly difficulty: number;
  /** How the pool's difficulty stood when its job came; `undefined` where the pool goes by ours. */
  readonly stamp: DifficultyStamp | undefined;
  /** The difficulty that its hash has reached; 0 where shares are not hashed here. */
  readonly reached: number;
  /** How often the pool's difficulty had changed when it was sent. */
  change: number;
  /** Whether the pool may find it too low even if its difficulty has not changed since. */
  isTentative: boolean;
  /** Whether it waits for its turn. */
  isQueued: boolean;
  /** The version bits that its miner rolled. */
  readonly versionBits: number;
  /** What it was found for. */
  readonly job: { readonly isPast: boolean };
  /** What it consists of if it is a block. */
  readonly block: BlockRecord | undefined;
  /** Whether its miner was braked, so that the pool may count less for it. */
  readonly isBraked: boolean;
}

/** A ring from the oldest unjudged share to the newest. It grows with the shares in flight. */
export class PendingShares<Owner> {
  #ring: (PendingShare<Owner> | undefined)[] = new Array(INITIAL_CAPACITY);
  /** Serials of the oldest entry and of the next one. */
  #oldest = 0;
  #next = 0;
  #waiting = 0;
  /** Serials of shares no verdict was waited for any longer, the oldest first. */
  readonly #givenUp = new Set<number>();

  /** How many shares wait. */
  get waiting(): number {
    return this.#waiting;
  }

  /** When the oldest of them was sent; `undefined` if none waits. */
  get oldestSentAt(): number | undefined {
    return this.#oldest < this.#next ? this.#at(this.#oldest)!.sentAt : undefined;
  }

  /** The owner of each share that waits, once for each. */
  *owners(): Generator<Owner> {
    for (let serial = this.#oldest; serial < this.#next; serial++) {
      const share = this.#at(serial);
      if (share !== undefined) yield share.owner;
    }
  }

  /**
   * Notes the share sent with this serial, which must follow the last one noted.
   *
   * @throws RangeError when it is out of step: every verdict would reach a wrong miner.
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

  /** Takes out the share with this serial; `undefined` if none waits. */
  settle(serial: number): PendingShare<Owner> | undefined {
    return serial < this.#oldest || serial >= this.#next ? undefined : this.#remove(serial);
  }

  /** The same for a share that was judged: one that waits for its turn cannot have been. */
  settleSent(serial: number): PendingShare<Owner> | undefined {
    return this.of(serial)?.isQueued === false ? this.#remove(serial) : undefined;
  }

  /** Takes out a share whose verdict will not come; one that does is late. */
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

  /** Those that wait for their turn, with their serials, the oldest first. */
  *queued(): Generator<[serial: number, share: PendingShare<Owner>]> {
    for (let serial = this.#oldest; serial < this.#next; serial++) {
      const share = this.#at(serial);
      if (share?.isQueued) yield [serial, share];
    }
  }

  /** What became of the share with this serial, when it waits for no verdict. */
  pastOf(serial: number): "neverSent" | "judged" | "givenUp" {
    if (serial < 0 || serial >= this.#next || this.of(serial)?.isQueued) return "neverSent";
    return this.#givenUp.has(serial) ? "givenUp" : "judged";
  }

  /** Takes out all shares sent before `time`, oldest first. */
  *expire(time: number): Generator<PendingShare<Owner>> {
    while (this.#oldest < this.#next) {
      // The oldest serial always holds a share: removing one moves on to the next that does.
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
    this.#waiting--;
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
