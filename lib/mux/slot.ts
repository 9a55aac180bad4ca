/**
 * A place for one upstream connection of an account: the connection, its jobs, the miners that
 * sit there, and the shares it has not judged.
 *
 * A pool gives no verdict for a miner it has been told to forget (agent.md "0x04 Unregister a
 * worker"). So one that goes while shares of it wait stays registered until they are judged, or for
 * {@linkcode FAREWELL_MS}.
 */

import { Allowance } from "../base/allowance.ts";
import { type Job, jobTime, jobVersion } from "../protocol/stratum/job.ts";
import { Difficulties } from "./difficulties.ts";
import { JobBook } from "./job_book.ts";
import { Ledger } from "./books/ledger.ts";
import type { Crowd, Downstream, Upstream } from "./peers.ts";
import { PendingShares } from "./pending_shares.ts";
import { Work } from "./work.ts";

/** A pool has this long to judge the last shares of a miner that went, in milliseconds. */
export const FAREWELL_MS = 3_000;

/**
 * A mask changes this often, in milliseconds and times at once. Of one that changes more only the
 * bits that are always allowed are left.
 */
const MASK_EVERY_MS = 10_000;
const MASK_BURST = 6;

/** A miner is given the newest job out of turn this often, in milliseconds, and times at once. */
const AGAIN_EVERY_MS = 35_000;
const AGAIN_BURST = 3;

/** A miner that went before all its shares were judged. */
interface Farewell<Seat> {
  readonly seat: Seat;
  readonly since: number;
  /** How many shares wait. */
  waiting: number;
  /** Whether the pool was told to forget it. */
  isOver: boolean;
}

/** What a slot asks of those who sit there. */
export interface Sitter {
  /** The miner. */
  readonly miner: Downstream;
  /** Where its difficulty is noted. */
  readonly place: number;
}

/** `Seat` is what the multiplexer keeps of a miner. */
export class Slot<Seat extends Sitter> implements Crowd {
  /** The connection itself. */
  readonly upstream: Upstream;
  /** Jobs shares can be submitted for here. */
  readonly jobs: JobBook = new JobBook();
  /** What miners here have to work on. */
  readonly work: Work = new Work();
  /** How difficult each of them finds it. */
  readonly difficulties: Difficulties;
  /** Shares waiting for this connection's verdict. */
  readonly pending: PendingShares<Seat> = new PendingShares();
  /** Who sits here, by session id. */
  readonly seats: Map<number, Seat> = new Map();
  /** Session ids of miners that left; free once this pool, and any other, was told. */
  readonly leaving: Set<number> = new Set();
  /** By session id. */
  readonly #farewells = new Map<number, Farewell<Seat>>();
  /** How many unregister frames of a session are not written: a miner may come, go and come back. */
  readonly #unwritten = new Map<number, number>();
  /** Shares of this connection. */
  readonly ledger: Ledger = new Ledger();
  /** Whether miners belong here; a spare keeps its jobs without any. */
  isActive = false;
  /** Our number of the last job that made older ones no good, by itself or with another mask. */
  currentFrom = 0;
  /** When the last job came; `undefined` before the first. */
  jobAt: number | undefined;
  /** When the last verdict came. */
  judgedAt: number = -Infinity;
  /** The number of the newest job when last a miner that had been told it went elsewhere. */
  #movedAwayWith = -1;
  #versionMask: number;
  readonly #maskChanges = new Allowance(MASK_EVERY_MS, MASK_BURST);
  readonly #gifts = new Allowance(AGAIN_EVERY_MS, AGAIN_BURST);

  /** An empty place on a connection that is ready. */
  constructor(upstream: Upstream) {
    this.upstream = upstream;
    this.#versionMask = upstream.versionMask;
    this.difficulties = new Difficulties(upstream.startingDifficulty);
  }

  /**
   * The version bits miners may roll: those the pool allows and its job leaves. Firmware and pools
   * combine both by OR, XOR or replacement, which agree where the job has no bit in the mask.
   */
  get versionMask(): number {
    return this.#versionMask;
  }

  get isUrgent(): boolean {
    return this.work.isUrgent;
  }

  handles(): readonly number[] {
    return Array.from(this.seats.values(), ({ miner }) => miner.handle);
  }

  /** How many miners sit here. */
  get miners(): number {
    return this.seats.size;
  }

  /** A miner goes, of whom `waiting` shares are not judged: the pool forgets it now or then. */
  dismiss(sessionId: number, waiting: number, time: number): void {
    const seat = this.seats.get(sessionId)!;
    this.seats.delete(sessionId);
    this.difficulties.give(seat.place);
    if (waiting > 0) this.#farewells.set(sessionId, { seat, since: time, waiting, isOver: false });
    else this.#unregister(sessionId);
  }

  /**
   * A miner is about to be registered here, maybe again. The pool forgets it first, so that both
   * begin anew with the same difficulty.
   *
   * @returns how many shares of its last stay wait, whose verdicts may be on their way.
   */
  recall(sessionId: number, seat: Seat): number {
    const farewell = this.#farewells.get(sessionId);
    if (farewell?.seat !== seat) return 0;
    this.#farewells.delete(sessionId);
    if (!farewell.isOver) this.#unregister(sessionId);
    return farewell.waiting;
  }

  /** A share of a miner that went has been judged or given up. */
  settled(sessionId: number, seat: Seat): void {
    const farewell = this.#farewells.get(sessionId);
    if (farewell?.seat !== seat || --farewell.waiting > 0) return;
    this.#farewells.delete(sessionId);
    if (!farewell.isOver) this.#unregister(sessionId);
  }

  /** The pool forgets miners whose last shares it has not judged in time. */
  tick(time: number): void {
    for (const [sessionId, farewell] of this.#farewells) {
      if (farewell.isOver || time - farewell.since < FAREWELL_MS) continue;
      farewell.isOver = true;
      this.#unregister(sessionId);
    }
  }

  /** Whether the pool is still to be told to forget this session, or the frame is not written. */
  isToldLater(sessionId: number): boolean {
    return this.#unwritten.has(sessionId) || this.#farewells.get(sessionId)?.isOver === false;
  }

  /** One unregister frame of the session has been written. */
  unregistered(sessionId: number): void {
    const left = this.#unwritten.get(sessionId)! - 1;
    if (left > 0) this.#unwritten.set(sessionId, left);
    else this.#unwritten.delete(sessionId);
  }

  /** Takes a new job under a number of ours, at `time`. */
  setJob(number: number, job: Job, time: number): void {
    this.jobAt = time;
    const isClean = job.isClean || this.work.job === undefined;
    this.jobs.add(number, {
      poolJobId: job.id,
      ntime: jobTime(job),
      version: jobVersion(job),
      difficulties: this.difficulties.forJob(),
    }, isClean);
    this.work.set(number, job);
    if (this.maskChanged(time) || isClean) this.currentFrom = number;
  }

  /** The newest job is to be told again under another number; `isClean` if older work is no good. */
  setJobAgain(number: number, isClean: boolean): void {
    this.jobs.addAgain(number);
    this.work.setAgain(number, isClean);
    if (isClean) this.currentFrom = number;
  }

  /** A miner that was told the newest job works elsewhere from now on, and may come back. */
  movedAway(): void {
    this.#movedAwayWith = this.work.number;
  }

  /** Whether a miner that comes from elsewhere may have been told the newest job here before. */
  get isJobKnownElsewhere(): boolean {
    return this.work.job !== undefined && this.work.number === this.#movedAwayWith;
  }

  /** Whether the newest job may be given again to a miner that needs it out of turn. */
  mayGiveAgain(time: number): boolean {
    return this.work.job !== undefined && this.#gifts.take(time);
  }

  /** The pool's mask or its job is another. @returns whether the mask for miners is another, too. */
  maskChanged(time: number): boolean {
    const { job } = this.work;
    const before = this.#versionMask;
    const taken = job === undefined ? 0 : jobVersion(job);
    const wanted = (this.upstream.versionMask & ~taken) >>> 0;
    if (wanted === before) return false;
    this.#versionMask = this.#maskChanges.take(time) ? wanted : (before & wanted) >>> 0;
    return this.#versionMask !== before;
  }

  #unregister(sessionId: number): void {
    this.#unwritten.set(sessionId, (this.#unwritten.get(sessionId) ?? 0) + 1);
    this.upstream.unregister(sessionId);
  }
}
