/**
 * A miner's place in the mux: the connection it works for, and its difficulty job by job.
 */

import type { Share } from "../protocol/share.ts";
import type { Downstream, Seat, ShareReceipt } from "./peers.ts";
import type { Slot } from "./slot.ts";

/** Who gives seats, and takes what comes from them. */
export interface SeatKeeper {
  /** See {@linkcode Seat.submit}. */
  submit(seat: MinerSeat, share: Share): ShareReceipt;
  /** A miner needs a place with the full mask: {@linkcode Seat.needFullMask}. */
  moveForMask(seat: MinerSeat): boolean;
  /** See {@linkcode Seat.leave}. */
  leave(seat: MinerSeat): void;
}

/** A miner, its place, and whether it is still there. Only its keeper changes it. */
export class MinerSeat implements Seat {
  /** Who sits here. */
  readonly miner: Downstream;
  readonly #keeper: SeatKeeper;
  /** The connection it works for; `undefined` while it waits for one. */
  slot: Slot<MinerSeat> | undefined;
  /** While it has one, how many of its shares wait for that connection's verdict. */
  waiting = 0;
  /** What it was last told, once it had a place; it counts from job `difficultyFrom` on. */
  #difficulty: number | undefined;
  #olderDifficulty = 0;
  #difficultyFrom = 0;
  /** The first of our jobs that it was given here, or since the mask changed. */
  currentFrom = 0;
  /** Whether it cannot keep to fewer version bits than all. */
  needsFullMask = false;
  /** Whether its authorize request was answered. */
  isAdmitted = false;
  /** Whether its connection is over; verdicts may still come. */
  isGone = false;

  /** A miner that waits. */
  constructor(keeper: SeatKeeper, miner: Downstream) {
    this.#keeper = keeper;
    this.miner = miner;
  }

  get versionMask(): number | undefined {
    return this.slot?.upstream.versionMask;
  }

  get upstreamName(): string | undefined {
    return this.slot?.upstream.name;
  }

  get difficulty(): number | undefined {
    return this.#difficulty;
  }

  /** It has another difficulty now, for jobs from our number `fromJob` on. */
  setDifficulty(difficulty: number, fromJob: number): void {
    // Of two changes between jobs the first has never counted.
    if (fromJob !== this.#difficultyFrom) this.#olderDifficulty = this.#difficulty ?? difficulty;
    this.#difficulty = difficulty;
    this.#difficultyFrom = fromJob;
  }

  /** The difficulty of its shares for our job `number`. */
  difficultyOf(number: number): number {
    return number >= this.#difficultyFrom ? this.#difficulty! : this.#olderDifficulty;
  }

  submit(share: Share): ShareReceipt {
    return this.#keeper.submit(this, share);
  }

  isCurrent(number: number): boolean {
    return this.slot !== undefined && number >= this.currentFrom && number >= this.slot.cleanFrom;
  }

  needFullMask(): boolean {
    this.needsFullMask = true;
    return this.#keeper.moveForMask(this);
  }

  leave(): void {
    this.#keeper.leave(this);
  }
}
