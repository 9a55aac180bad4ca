/**
 * One upstream connection of an account: the connection itself, its jobs, its miners, and the
 * shares it has not judged.
 */

import { Allowance } from "../base/allowance.ts";
import { type Job, jobTime, jobVersion } from "../protocol/stratum/job.ts";
import { AnswerTime } from "./answer_time.ts";
import { Ledger } from "./books/ledger.ts";
import { Difficulties, type DifficultyKeeper } from "./difficulties.ts";
import type { Crowd, Downstream } from "./downstream.ts";
import { FloodBrake } from "./flood_brake.ts";
import { JobBook, type JobDifficulty } from "./job_book.ts";
import { PassedDifficulty, passedOn } from "./passed_difficulty.ts";
import { type PendingShare, PendingShares } from "./pending_shares.ts";
import { PoolCredit } from "./pool_credit.ts";
import { Portions } from "./portions.ts";
import { type Screening, screeningFor } from "./screening.ts";
import { ShortIds } from "./short_ids.ts";
import { isPaired, type Padding } from "./terms.ts";
import type { Upstream } from "./upstream.ts";
import type { Verdict } from "./verdict.ts";
import { type Contradiction, type VerdictCheck, verdictCheckFor } from "./verdict_check.ts";
import { Views } from "./views.ts";
import { Work } from "./work.ts";

/**
 * How often the mask may change, in milliseconds, and how many times at once. If it changes more
 * often, only the bits that are always allowed remain.
 */
const MASK_EVERY_MS = 10_000;
const MASK_BURST = 6;

/**
 * How often a miner may get the newest job out of turn, in milliseconds, and how many times at
 * once.
 */
const AGAIN_EVERY_MS = 35_000;
const AGAIN_BURST = 3;

/** How often miners that flood get it out of turn, in milliseconds, all of them together. */
const RAISE_EVERY_MS = 5_000;

/** The part of a miner's seat that a slot needs. */
export interface Sitter {
  /** The miner. */
  readonly miner: Downstream;
  /** Its place in the tables of difficulties. */
  readonly place: number;
  /** How it sees jobs here. */
  view: Padding;
  /** How many of its shares wait for a verdict here. */
  waiting: number;
}

/** `Seat` is the multiplexer's state of a miner. */
export class Slot<Seat extends Sitter> implements Crowd {
  /** The connection itself. */
  readonly upstream: Upstream;
  /** The jobs that shares can be submitted for. */
  readonly jobs: JobBook;
  /** The work of the miners here. */
  readonly work: Work = new Work();
  /** The ways they see it. */
  readonly views: Views;
  /** Checks shares before they are sent. */
  readonly screening: Screening;
  /** Compares the pool's verdicts with our own arithmetic; `undefined` where that is not wanted. */
  readonly verdictCheck: VerdictCheck | undefined;
  /** The difficulty of each miner here. */
  readonly difficulties: DifficultyKeeper;
  /** Shares that wait for this connection's verdict. */
  readonly pending: PendingShares<Seat> = new PendingShares();
  /** How long miners here wait for verdicts. */
  readonly answerTime: AnswerTime = new AnswerTime();
  /** The seats of the miners here, by session id. */
  readonly seats: Map<number, Seat> = new Map();
  /** Session ids of miners that left; they become free once this pool and all others were told. */
  readonly leaving: Set<number> = new Set();
  /** By session id: how many miners with it left that the pool has not forgotten yet. */
  readonly #unforgotten = new Map<number, number>();
  /**
   * Miners that left while their shares waited here, by session id; the last miner with each id.
   */
  readonly #left = new Map<number, { readonly seat: Seat; waiting: number }>();
  /** The session ids that the pool's few bytes can tell apart; `undefined` if it can tell all. */
  readonly #ids: ShortIds | undefined;
  /** If the bytes are few: whether miners here are paired, decided by the first one. */
  #holdsPaired: boolean | undefined;
  /** How many shares were sent. */
  #sent = 0;
  /** Shares of this connection. */
  readonly ledger: Ledger;
  /** The credit for shares that are not hashed here. */
  #creditedAsTold = 0;
  readonly #credit: PoolCredit | undefined;
  /** The brake against floods; `undefined` where the pool sets miners' difficulties. */
  readonly brake: FloodBrake | undefined;
  /** Work of good shares that the pool does not count because the brake was on, as difficulty. */
  brakeLoss = 0;
  /** Limits how many miners move here at a time. */
  readonly portions: Portions = new Portions();
  /**
   * Our number of the last job that made older ones worthless, because it was clean or the mask
   * changed.
   */
  currentFrom = 0;
  /** When the last job came; `undefined` before the first. */
  jobAt: number | undefined;
  /** When the last verdict came. */
  judgedAt: number = -Infinity;
  /**
   * The number of the newest job at the last time that a miner moved elsewhere, which knows that
   * job.
   */
  #movedAwayWith = -1;
  #versionMask: number;
  readonly #maskChanges = new Allowance(MASK_EVERY_MS, MASK_BURST);
  readonly #raises = new Allowance(RAISE_EVERY_MS, 1);
  readonly #gifts = new Allowance(AGAIN_EVERY_MS, AGAIN_BURST);

  /** An empty slot for a connection that became ready at `time`. */
  constructor(upstream: Upstream, time: number) {
    const { extranonce, retention, startingDifficulty, validation, difficulty } = upstream.terms;
    this.upstream = upstream;
    this.ledger = new Ledger(upstream.poolId);
    this.#versionMask = upstream.versionMask;
    this.jobs = new JobBook(retention, validation === "here");
    this.views = new Views(extranonce);
    this.#ids = extranonce.idBytes === 1 ? new ShortIds() : undefined;
    this.screening = screeningFor(upstream.terms);
    const { hashing } = this.screening;
    this.#credit = hashing === undefined ? undefined : new PoolCredit(hashing.poolDifficulty);
    this.verdictCheck = verdictCheckFor(upstream.terms);
    this.difficulties = difficulty === "passed"
      ? new PassedDifficulty(startingDifficulty)
      : new Difficulties(startingDifficulty);
    this.brake = difficulty === "vardiff" ? new FloodBrake(time) : undefined;
  }

  /**
   * The version bits that miners may roll: those that the pool allows and that are not set in its
   * job. Firmware and pools combine the two by OR, XOR or replacement, which give the same result
   * where the job has no bit in the mask.
   */
  get versionMask(): number {
    return this.#versionMask;
  }

  get isUrgent(): boolean {
    return this.work.isUrgent;
  }

  handles(): readonly number[] {
    const handles: number[] = [];
    // `for…of` would make an object for each of ten thousand miners, with every job.
    this.seats.forEach(({ miner }) => handles.push(miner.handle));
    return handles;
  }

  /** The sum of the difficulties that the pool counts for shares it accepted. */
  get credited(): number {
    return this.#creditedAsTold + (this.#credit?.sum ?? 0);
  }

  /** The pool's own difficulty: the highest for miners whose difficulty we set. */
  get ceiling(): number {
    return this.screening.hashing?.poolDifficulty.current ?? this.upstream.terms.poolDifficulty;
  }

  /** Whether it is for the miners of one worker, which get the pool's own difficulty. */
  get isOfOneWorker(): boolean {
    return this.upstream.terms.difficulty === "passed";
  }

  /** The pool's own difficulty changed: miners get it with the next job. */
  passOn(poolDifficulty: number): void {
    this.difficulties.set(0, passedOn(poolDifficulty));
  }

  /**
   * Whether the difficulty was not told with the newest job; if so, the job may be told again with
   * it.
   */
  takeUntold(time: number): "harder" | "easier" | undefined {
    if (!this.isOfOneWorker || this.work.job === undefined) return undefined;
    const told = this.difficulties.of(this.jobs.find(this.work.number)!.difficulties, 0);
    const next = this.difficulties.next(0);
    if (next === told || !this.mayRaise(time)) return undefined;
    return next > told ? "harder" : "easier";
  }

  /** How many miners sit here. */
  get miners(): number {
    return this.seats.size;
  }

  /** Whether a miner with this layout can sit here at all. */
  suits({ layout, sessionId }: Downstream): boolean {
    return this.views.of(layout, sessionId) !== undefined;
  }

  /** Whether there is room for this miner now. */
  hasRoomFor({ sessionId, layout }: Downstream, time: number): boolean {
    if (this.seats.size >= this.upstream.terms.capacity) return false;
    if (this.#ids === undefined) return true;
    const paired = isPaired(this.upstream.terms.extranonce, layout);
    if (this.#holdsPaired !== undefined && this.#holdsPaired !== paired) return false;
    return paired || this.#ids.isFree(sessionId, time);
  }

  /** A miner sits down here. */
  seat(seat: Seat): void {
    const { worker, layout } = seat.miner;
    seat.view = this.views.of(layout, worker.sessionId)!;
    if (this.#ids !== undefined) {
      this.#holdsPaired ??= isPaired(this.upstream.terms.extranonce, layout);
      if (!this.#holdsPaired) this.#ids.take(worker.sessionId);
    }
    seat.waiting = this.#takeWaiting(seat);
    this.seats.set(worker.sessionId, seat);
    this.upstream.enter(worker);
  }

  /** The miner leaves the slot; the pool forgets it now or later. */
  dismiss(sessionId: number, time: number): void {
    const seat = this.seats.get(sessionId)!;
    this.seats.delete(sessionId);
    if (this.#holdsPaired !== true) this.#ids?.give(sessionId, time);
    this.difficulties.give(seat.place);
    this.#unforgotten.set(sessionId, (this.#unforgotten.get(sessionId) ?? 0) + 1);
    if (seat.waiting > 0) this.#left.set(sessionId, { seat, waiting: seat.waiting });
    this.upstream.leave(sessionId, seat.waiting > 0);
  }

  /** Whether the pool may still connect this session id with a miner that left. */
  remembers(sessionId: number): boolean {
    return this.#unforgotten.has(sessionId);
  }

  /** The pool has forgotten a miner for one of the times it left. */
  forgotten(sessionId: number): void {
    const left = this.#unforgotten.get(sessionId)! - 1;
    if (left > 0) this.#unforgotten.set(sessionId, left);
    else this.#unforgotten.delete(sessionId);
  }

  /** Notes that a share of a miner that left waits here. */
  waitsOfLeft(seat: Seat): void {
    const { sessionId } = seat.miner;
    const left = this.#left.get(sessionId);
    if (left?.seat === seat) left.waiting++;
    else this.#left.set(sessionId, { seat, waiting: 1 });
  }

  /** Notes that a share of a miner that left no longer waits. */
  settledOfLeft(seat: Seat): void {
    const { sessionId } = seat.miner;
    const left = this.#left.get(sessionId);
    if (left?.seat !== seat || --left.waiting > 0) return;
    this.#left.delete(sessionId);
    this.upstream.settled(sessionId);
  }

  /** How many shares of its last stay still wait when a miner comes back. */
  #takeWaiting(seat: Seat): number {
    const { sessionId } = seat.miner;
    const left = this.#left.get(sessionId);
    if (left?.seat !== seat) return 0;
    this.#left.delete(sessionId);
    return left.waiting;
  }

  /**
   * The pool judged a share.
   *
   * @returns how the verdict contradicts our own arithmetic, unless the difficulty changed on the
   * way.
   */
  judged(serial: number, share: PendingShare<Seat>, verdict: Verdict): Contradiction | undefined {
    const found = this.verdictCheck?.judged(serial, verdict);
    const isCrossed = share.change !== (this.screening.hashing?.poolDifficulty.changes ?? 0);
    if (verdict.kind === "accepted") this.#accepted(share, isCrossed);
    else if (verdict.reason === "lowDifficulty") this.#foundTooLow(share);
    else if (share.isTentative) this.untold(share);
    return isCrossed ? undefined : found;
  }

  /**
   * The verdict on a share shows nothing about the pool's rule for difficulties, or none will come.
   */
  untold({ stamp, reached }: PendingShare<Seat>): void {
    if (stamp !== undefined) this.screening.hashing?.poolDifficulty.untold({ stamp, reached });
  }

  #accepted(share: PendingShare<Seat>, isCrossed: boolean): void {
    const { stamp, reached, difficulty, isBraked } = share;
    const poolDifficulty = this.screening.hashing?.poolDifficulty;
    if (stamp === undefined || poolDifficulty === undefined) {
      this.#creditedAsTold += difficulty;
      return;
    }
    const credit = this.#credit!.accepted(stamp, reached, isCrossed);
    if (isBraked) this.brakeLoss += Math.max(0, difficulty - credit);
    if (share.isTentative) poolDifficulty.accepted({ ...share, stamp });
  }

  #foundTooLow(share: PendingShare<Seat>): void {
    const { stamp, reached } = share;
    const poolDifficulty = this.screening.hashing?.poolDifficulty;
    if (stamp === undefined || poolDifficulty === undefined) return;
    if (poolDifficulty.refused({ ...share, stamp })) this.#credit!.refused(stamp, reached);
  }

  /** The serial for a share that is sent now. */
  nextSerial(): number {
    return this.#sent++;
  }

  /**
   * Takes a new job under a number of ours, at `time`; `againElsewhere` as for
   * {@linkcode Work.set}.
   */
  setJob(number: number, job: Job, time: number, againElsewhere?: number): void {
    this.jobAt = time;
    const isFirst = this.work.job === undefined;
    if (isFirst) this.#credit?.firstJobCame(job.id);
    const isClean = job.isClean || isFirst;
    this.jobs.add(
      number,
      {
        poolJobId: job.id,
        ntime: jobTime(job),
        version: jobVersion(job),
        ...this.#jobDifficulty(),
        check: this.screening.hashing?.check(job, this.jobs.ofPool(job.id)?.check) ??
          this.verdictCheck?.jobCheck(job),
      },
      isClean,
      time,
    );
    this.work.set(number, job, againElsewhere);
    if (isClean) this.#ids?.rested();
    if (this.maskChanged(time) || isClean) this.currentFrom = number;
  }

  /**
   * The newest job must be told again under another number; `isClean` if older work is worthless.
   */
  setJobAgain(number: number, isClean: boolean): void {
    this.jobs.addAgain(number);
    this.work.setAgain(number, isClean);
    if (isClean) this.currentFrom = number;
  }

  /**
   * The same with the miners' new difficulties. If they must drop easier work, they get it as a
   * clean job; shares for the easier work are still good.
   */
  setDifficultiesAgain(number: number, isHarder: boolean): void {
    this.jobs.addAgain(number, this.#jobDifficulty());
    this.work.setAgain(number, isHarder);
  }

  #jobDifficulty(): JobDifficulty {
    return {
      difficulties: this.difficulties.forJob(),
      isBraked: this.brake?.level !== undefined,
    };
  }

  /** A miner that was told the newest job works elsewhere from now on; it may come back. */
  movedAway(): void {
    this.#movedAwayWith = this.work.number;
  }

  /** Whether a miner that comes from elsewhere may already have been told the newest job here. */
  get isJobKnownElsewhere(): boolean {
    return this.work.job !== undefined && this.work.number === this.#movedAwayWith;
  }

  /** Whether the newest job may be given again to a miner that needs it out of turn. */
  mayGiveAgain(time: number): boolean {
    return this.work.job !== undefined && this.#gifts.take(time);
  }

  /** Whether it may be given again to miners that must find harder shares from now on. */
  mayRaise(time: number): boolean {
    return this.work.job !== undefined && this.#raises.take(time);
  }

  /** The pool's mask or its job changed. @returns whether the mask for miners changed, too. */
  maskChanged(time: number): boolean {
    const { job } = this.work;
    const before = this.#versionMask;
    const taken = job === undefined ? 0 : jobVersion(job);
    const wanted = (this.upstream.versionMask & ~taken) >>> 0;
    if (wanted === before) return false;
    this.#versionMask = this.#maskChanges.take(time) ? wanted : (before & wanted) >>> 0;
    return this.#versionMask !== before;
  }
}
