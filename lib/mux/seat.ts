/**
 * A miner's place in the mux: the connection it works for, and what it has been told.
 */

import type { Share } from "../protocol/stratum/share.ts";
import type { Downstream, FirstReceipt, News, Seat } from "./downstream.ts";
import type { Slot } from "./slot.ts";
import type { Padding } from "./terms.ts";

/** Of a miner that has none in some table. */
export const NO_PLACE: number = -1;

const NO_PADDING: Padding = { before: "", after: "" };

/** Who gives seats, and takes what comes from them. */
export interface SeatKeeper {
  /** See {@linkcode Seat.takeNews}. */
  takeNews(seat: MinerSeat): News | undefined;
  /** See {@linkcode Seat.askAgain}. */
  askAgain(seat: MinerSeat): boolean;
  /** A miner needs a place with the full mask: {@linkcode Seat.needFullMask}. */
  moveForMask(seat: MinerSeat): boolean;
  /** See {@linkcode Seat.suggested}. */
  suggested(seat: MinerSeat): void;
  /** See {@linkcode Seat.leave}. */
  leave(seat: MinerSeat): void;
}

/** Where shares go. */
export interface ShareTaker {
  /** Takes a share of the miner that sits there. */
  take(seat: MinerSeat, share: Share): FirstReceipt;
}

/** A miner, its place, and whether it is still there. Only its keeper changes it. */
export class MinerSeat implements Seat {
  /** Who sits here. */
  readonly miner: Downstream;
  readonly #keeper: SeatKeeper;
  readonly #shares: ShareTaker;
  /** The connection it works for; `undefined` while it waits for one. */
  slot: Slot<MinerSeat> | undefined;
  /** While it has one, its place in the tables of difficulties there. */
  place = 0;
  /** While it has one, how it sees jobs there. */
  view: Padding = NO_PADDING;
  /** While it has one, how many of its shares wait for that connection's verdict. */
  waiting = 0;
  /** Its place in the account's table of difficulties, {@linkcode NO_PLACE} before it needed one. */
  localPlace: number = NO_PLACE;
  /** Whether its difficulty was last our business. */
  isLocal = false;
  /** Of the jobs where it is, the last it was told; see {@linkcode Work.sequence}. */
  told = 0;
  /** What it was last told; `undefined` before that. */
  difficulty: number | undefined = undefined;
  /** The first of our jobs that it was given here. */
  currentFrom = 0;
  /** Whether it cannot keep to fewer version bits than all. */
  needsFullMask = false;
  /** Whether its authorize request was answered. */
  isAdmitted = false;
  /** Whether its connection is over; verdicts may still come. */
  isGone = false;

  /** A miner that waits. */
  constructor(keeper: SeatKeeper, shares: ShareTaker, miner: Downstream) {
    this.#keeper = keeper;
    this.#shares = shares;
    this.miner = miner;
  }

  get versionMask(): number | undefined {
    return this.slot?.versionMask;
  }

  get upstreamName(): string | undefined {
    return this.slot?.upstream.name;
  }

  takeNews(): News | undefined {
    return this.#keeper.takeNews(this);
  }

  askAgain(): boolean {
    return this.#keeper.askAgain(this);
  }

  submit(share: Share): FirstReceipt {
    return this.#shares.take(this, share);
  }

  isCurrent(number: number): boolean {
    return this.slot !== undefined && number >= this.currentFrom &&
      number >= this.slot.currentFrom;
  }

  needFullMask(): boolean {
    this.needsFullMask = true;
    return this.#keeper.moveForMask(this);
  }

  suggested(): void {
    this.#keeper.suggested(this);
  }

  leave(): void {
    this.#keeper.leave(this);
  }
}
