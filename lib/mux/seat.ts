/**
 * A miner's seat in the mux: the connection it works for, and what it has been told.
 */

import type { Share } from "../protocol/stratum/share.ts";
import type { Downstream, FirstReceipt, News, Seat } from "./downstream.ts";
import type { Slot } from "./slot.ts";
import type { Padding } from "./terms.ts";

/** The place of a miner that has none in a table. */
export const NO_PLACE: number = -1;

const NO_PADDING: Padding = { before: "", after: "" };

/** Has the news of miners. */
export interface NewsGiver {
  /** See {@linkcode Seat.takeNews}. */
  takeNews(seat: MinerSeat): News | undefined;
  /** See {@linkcode Seat.askAgain}. */
  askAgain(seat: MinerSeat): boolean;
}

/** The owner of seats, which decides where miners sit. */
export interface SeatKeeper {
  /** Moves a miner to a place with the full mask: {@linkcode Seat.needFullMask}. */
  moveForMask(seat: MinerSeat): boolean;
  /** See {@linkcode Seat.suggested}. */
  suggested(seat: MinerSeat): void;
  /** See {@linkcode Seat.leave}. */
  leave(seat: MinerSeat): void;
}

/** Receives shares. */
export interface ShareTaker {
  /** Takes a share of the miner on this seat. */
  take(seat: MinerSeat, share: Share): FirstReceipt;
}

/** A miner, its place, and whether it is still connected. Only its keeper changes it. */
export class MinerSeat implements Seat {
  /** The miner. */
  readonly miner: Downstream;
  readonly #keeper: SeatKeeper;
  readonly #news: NewsGiver;
  readonly #shares: ShareTaker;
  /** The connection it works for; `undefined` while it waits for one. */
  slot: Slot<MinerSeat> | undefined;
  /** While it has a connection, its place in that connection's tables of difficulties. */
  place = 0;
  /** While it has a connection, how it sees jobs there. */
  view: Padding = NO_PADDING;
  /** While it has a connection, how many of its shares wait for a verdict there. */
  waiting = 0;
  /** Its place in the account's table of difficulties, {@linkcode NO_PLACE} before it needs one. */
  localPlace: number = NO_PLACE;
  /** Whether we set its last difficulty. */
  isLocal = false;
  /** The last job it was told on its connection; see {@linkcode Work.sequence}. */
  told = 0;
  /** The difficulty it was last told; `undefined` before. */
  difficulty: number | undefined = undefined;
  /** Our number of the first job that it was given here. */
  currentFrom = 0;
  /** Whether it always rolls all version bits. */
  needsFullMask = false;
  /** Whether its authorize request was answered. */
  isAdmitted = false;
  /** Whether its connection has ended; verdicts may still come. */
  isGone = false;

  /** A waiting miner. */
  constructor(keeper: SeatKeeper, news: NewsGiver, shares: ShareTaker, miner: Downstream) {
    this.#keeper = keeper;
    this.#news = news;
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
    return this.#news.takeNews(this);
  }

  askAgain(): boolean {
    return this.#news.askAgain(this);
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
