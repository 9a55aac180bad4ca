/**
 * One sub-account's shares: up to the pool, and what becomes of them back to who sent them.
 *
 * Invariants: a share goes up only on the connection its job came from; every share that came in
 * is counted, and counted again where it ends.
 */

import type { Now } from "../base/clock.ts";
import { REJECT_REASONS, type RejectReason } from "../base/share_reasons.ts";
import type { Share } from "../protocol/stratum/share.ts";
import { ERROR_CODE } from "../protocol/stratum/error_code.ts";
import { SHARE_ACCEPTED, verdictMeaning } from "../protocol/agent/status.ts";
import type { AccountBooks } from "./books/account_books.ts";
import { LateAnswers } from "./late_answers.ts";
import { countOf, type Rejection, type ShareCounter, type Unanswered } from "./books/ledger.ts";
import type { ShareReceipt } from "./peers.ts";
import type { PendingShare } from "./pending_shares.ts";
import type { MinerSeat } from "./seat.ts";
import type { Slot } from "./slot.ts";

/** A pool promises no verdict; after this long none is expected any more. */
export const VERDICT_TIMEOUT_MS = 60_000;

/**
 * Shares of one miner that may wait for verdicts: no honest one finds so many in a minute, and a
 * pool tells only 65,536 of all apart.
 */
export const MAX_WAITING_SHARES = 1_000;

const REJECTED = Object.fromEntries(
  REJECT_REASONS.map((reason) => [reason, countOf("rejected", reason)]),
) as Record<RejectReason, Rejection>;

const STRAY_AFTER = { neverSent: "neverSent", judged: "repeated", givenUp: "late" } as const;

/** See the head of this file. */
export class ShareFlow {
  readonly #counter: ShareCounter;
  readonly #books: AccountBooks;
  readonly #now: Now;
  readonly #realNow: Now;
  readonly #lateAnswers = new LateAnswers();

  /**
   * Counts in `counter` and in the account's books. Times are monotonic, in milliseconds: `now` to
   * judge who is late, `realNow` for hashrates.
   */
  constructor(counter: ShareCounter, books: AccountBooks, now: Now, realNow: Now) {
    this.#counter = counter;
    this.#books = books;
    this.#now = now;
    this.#realNow = realNow;
  }

  /** A miner sends a share: see {@linkcode Seat.submit}. */
  submit(seat: MinerSeat, share: Share): ShareReceipt {
    const counter = this.#counter;
    const { slot, miner } = seat;
    const ledger = slot?.ledger ?? this.#books.unplaced;
    counter.add(miner.sessionId, "received", ledger);
    const job = slot?.jobs.find(share.jobId);
    if (slot === undefined || job === undefined) {
      counter.add(miner.sessionId, "refusedStale", ledger);
      return ERROR_CODE.jobNotFound;
    }
    const { upstream } = slot;
    // In a frame 0 stands for the job's own time: the pool would judge another header than the
    // miner hashed. No job is that old, unless it says so itself.
    if (share.ntime === 0 && job.ntime !== 0) {
      counter.add(miner.sessionId, "refusedTimeTooOld", slot.ledger);
      return ERROR_CODE.timeTooOld;
    }
    // Without a mask the frame would be one the pool skips and does not count: every later
    // verdict of the connection would reach the wrong miner. Bits of the job's own mean one thing
    // to firmware and another to pools.
    if ((share.versionBits & ~(upstream.versionMask & ~job.version)) !== 0) {
      counter.add(miner.sessionId, "refusedVersionMask", slot.ledger);
      return ERROR_CODE.versionMask;
    }
    if (upstream.shareFate === "outage") {
      counter.add(miner.sessionId, "outage", slot.ledger);
      return "taken";
    }
    if (seat.waiting >= MAX_WAITING_SHARES) {
      counter.add(miner.sessionId, "refusedTooMany", slot.ledger);
      return ERROR_CODE.unknown;
    }
    const index = upstream.submit(miner.sessionId, job, share);
    counter.add(miner.sessionId, "submitted", slot.ledger);
    const sentAt = this.#now();
    const difficulty = slot.difficulties.of(job.difficulties, seat.place);
    if (upstream.shareFate === "assumed") {
      counter.add(miner.sessionId, "assumed", slot.ledger);
      this.#credit(miner.sessionId, difficulty);
      return "taken";
    }
    seat.waiting++;
    const overtaken = slot.pending.add(index, {
      owner: seat,
      requestId: share.id,
      sentAt,
      difficulty,
    });
    if (overtaken !== undefined) {
      this.#forget(overtaken, slot);
      this.#lateAnswers.give();
    }
    return "waiting";
  }

  /**
   * The pool judged the share sent as `index`; without a slot its connection is gone by now.
   *
   * @returns the session id of the miner that sent it; `undefined` when no share waited.
   */
  judged(slot: Slot<MinerSeat> | undefined, index: number, status: number): number | undefined {
    if (slot === undefined) {
      this.#books.strayVerdicts.connectionGone++;
      return undefined;
    }
    const time = this.#now();
    slot.judgedAt = time;
    const share = slot.pending.settle(index);
    if (share === undefined) {
      this.#books.strayVerdicts[STRAY_AFTER[slot.pending.pastOf(index)]]++;
      return undefined;
    }
    const { isGone, miner } = share.owner;
    if (isGone) this.#books.strayVerdicts.minerGone++;
    this.#settled(share.owner, slot);
    const meaning = verdictMeaning(status);
    const count = meaning === "accepted" ? meaning : REJECTED[meaning];
    const counter = this.#counter;
    const sessionId = isGone ? undefined : miner.sessionId;
    counter.add(sessionId, count, slot.ledger);
    counter.verdictLatency.add(time - share.sentAt);
    if (count === "accepted") this.#credit(sessionId, share.difficulty);
    if (!isGone) miner.answerShare(share.requestId, status);
    return miner.sessionId;
  }

  /** Ends the shares of a connection whose verdicts are overdue. */
  expire(slot: Slot<MinerSeat>): void {
    for (const share of slot.pending.expire(this.#now() - VERDICT_TIMEOUT_MS)) {
      this.#forget(share, slot);
    }
    this.#lateAnswers.give();
  }

  /** Ends all shares of a connection that is gone, one before each `yield`. */
  *lost(slot: Slot<MinerSeat>): Generator<void> {
    for (const share of slot.pending.expire(Infinity)) {
      this.#countUnanswered(share, slot, "unansweredConnectionLost");
      // Nobody knows whether the pool still got it.
      this.#lateAnswers.add(share.owner, share.requestId, ERROR_CODE.unknown);
      yield;
    }
    this.#lateAnswers.give();
  }

  /** Gives up shares of a connection that were sent before `sentBefore`: there is a stop to make. */
  stop(slot: Slot<MinerSeat>, sentBefore: number): void {
    for (const share of slot.pending.expire(sentBefore)) {
      const { isGone, miner } = share.owner;
      this.#settled(share.owner, slot);
      this.#countUnanswered(share, slot, "unansweredStopped");
      if (!isGone) miner.answerShare(share.requestId, ERROR_CODE.unknown);
    }
  }

  #credit(sessionId: number | undefined, difficulty: number): void {
    const time = this.#realNow();
    this.#counter.credit(sessionId, difficulty, time);
    this.#books.credit(difficulty, time);
  }

  /** A share that this miner sent to this connection waits no longer. */
  #settled(seat: MinerSeat, slot: Slot<MinerSeat>): void {
    if (seat.slot === slot) seat.waiting--;
    else slot.settled(seat.miner.sessionId, seat);
  }

  /** A share whose verdict is not expected any more. The miner is told what agents always told. */
  #forget(share: PendingShare<MinerSeat>, slot: Slot<MinerSeat>): void {
    const { isGone } = share.owner;
    this.#settled(share.owner, slot);
    this.#countUnanswered(share, slot, isGone ? "unansweredMinerGone" : "unansweredTimedOut");
    this.#lateAnswers.add(share.owner, share.requestId, SHARE_ACCEPTED);
  }

  #countUnanswered(share: PendingShare<MinerSeat>, slot: Slot<MinerSeat>, why: Unanswered): void {
    const { isGone, miner } = share.owner;
    this.#counter.add(isGone ? undefined : miner.sessionId, why, slot.ledger);
  }
}
