/**
 * What the miners of one account have been told of their work, and what is news to them.
 *
 * Invariants: each miner gets the newest in one message, when its socket can take it. A miner that
 * changes its place takes nothing of the old one for news of the new one.
 */

import type { Now } from "../base/clock.ts";
import type { Fanout, News } from "./downstream.ts";
import { PastWork } from "./past_work.ts";
import type { MinerSeat, NewsGiver } from "./seat.ts";
import type { ShareFlow } from "./share_flow.ts";
import type { Slot } from "./slot.ts";
import type { WaitingMiners } from "./waiting_miners.ts";

/**
 * A miner is told the difficulty alone if there is still no job this long after it was admitted, in
 * milliseconds: Braiins OS waits for it only five seconds after it connects.
 */
const JOBLESS_MS = 1_000;

/**
 * `told` of a miner that has been told nothing here. {@linkcode RETOLD}: it has nothing that it may
 * go on with.
 */
const UNTOLD = -1;
const RETOLD = 0;

/** The parts that {@linkcode Telling} needs. */
export interface TellingParts {
  /** The miners without a place. */
  readonly waiting: WaitingMiners;
  /** Has miners fetch their news. */
  readonly fanout: Fanout;
  /** Keeps blocks for jobs that are told again. */
  readonly flow: Pick<ShareFlow, "stillUsed">;
  /** The work of miners without a place. */
  readonly pastWork: PastWork;
  /** The number of the next job. */
  readonly nextJobNumber: () => number;
  /** Monotonic time. */
  readonly now: Now;
  /** Real time, for what miners see: they measure a silence by their own clocks. */
  readonly realNow: Now;
}

/** Tells the miners of one account their news. */
export class Telling implements NewsGiver {
  readonly #parts: TellingParts;
  readonly #pastWork: PastWork;
  readonly #now: Now;
  /** Miners seated where there is no job yet, and since when. */
  readonly #jobless = new Map<MinerSeat, number>();

  /** Nobody has been told anything yet. */
  constructor(parts: TellingParts) {
    this.#parts = parts;
    this.#pastWork = parts.pastWork;
    this.#now = parts.now;
  }

  takeNews(seat: MinerSeat): News | undefined {
    const { slot } = seat;
    if (slot === undefined) return this.#pastWork.takeNews(seat);
    const { work, difficulties, versionMask } = slot;
    if (work.job === undefined) return this.#takeDifficultyAlone(seat, slot);
    if (!work.isNewsTo(seat.told)) return undefined;
    const table = slot.jobs.find(work.number)!.difficulties;
    const difficulty = difficulties.of(table, seat.place);
    const isTold = seat.told !== UNTOLD && difficulty === seat.difficulty;
    const job = work.lineFor(seat.told, seat.view);
    seat.told = work.sequence;
    seat.difficulty = difficulty;
    return { versionMask, difficulty: isTold ? undefined : difficulty, job };
  }

  askAgain(seat: MinerSeat): boolean {
    const { slot } = seat;
    if (slot?.work.job === undefined) return false;
    const { work } = slot;
    if (seat.told === work.sequence) {
      if (!slot.mayGiveAgain(this.#now())) return false;
      this.giveAgain(slot);
    }
    // As a clean job: its current one may be worthless, and jobs that are not clean are told only
    // once in five seconds.
    this.forget(seat);
    seat.currentFrom = work.number;
    return true;
  }

  /** A miner has nothing that it may go on with: the newest job of its place is news to it. */
  forget(seat: MinerSeat): void {
    seat.told = Math.min(seat.told, RETOLD);
  }

  /** Gives the newest job of a connection another number, for the miners that need it again. */
  giveAgain(slot: Slot<MinerSeat>): void {
    slot.setJobAgain(this.#parts.nextJobNumber(), false);
    slot.work.announceQuietly();
  }

  /** A miner sits down: everything there is news to it. */
  satDown(seat: MinerSeat, slot: Slot<MinerSeat>): void {
    seat.told = UNTOLD;
    seat.currentFrom = slot.work.number;
    if (slot.work.job === undefined) this.#jobless.set(seat, this.#now());
  }

  /** A miner has lost its place: it goes on with the work it was told. */
  stoodUp(seat: MinerSeat): void {
    seat.told = this.#pastWork.sequence;
    this.#jobless.delete(seat);
  }

  /** Keeps the work of a connection whose miners are about to lose their places. */
  inherit(slot: Slot<MinerSeat>): void {
    if (slot.seats.size === 0) return;
    this.#pastWork.inherit(slot, !this.#parts.waiting.haveIdlers);
  }

  /** Has the miners of a connection fetch their news. */
  tell(slot: Slot<MinerSeat>): void {
    this.#parts.fanout.tell(slot);
  }

  /** Has only these miners fetch it, unless they leave before. */
  tellSome(seats: readonly MinerSeat[]): void {
    this.#parts.fanout.tell({
      handles: () => seats.filter(({ isGone }) => !isGone).map(({ miner }) => miner.handle),
      isUrgent: false,
    });
  }

  /**
   * Announces the newest job of a connection to its miners. @returns whether it was time for that.
   */
  tellIfTime(slot: Slot<MinerSeat>): boolean {
    if (!slot.work.announce(this.#parts.realNow())) return false;
    if (slot.seats.size > 0) this.tell(slot);
    return true;
  }

  /** Tells the miners of connections without a job their difficulty in time. */
  tellJobless(): void {
    const time = this.#now();
    const slots = new Set<Slot<MinerSeat>>();
    for (const [seat, since] of this.#jobless) {
      const slot = seat.slot!;
      if (slot.work.job !== undefined) this.#jobless.delete(seat);
      else if (time - since >= JOBLESS_MS) slots.add(slot);
    }
    for (const slot of slots) this.tell(slot);
  }

  /** Tells the miners without a place their job again in time. */
  tellIdlers(): void {
    const { waiting, fanout, flow, nextJobNumber, realNow } = this.#parts;
    const realTime = realNow();
    if (waiting.size === 0 || !this.#pastWork.isOld(realTime)) return;
    const isNews = this.#pastWork.tellAgain(nextJobNumber(), realTime);
    flow.stillUsed(this.#pastWork.number, this.#pastWork.again);
    if (isNews) fanout.tell(waiting.idlers);
  }

  /** The difficulty without a job, once, for a miner that waits for both. */
  #takeDifficultyAlone(seat: MinerSeat, slot: Slot<MinerSeat>): News | undefined {
    const since = this.#jobless.get(seat);
    if (since === undefined || this.#now() - since < JOBLESS_MS) return undefined;
    this.#jobless.delete(seat);
    const difficulty = slot.difficulties.next(seat.place);
    seat.told = RETOLD;
    seat.difficulty = difficulty;
    return { versionMask: slot.versionMask, difficulty, job: undefined };
  }
}
