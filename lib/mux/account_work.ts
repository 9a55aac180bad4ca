/**
 * The work that pools give to the miners of one account: jobs, difficulties and version masks, as
 * pools change them, as the brake and floods demand it, and again before miners take the silence
 * for an outage.
 *
 * Invariant: a miner's difficulty changes only together with a job under a new number.
 */

import type { Now } from "../base/clock.ts";
import type { Job } from "../protocol/stratum/job.ts";
import type { AccountCounted } from "./books/account_books.ts";
import { Braking } from "./braking.ts";
import type { Fanout } from "./downstream.ts";
import type { LocalDifficulty } from "./local_difficulty.ts";
import { RareShares } from "./rare_shares.ts";
import type { MinerSeat } from "./seat.ts";
import type { ShareEnds } from "./share_ends.ts";
import type { ShareFlow } from "./share_flow.ts";
import type { Slot } from "./slot.ts";
import { isLocal, isPool, type Slots } from "./slots.ts";
import type { Telling } from "./telling.ts";
import type { WaitingMiners } from "./waiting_miners.ts";

/** The parts that {@linkcode AccountWork} needs. */
export interface AccountWorkParts {
  /** The connections. */
  readonly slots: Slots;
  /** The miners without a place. */
  readonly waiting: WaitingMiners;
  /** Has miners told. */
  readonly telling: Telling;
  /** The miners' shares. */
  readonly flow: Pick<ShareFlow, "againOf" | "reconsider">;
  /** Those that were sent. */
  readonly ends: Pick<ShareEnds, "tick">;
  /** The difficulties that we set. */
  readonly local: LocalDifficulty;
  /** What the account has counted. */
  readonly books: Pick<AccountCounted, "expectedHashrate">;
  /** Has miners fetch their news. */
  readonly fanout: Fanout;
  /** The number of the next job. */
  readonly nextJobNumber: () => number;
  /** Monotonic time. */
  readonly now: Now;
  /** Real time, for what miners see: they measure a silence by their own clocks. */
  readonly realNow: Now;
}

/** Sets the work of one account's miners. */
export class AccountWork {
  readonly #parts: AccountWorkParts;
  readonly #braking: Braking;
  readonly #rareShares = new RareShares();

  /** No pool has given any work yet. */
  constructor(parts: AccountWorkParts) {
    this.#parts = parts;
    const { local, books, nextJobNumber, fanout, now, realNow } = parts;
    const hashrate = () => books.expectedHashrate;
    this.#braking = new Braking({ local, hashrate, nextJobNumber, fanout, now, realNow });
  }

  /** A pool gave a job. */
  jobCame(slot: Slot<MinerSeat>, job: Job): void {
    const { flow, local, telling, nextJobNumber, now } = this.#parts;
    const time = now();
    if (isLocal(slot)) {
      this.foresee(slot);
      local.atNextJob(slot, time);
    }
    // Pools may reuse a free extranonce1, and with it the job that miners had there.
    const again = slot.work.job === undefined ? flow.againOf(job) : undefined;
    slot.setJob(nextJobNumber(), job, time, again);
    flow.reconsider(slot);
    if (telling.tellIfTime(slot)) slot.brake?.told(time);
  }

  /** A pool changed the difficulty of these miners, or its own: miners hear it with a job. */
  difficultyChanged(
    slot: Slot<MinerSeat>,
    sessionIds: readonly number[] | "all",
    difficulty: number,
    isAlone: boolean,
  ): void {
    const { seats, difficulties, screening } = slot;
    if (isLocal(slot)) {
      screening.hashing?.poolDifficulty.change(difficulty, isAlone);
      if (slot.isOfOneWorker) slot.passOn(difficulty);
      this.#parts.flow.reconsider(slot);
      return;
    }
    for (const sessionId of sessionIds === "all" ? seats.keys() : sessionIds) {
      const seat = seats.get(sessionId);
      if (seat !== undefined) difficulties.set(seat.place, difficulty);
    }
  }

  /** A pool changed the version bits that it allows. */
  maskChanged(slot: Slot<MinerSeat>): void {
    const { flow, telling, nextJobNumber, now } = this.#parts;
    flow.reconsider(slot);
    const before = slot.versionMask;
    if (!slot.maskChanged(now()) || slot.work.job === undefined) return;
    // Work with bits that are no longer allowed is worthless.
    const isNarrower = (before & ~slot.versionMask) !== 0;
    slot.setJobAgain(nextJobNumber(), isNarrower);
    // Shares of older jobs do not show how a miner handles the new mask, narrower or wider.
    slot.currentFrom = slot.work.number;
    telling.tellIfTime(slot);
  }

  /**
   * Sets the brake of a connection before miners flood it; `seating` more miners are being seated
   * there.
   */
  foresee(slot: Slot<MinerSeat>, seating = 0): void {
    if (slot.brake === undefined) return;
    const { slots, waiting } = this.#parts;
    const coming = slots.serving.has(slot) ? waiting.size / slots.serving.size : 0;
    const all = slots.miners + waiting.size + seating;
    this.#braking.foresee(slot, { coming: coming + seating, all });
  }

  /** A connection is gone. */
  lost(slot: Slot<MinerSeat>): void {
    this.#braking.lost(slot);
  }

  /**
   * Gives miners what is due: answers to shares whose verdict is late, a job after a silence, a
   * difficulty, a harder one where they flood. Call it several times a second.
   */
  tick(): void {
    const { slots, ends, telling, now, realNow } = this.#parts;
    const time = now();
    const due = slots.due();
    for (const slot of due) {
      ends.tick(slot);
      slot.jobs.expire(time);
      if (slot.seats.size > 0) this.foresee(slot);
      this.#braking.tick(slot);
    }
    const realTime = realNow();
    for (const slot of due) this.#tellDue(slot, time, realTime);
    telling.tellJobless();
    this.#raiseFlooding(time);
    if (this.#rareShares.isTime(time)) this.#lookForRareShares(time);
  }

  #tellDue(slot: Slot<MinerSeat>, time: number, realTime: number): void {
    const { telling, nextJobNumber } = this.#parts;
    if (slot.seats.size > 0 && slot.work.isOld(realTime)) slot.setJobAgain(nextJobNumber(), false);
    const untold = slot.takeUntold(time);
    if (untold !== undefined) slot.setDifficultiesAgain(nextJobNumber(), untold === "harder");
    telling.tellIfTime(slot);
  }

  /** Tells miners that flood a higher difficulty now, with a job that drops their easier work. */
  #raiseFlooding(time: number): void {
    const { slots, local, telling, nextJobNumber } = this.#parts;
    for (const slot of slots.shared) {
      if (!local.isFlooding(slot) || !slot.mayRaise(time)) continue;
      const raised = local.raiseFlooding(slot, time);
      if (raised.length === 0) continue;
      slot.setDifficultiesAgain(nextJobNumber(), false);
      slot.work.announceQuietly();
      for (const seat of raised) telling.forget(seat);
      telling.tellSome(raised);
    }
  }

  /** Logs connections whose miners hardly ever find a share for the pool. */
  #lookForRareShares(time: number): void {
    const { slots, waiting, books } = this.#parts;
    const hashrate = books.expectedHashrate;
    if (hashrate === undefined) return;
    const miners = slots.miners + waiting.size;
    for (const slot of slots.shared) {
      if (!isLocal(slot) || !isPool(slot)) continue;
      this.#rareShares.look(slot, hashrate * slot.miners / miners, time);
    }
  }
}
