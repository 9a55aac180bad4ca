/**
 * The shares of one sub-account: checks them and sends them to the pool. share_ends.ts handles what
 * comes of them.
 *
 * Invariants: a share is sent only on the connection that its job came from; every share is counted
 * when it comes in, and again where it ends.
 */

import type { AttendedNow } from "../base/attended_clock.ts";
import type { Now, Timers } from "../base/clock.ts";
import { REFUSE_REASONS, type RefuseReason } from "../base/share_reasons.ts";
import type { Job } from "../protocol/stratum/job.ts";
import type { Share } from "../protocol/stratum/share.ts";
import type { AccountBooks } from "./books/account_books.ts";
import { countOf, type Refusal, type ShareCounter } from "./books/ledger.ts";
import type { FirstReceipt, ShareReceipt } from "./downstream.ts";
import { logBlock, logLostBlock } from "./found_blocks.ts";
import { blockAt, GoneJobs } from "./gone_jobs.ts";
import type { ContradictionLog } from "./contradiction_log.ts";
import type { LocalDifficulty } from "./local_difficulty.ts";
import type { PendingShare } from "./pending_shares.ts";
import type { Demand } from "./pool_difficulty.ts";
import type { Screened } from "./screening.ts";
import { ShareEnds } from "./share_ends.ts";
import { ShareBatch, type WaitingShare } from "./share_batch.ts";
import type { MinerSeat } from "./seat.ts";
import type { Slot } from "./slot.ts";
import { sendShare } from "./sent_share.ts";
import { REFUSED, REFUSED_COMMONLY } from "./verdict.ts";

/**
 * The most shares of one miner that may wait for verdicts of one connection: more than an honest
 * miner finds in a minute.
 */
export const MAX_WAITING_SHARES = 1_000;

/** The count for each reason to refuse a share. */
const REFUSED_COUNT = Object.fromEntries(
  REFUSE_REASONS.map((reason) => [reason, countOf("refused", reason)]),
) as Record<RefuseReason, Refusal>;

/** The parts that {@linkcode ShareFlow} needs. */
export interface ShareFlowParts {
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
  /** The current connections. */
  readonly slots: () => Iterable<Slot<MinerSeat>>;
  /** Sets difficulties by the shares that miners find. */
  readonly local: Pick<LocalDifficulty, "found">;
  /** Logs verdicts that contradict us. */
  readonly contradictions: Pick<ContradictionLog, "say">;
  /** The first number of the job that miners without a place were told again under this number. */
  readonly firstNumberOf: (jobNumber: number) => number;
}

/** Takes shares of miners, sends them and settles their verdicts. */
export class ShareFlow {
  readonly #counter: ShareCounter;
  readonly #books: AccountBooks;
  readonly #now: AttendedNow;
  readonly #realNow: Now;
  readonly #slots: () => Iterable<Slot<MinerSeat>>;
  readonly #local: Pick<LocalDifficulty, "found">;
  readonly #firstNumberOf: (jobNumber: number) => number;
  readonly #gone = new GoneJobs();
  /** Ends the shares that were sent. */
  readonly ends: ShareEnds;
  readonly #batch = new ShareBatch((waiting, screened) => this.#hashed(waiting, screened));

  /** No share has come yet. */
  constructor(parts: ShareFlowParts) {
    const { counter, books, now, realNow, slots, local } = parts;
    this.#firstNumberOf = parts.firstNumberOf;
    this.#counter = counter;
    this.#books = books;
    this.#now = now;
    this.#realNow = realNow;
    this.#slots = slots;
    this.#local = local;
    this.ends = new ShareEnds({ ...parts, gone: this.#gone });
  }

  /** Takes a miner's share: see {@linkcode Seat.submit}. */
  take(seat: MinerSeat, share: Share): FirstReceipt {
    const { slot, miner } = seat;
    const job = slot?.jobs.find(share.jobId);
    if (slot === undefined || job === undefined) return this.#takeOfElsewhere(seat, share);
    const { screening, upstream } = slot;
    this.#counter.add(miner.sessionId, "received", slot.ledger);
    const difficulty = slot.difficulties.of(job.difficulties, seat.place);
    const wrong = screening.fault(share, job, miner, upstream.versionMask);
    if (wrong !== undefined) {
      // Answers shares that came before it first.
      this.finish();
      return this.#refuse(seat, job.isPast ? "stale" : wrong, difficulty);
    }
    const { isBraked } = job;
    const waiting = { seat, slot, job, difficulty, isBraked, share, reached: 0 };
    if (screening.hashing === undefined) {
      return this.#send(waiting, "submit", this.#realNow());
    }
    this.#batch.add(waiting);
    return "checking";
  }

  /** Settles a share that was hashed. */
  #hashed(hashed: WaitingShare, screened: Screened): void {
    const provable = this.#provable(hashed, screened);
    // It proves less than the difficulty that its miner was told.
    const waiting = provable < hashed.difficulty
      ? { ...hashed, difficulty: provable, isBraked: false }
      : hashed;
    const { seat, difficulty, share } = waiting;
    // Read the clock only once for each share and each verdict.
    const time = this.#realNow();
    const receipt = this.#settle(waiting, screened, time);
    if (typeof receipt === "string") this.#local.found(seat, difficulty, this.#now(time));
    seat.miner.shareChecked(share, receipt);
  }

  /** How much of the difficulty that its miner was told a share is credited with. */
  #provable({ slot, job, difficulty, reached }: WaitingShare, screened: Screened): number {
    if (screened === "easy") return this.#demandFor({ slot, job })!.sure;
    if (screened !== "tentative" || reached >= difficulty) return difficulty;
    const { lower } = slot.screening.hashing!.poolDifficulty;
    return reached >= lower ? lower : job.check!.stamp.difficulty;
  }

  /** `time` is real. */
  #settle(
    waiting: WaitingShare,
    screened: Screened,
    time: number,
  ): ShareReceipt {
    const { seat, slot, difficulty } = waiting;
    switch (screened) {
      case "submit":
      case "easy":
      case "tentative":
      case "block":
        slot.brake?.shareCame();
        return this.#send(waiting, screened, time);
      case "hold":
        slot.brake?.shareCame();
        slot.brakeLoss += Math.max(difficulty, this.#demandFor(waiting)?.sure ?? 0);
        return this.#keep(waiting, time);
      case "keep":
        return this.#keep(waiting, time);
      default:
        return this.#refuse(seat, screened, difficulty);
    }
  }

  /** Keeps a good share that is not sent. */
  #keep({ seat, slot, difficulty }: WaitingShare, time: number): ShareReceipt {
    this.ends.good(seat, "kept", slot, difficulty, time);
    return "taken";
  }

  /**
   * The difficulties that its pool demands of a share; `undefined` where that is not known here.
   */
  #demandFor({ slot, job }: Pick<WaitingShare, "slot" | "job">): Demand | undefined {
    const { hashing } = slot.screening;
    return job.check === undefined ? undefined : hashing?.poolDifficulty.demand(job.check.stamp);
  }

  /** Takes a share for a job of another place than its miner's: refused, unless it is a block. */
  #takeOfElsewhere(seat: MinerSeat, share: Share): ShareReceipt {
    const { slot, miner } = seat;
    // Looking for a block uses the hasher.
    this.finish();
    const first = this.#firstNumberOf(share.jobId);
    const named = first === share.jobId ? share : { ...share, jobId: first };
    const live = blockAt(this.#slots(), named, miner);
    if (live !== undefined) {
      const { holder, job } = live;
      this.#counter.add(miner.sessionId, "received", holder.ledger);
      const { startingDifficulty: difficulty } = holder.upstream.terms;
      const block = { seat, slot: holder, job, difficulty, isBraked: false, share };
      return this.#send({ ...block, reached: Infinity }, "block", this.#realNow());
    }
    const ledger = slot?.ledger ?? this.#books.unplaced;
    this.#counter.add(miner.sessionId, "received", ledger);
    const gone = this.#gone.blockOf(named, miner);
    if (gone !== undefined) {
      this.#counter.add(miner.sessionId, "blocksLost", ledger);
      if (this.#gone.maySay(this.#now())) logLostBlock({ ...gone, finder: miner, share });
    }
    // Without a pool there is nothing its miner could do better.
    return this.#refuse(seat, slot === undefined ? "noPool" : "stale", seat.difficulty ?? 0);
  }

  /** Sends a share to the pool that its job came from. `time` is real time. */
  #send(
    { seat, slot, job, difficulty, isBraked, share, reached }: WaitingShare,
    screened: "submit" | "easy" | "tentative" | "block",
    time: number,
  ): ShareReceipt {
    const counter = this.#counter;
    const { upstream, ledger, screening: { hashing } } = slot;
    const { miner: { sessionId } } = seat;
    const { verdicts } = upstream.terms;
    if (verdicts === "none") {
      counter.lost(seat, "outage", ledger, difficulty);
      // The share is not checked, but its miner must not count as silent.
      if (seat.isLocal) this.#local.found(seat, difficulty, this.#now(time));
      return "taken";
    }
    const isBlock = screened === "block";
    const isTentative = screened === "tentative";
    const changes = hashing?.poolDifficulty.changes ?? 0;
    if (seat.waiting >= MAX_WAITING_SHARES && !isBlock) {
      if (isTentative) hashing?.poolDifficulty.untold({ stamp: job.check!.stamp, reached });
      return this.#refuse(seat, "tooMany", difficulty);
    }
    const serial = slot.nextSerial();
    const block = isBlock ? { finder: seat.miner, holder: slot, job, share } : undefined;
    if (block !== undefined) {
      counter.add(sessionId, "blocks", ledger);
      logBlock(block);
    }
    if (verdicts === "assumed") {
      sendShare(upstream, serial, seat.miner, job, share, isBlock);
      counter.add(sessionId, "submitted", ledger);
      this.ends.good(seat, "assumed", slot, difficulty, time);
      return "taken";
    }
    if (seat.slot === slot) seat.waiting++;
    else slot.waitsOfLeft(seat);
    const demand = this.#demandFor({ slot, job });
    const pending: PendingShare<MinerSeat> = {
      owner: seat,
      requestId: share.id,
      sentAt: this.#now(time),
      difficulty: isBraked ? difficulty : Math.min(difficulty, demand?.sure ?? difficulty),
      stamp: hashing === undefined ? undefined : job.check?.stamp,
      reached,
      change: changes,
      isTentative,
      isQueued: false,
      versionBits: share.versionBits,
      job,
      block,
      isBraked,
      isAnswered: false,
    };
    this.ends.makeRoom(slot);
    slot.pending.add(serial, pending);
    if (!isTentative) {
      const sent = { finder: seat.miner, job, difficulty: demand?.sure ?? difficulty, share };
      slot.verdictCheck?.sent(serial, sent);
    }
    pending.isQueued = !sendShare(upstream, serial, seat.miner, job, share, isBlock);
    if (!pending.isQueued) this.#wentUp(slot, pending);
    return "waiting";
  }

  /** A share that waited for its turn is sent. */
  sent(slot: Slot<MinerSeat>, serial: number): void {
    const share = slot.pending.of(serial);
    // It may have been given up after too long a wait.
    if (share === undefined) return;
    share.isQueued = false;
    share.sentAt = this.#now();
    share.change = slot.screening.hashing?.poolDifficulty.changes ?? 0;
    this.#wentUp(slot, share);
  }

  #wentUp(slot: Slot<MinerSeat>, share: PendingShare<MinerSeat>): void {
    this.ends.submitted(share, slot);
    slot.upstream.watch.submitted(share.sentAt);
  }

  /**
   * The pool's job, difficulty or version mask has changed, or it has shown its rule for
   * difficulties. Shares that wait for their turn and that it would reject now are not sent: they
   * are stale, refused for their version bits, or kept.
   */
  reconsider(slot: Slot<MinerSeat>): void {
    const { upstream, pending, screening: { hashing }, verdictCheck } = slot;
    if (hashing === undefined || upstream.queued === 0) return;
    const { poolDifficulty } = hashing;
    const withdrawn = new Map<number, PendingShare<MinerSeat>>();
    for (const [serial, share] of pending.queued()) {
      // What it was sent to find out is still unknown.
      if (share.isTentative) slot.untold(share);
      const stamp = share.stamp!;
      const { sure, possible } = poolDifficulty.demand(stamp);
      const isForbidden = (share.versionBits & ~upstream.versionMask) !== 0;
      if (share.job.isPast || isForbidden || share.reached < possible) {
        withdrawn.set(serial, share);
        continue;
      }
      share.change = poolDifficulty.changes;
      share.isTentative = share.reached < sure;
      if (!share.isTentative) continue;
      poolDifficulty.tried({ stamp, reached: share.reached });
      verdictCheck?.forget(serial);
    }
    if (withdrawn.size === 0) return;
    upstream.withdraw(new Set(withdrawn.keys()));
    const time = this.#realNow();
    for (const [serial, share] of withdrawn) {
      pending.settle(serial);
      verdictCheck?.forget(serial);
      this.#withdrawn(slot, share, time);
    }
    this.ends.lateAnswers.give();
  }

  /** `time` is real. */
  #withdrawn(slot: Slot<MinerSeat>, share: PendingShare<MinerSeat>, time: number): void {
    const { owner, requestId, difficulty, job, versionBits } = share;
    this.ends.settled(owner, slot);
    const isForbidden = (versionBits & ~slot.upstream.versionMask) !== 0;
    if (job.isPast || isForbidden) {
      const reason = job.isPast ? "stale" : "versionMask";
      this.#counter.lost(owner, REFUSED_COUNT[reason], slot.ledger, difficulty);
      this.ends.lateAnswers.add(owner, requestId, REFUSED_COMMONLY[reason]);
      return;
    }
    // If it had been sent at once, the pool would have counted it.
    slot.brakeLoss += difficulty;
    this.ends.good(owner, "kept", slot, difficulty, time);
    this.ends.lateAnswers.add(owner, requestId, undefined);
  }

  /** Finishes shares that wait to be hashed, before jobs, difficulties or places change. */
  finish(): void {
    this.#batch.run();
  }

  /** Forgets jobs of connections that were lost long ago. */
  tick(): void {
    this.#gone.expire(this.#now());
  }

  /** A connection is gone: no more blocks for its jobs can be sent. */
  gone(slot: Slot<MinerSeat>): void {
    this.#gone.add(slot, this.#now());
  }

  /**
   * Miners without a place still work on the job with this number, which was told again `again`
   * times.
   */
  stillUsed(jobNumber: number, again: number): void {
    this.#gone.stillUsed(jobNumber, again, this.#now());
  }

  /**
   * The number of times that the same job was told again, if it was the last of a connection that
   * is gone.
   */
  againOf(job: Job): number | undefined {
    return this.#gone.againOf(job);
  }

  #refuse(seat: MinerSeat, reason: RefuseReason, difficulty: number): ShareReceipt {
    const { slot } = seat;
    const ledger = slot?.ledger ?? this.#books.unplaced;
    this.#counter.lost(seat, REFUSED_COUNT[reason], ledger, difficulty);
    return slot?.screening.hashing === undefined ? REFUSED[reason] : REFUSED_COMMONLY[reason];
  }
}
