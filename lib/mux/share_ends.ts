/**
 * How shares end that were given to a pool: by its verdict, or without one. Until then their miners
 * wait, or are answered true because the verdict is late.
 *
 * Invariants: every share ends once, with one count; its miner is answered once. What a miner was
 * told early changes nothing in how its share is counted in the end.
 */

import type { AttendedNow } from "../base/attended_clock.ts";
import type { Now, Timers } from "../base/clock.ts";
import { REJECT_REASONS, type RejectReason } from "../base/share_reasons.ts";
import type { AccountBooks } from "./books/account_books.ts";
import {
  countOf,
  type Good,
  type Rejection,
  type ShareCounter,
  type Unanswered,
} from "./books/ledger.ts";
import type { ContradictionLog } from "./contradiction_log.ts";
import type { Downstream } from "./downstream.ts";
import { logRefusedBlock, logUnansweredBlock } from "./found_blocks.ts";
import type { GoneJobs } from "./gone_jobs.ts";
import { LateAnswers } from "./late_answers.ts";
import type { PendingShare } from "./pending_shares.ts";
import type { MinerSeat } from "./seat.ts";
import type { Slot } from "./slot.ts";
import { VERDICT_TIMEOUT_MS } from "./terms.ts";
import { UNKNOWN_FATE, type Verdict } from "./verdict.ts";

/** The most serials of one connection that wait for verdicts: the oldest makes way for a new one. */
export const MOST_UNJUDGED = 0x10000;

/** The count for each reason of a pool to reject a share. */
const REJECTED_COUNT = Object.fromEntries(
  REJECT_REASONS.map((reason) => [reason, countOf("rejected", reason)]),
) as Record<RejectReason, Rejection>;

const STRAY_AFTER = { neverSent: "neverSent", judged: "repeated", givenUp: "late" } as const;

/** What a stop still waits for. */
export interface Awaited {
  /** The miners that wait for verdicts, including miners that left. */
  readonly miners: ReadonlySet<Downstream>;
  /** The shares without a verdict, including those whose miners were answered. */
  readonly shares: number;
}

/** The parts that {@linkcode ShareEnds} needs. */
export interface ShareEndsParts {
  /** Counts all shares of all accounts. */
  readonly counter: ShareCounter;
  /** Counts shares of this account. */
  readonly books: AccountBooks;
  /** Monotonic time in milliseconds, to judge lateness. */
  readonly now: AttendedNow;
  /** Real time, for hashrates. */
  readonly realNow: Now;
  /** For answers that are sent in turns. */
  readonly timers: Timers;
  /** Logs verdicts that contradict us. */
  readonly contradictions: Pick<ContradictionLog, "say">;
  /** Limits what is logged of blocks. */
  readonly gone: Pick<GoneJobs, "maySay">;
}

/** Ends the shares of one account. */
export class ShareEnds {
  readonly #counter: ShareCounter;
  readonly #books: AccountBooks;
  readonly #now: AttendedNow;
  readonly #realNow: Now;
  readonly #contradictions: Pick<ContradictionLog, "say">;
  readonly #gone: Pick<GoneJobs, "maySay">;
  /** Answers to shares that got no verdict in time, or ended without one. */
  readonly lateAnswers: LateAnswers;

  /** No share has been sent yet. */
  constructor({ counter, books, now, realNow, timers, contradictions, gone }: ShareEndsParts) {
    this.#counter = counter;
    this.#books = books;
    this.#now = now;
    this.#realNow = realNow;
    this.#contradictions = contradictions;
    this.#gone = gone;
    this.lateAnswers = new LateAnswers(timers);
  }

  /** The pool gave these shares the same verdict; without a slot its connection is gone. */
  judged(slot: Slot<MinerSeat> | undefined, first: number, last: number, verdict: Verdict): void {
    const strays = this.#books.strayVerdicts;
    if (slot === undefined) {
      strays.connectionGone += last - first + 1;
      return;
    }
    const time = this.#realNow();
    slot.judgedAt = this.#now(time);
    let newestSentAt: number | undefined;
    for (let serial = first; serial <= last; serial++) {
      const share = slot.pending.settleSent(serial);
      if (share === undefined) {
        strays[STRAY_AFTER[slot.pending.pastOf(serial)]]++;
        continue;
      }
      newestSentAt = share.sentAt;
      this.#judgedOne(slot, serial, share, verdict, time);
    }
    if (newestSentAt !== undefined) slot.answerTime.add(slot.judgedAt - newestSentAt);
  }

  #judgedOne(
    slot: Slot<MinerSeat>,
    serial: number,
    share: PendingShare<MinerSeat>,
    verdict: Verdict,
    time: number,
  ): void {
    const counter = this.#counter;
    const { ledger, upstream, judgedAt } = slot;
    const { owner, requestId, difficulty, isAnswered } = share;
    const { isGone, miner } = owner;
    this.settled(owner, slot);
    if (isAnswered) counter.settledEarly(owner, ledger);
    if (isGone) this.#books.strayVerdicts.minerGone++;
    counter.verdictLatency.add(judgedAt - share.sentAt);
    if (verdict.kind === "accepted") {
      this.good(owner, "accepted", slot, difficulty, time);
      if (!isGone && !isAnswered) miner.acceptShare(requestId);
    } else {
      counter.lost(owner, REJECTED_COUNT[verdict.reason], ledger, difficulty);
      if (isAnswered) counter.add(isGone ? undefined : miner.sessionId, "earlyRejected", ledger);
      if (share.block !== undefined && this.#gone.maySay(judgedAt)) {
        logRefusedBlock(share.block, verdict);
      }
      if (!isGone && !isAnswered) miner.rejectShare(requestId, verdict);
    }
    const contradiction = slot.judged(serial, share, verdict);
    if (contradiction !== undefined) {
      counter.add(isGone ? undefined : miner.sessionId, "contradicted", ledger);
      this.#contradictions.say(upstream, contradiction);
    }
    upstream.watch.judged(miner.sessionId, verdict, judgedAt);
  }

  /** These shares will not be judged, although their connection goes on. */
  abandoned(slot: Slot<MinerSeat>, first: number, last: number): void {
    for (let serial = first; serial <= last; serial++) {
      const share = slot.pending.giveUp(serial);
      if (share !== undefined) this.#forget(share, slot);
    }
    this.lateAnswers.give();
  }

  /**
   * One more share is about to be sent: where too many are unjudged, the oldest is given up. Its
   * miner is answered at the next tick, because it may leave when it is answered.
   */
  makeRoom(slot: Slot<MinerSeat>): void {
    if (slot.pending.span >= MOST_UNJUDGED) this.#forget(slot.pending.giveUpOldest()!, slot);
  }

  /**
   * Answers shares whose verdict is late, and ends those whose verdict is not expected any more.
   * Call it several times a second.
   */
  tick(slot: Slot<MinerSeat>): void {
    const { pending, answerTime, upstream: { terms } } = slot;
    const time = this.#now();
    this.#expireQueued(slot, time - VERDICT_TIMEOUT_MS);
    const overdue = time - (terms.verdictTimeoutMs ?? VERDICT_TIMEOUT_MS);
    for (const share of pending.expire(overdue)) this.#forget(share, slot);
    for (const share of pending.due(time - answerTime.waitMs)) this.#answerEarly(share, slot);
    this.lateAnswers.give();
  }

  /** Ends shares that started to wait for their turn before `time`: their jobs may be over. */
  #expireQueued(slot: Slot<MinerSeat>, time: number): void {
    const { upstream, pending } = slot;
    if (upstream.queued === 0) return;
    const overdue = new Set<number>();
    for (const [serial, { sentAt }] of pending.queued()) {
      if (sentAt >= time) break;
      overdue.add(serial);
    }
    if (overdue.size === 0) return;
    upstream.withdraw(overdue);
    for (const serial of overdue) this.#forget(pending.giveUp(serial)!, slot);
  }

  #answerEarly(share: PendingShare<MinerSeat>, slot: Slot<MinerSeat>): void {
    const { owner, requestId } = share;
    if (owner.isGone) return;
    slot.pending.noteAnswered(share);
    this.#counter.answeredEarly(owner, slot.ledger);
    this.lateAnswers.add(owner, requestId, undefined);
  }

  /** Ends all shares of a connection that is gone, one before each `yield`. */
  *lost(slot: Slot<MinerSeat>): Generator<void> {
    for (const share of slot.pending.expire(Infinity)) {
      this.#countUnanswered(share, slot, "unansweredConnectionLost");
      // It is not known whether the pool still got it.
      if (!share.isAnswered) this.lateAnswers.add(share.owner, share.requestId, UNKNOWN_FATE);
      yield;
    }
    this.lateAnswers.give();
  }

  /**
   * At a stop: gives up shares that are not worth waiting for.
   *
   * @param silentMs A pool that had shares to judge and judged none for this long counts as silent
   * for good.
   * @param oldMs A share that has waited this long counts as forgotten by the pool.
   * @returns what is worth waiting for.
   */
  awaited(slots: Iterable<Slot<MinerSeat>>, silentMs: number, oldMs: number): Awaited {
    const time = this.#now();
    const miners = new Set<Downstream>();
    let shares = 0;
    for (const slot of slots) {
      const { judgedAt, pending } = slot;
      const since = Math.max(judgedAt, pending.oldestSentAt ?? time);
      this.#stop(slot, time - since >= silentMs ? Infinity : time - oldMs);
      for (const { miner } of pending.owners()) miners.add(miner);
      shares += pending.waiting + pending.answered;
    }
    return { miners, shares };
  }

  /** Gives up shares of a connection that were sent before `sentBefore`. */
  #stop(slot: Slot<MinerSeat>, sentBefore: number): void {
    for (const share of slot.pending.expire(sentBefore)) {
      const { owner: { isGone, miner }, isAnswered, requestId } = share;
      this.settled(share.owner, slot);
      this.#countUnanswered(share, slot, "unansweredStopped");
      if (!isGone && !isAnswered) miner.rejectShare(requestId, UNKNOWN_FATE);
    }
  }

  /** Gives up a share whose verdict is not expected any more. The miner is answered true. */
  #forget(share: PendingShare<MinerSeat>, slot: Slot<MinerSeat>): void {
    const { owner, requestId, isAnswered, isTentative } = share;
    this.settled(owner, slot);
    // Another share must find out the pool's rule for its new difficulty.
    if (isTentative) slot.untold(share);
    this.#countUnanswered(share, slot, owner.isGone ? "unansweredMinerGone" : "unansweredTimedOut");
    if (!isAnswered) this.lateAnswers.add(owner, requestId, undefined);
  }

  #countUnanswered(share: PendingShare<MinerSeat>, slot: Slot<MinerSeat>, why: Unanswered): void {
    const { owner, block, difficulty } = share;
    // A share that waited for its turn has not been counted as submitted yet.
    if (share.isQueued) this.submitted(share, slot);
    if (share.isAnswered) this.#counter.settledEarly(owner, slot.ledger);
    this.#counter.lost(owner, why, slot.ledger, difficulty);
    if (block === undefined) return;
    const { isGone, miner } = owner;
    this.#counter.add(isGone ? undefined : miner.sessionId, "blocksLost", slot.ledger);
    if (this.#gone.maySay(this.#now())) logUnansweredBlock(block);
  }

  /** Counts a share that was sent. */
  submitted({ owner: { isGone, miner } }: PendingShare<MinerSeat>, slot: Slot<MinerSeat>): void {
    this.#counter.add(isGone ? undefined : miner.sessionId, "submitted", slot.ledger);
  }

  /** Counts and credits a good share; `time` is real. */
  good(
    seat: MinerSeat,
    how: Good,
    { ledger }: Slot<MinerSeat>,
    difficulty: number,
    time: number,
  ): void {
    this.#counter.good(seat, how, ledger, difficulty, time);
    this.#books.credit(difficulty, time);
  }

  /** Notes that a share of this miner no longer waits on this connection. */
  settled(seat: MinerSeat, slot: Slot<MinerSeat>): void {
    if (seat.slot === slot) seat.waiting--;
    else slot.settledOfLeft(seat);
  }
}
