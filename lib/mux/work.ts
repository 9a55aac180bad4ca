/**
 * The work of the miners of one place: the newest job, our number for it, and when miners are told
 * of it.
 *
 * - A clean job is told at once: until then miners work for nothing. In a flood of clean jobs, and
 *   of jobs that are not clean, miners are told at most one in five seconds, always the newest:
 *   firmware keeps only its last three jobs.
 * - An old job is told again, because firmware gives up a server that is silent for a minute. It
 *   gets a new number and another time, because firmware ignores a job it knows and repeats work
 *   for a header it had before. The same applies to a job that the pool repeats under a new id, as
 *   agent pools do after 30 s without a new job.
 */

import { Allowance } from "../base/allowance.ts";
import { formatHex32 } from "../base/hex.ts";
import { encodeNotify, isSameWork, type Job, jobTime } from "../protocol/stratum/job.ts";
import { formatJobId } from "../protocol/stratum/job_id.ts";
import type { Padding } from "./terms.ts";

/** Miners are told of at most one job that is not clean in this time, in milliseconds. */
export const JOB_EVERY_MS = 5_000;

/** Room for a pool that sends jobs at just this interval and is sometimes slightly early. */
const JOB_BURST = 1.05;

/**
 * Limits clean jobs told at once: one for each new block, and more when a pool switches its chain.
 */
const CLEAN_EVERY_MS = 2_000;
const CLEAN_BURST = 30;

/**
 * A job this old is told again, in milliseconds. Braiins OS gives up after 60 s without a line, and
 * healthy pools send a job every 30 s.
 */
export const JOB_AGAIN_MS = 35_000;

/**
 * Each time a job is told again its time is this much later, in seconds, so that a miner that
 * counts up the time itself meets no header it had. Pools accept times up to 600 s after the job's
 * own: after that it starts again at a second not used yet, and no second is used twice before all
 * were.
 */
const LATER_SECONDS = JOB_AGAIN_MS / 1000;
const TIMES_OF_A_JOB = 601;

/** The work of one place. Times are monotonic, in milliseconds. */
export class Work {
  /** The newest job as the pool sent it, and its last number. */
  #job: Job | undefined;
  #number = -1;
  /** Its lines by view, built when a miner needs them. */
  readonly #lines = new Map<Padding, Uint8Array>();
  readonly #cleanLines = new Map<Padding, Uint8Array>();
  /** The number of times that the job was told again. */
  #again = 0;
  /** Counts jobs, those told again included. */
  #sequence = 0;
  /** The sequence up to which miners were told that there is news. */
  #announced = 0;
  /** The job that is not news to miners that have the one before it. */
  #quiet = 0;
  /** The newest clean job. */
  #clean = 0;
  #announcedAt = -Infinity;
  #isUrgent = false;
  readonly #cleanJobs = new Allowance(CLEAN_EVERY_MS, CLEAN_BURST);
  readonly #otherJobs = new Allowance(JOB_EVERY_MS, JOB_BURST);

  /** The newest job as the pool sent it; `undefined` before the first. */
  get job(): Job | undefined {
    return this.#job;
  }

  /** The last number of the newest job. */
  get number(): number {
    return this.#number;
  }

  /** The number of times that the job was told again, each time with another time. */
  get again(): number {
    return this.#again;
  }

  /** The sequence of a miner that has the newest job; higher than that of any other job. */
  get sequence(): number {
    return this.#sequence;
  }

  /** Whether miners work for nothing until they are told the news. */
  get isUrgent(): boolean {
    return this.#isUrgent;
  }

  /** Whether there is news for a miner that was last told the job `told`. */
  isNewsTo(told: number): boolean {
    return told < this.#announced;
  }

  /** The line of the newest job for a miner with this view that was last told the job `told`. */
  lineFor(told: number, view: Padding): Uint8Array {
    // Its job must not be worked on any more, or belongs to another place.
    const isClean = told < this.#clean;
    const lines = isClean ? this.#cleanLines : this.#lines;
    let line = lines.get(view);
    if (line === undefined) lines.set(view, line = this.#encode(view, isClean));
    return line;
  }

  /**
   * The pool sent a job. The first one is clean, because miners may still have a job of another
   * place.
   *
   * @param againElsewhere how often the same job was told again at another place; absent if it was
   * not told there.
   */
  set(number: number, job: Job, againElsewhere: number = -1): void {
    const isClean = job.isClean || this.#job === undefined;
    const isSentAgain = this.#job !== undefined && isSameWork(this.#job, job);
    this.#again = isSentAgain ? this.#again + 1 : againElsewhere + 1;
    this.#job = job;
    this.#take(number, isClean);
  }

  /** The newest job must be told again, under another number and with another time. */
  setAgain(number: number, isClean: boolean): void {
    this.#again++;
    this.#take(number, isClean);
  }

  /** Announces the newest job to miners, if it is time. @returns whether there is news for them. */
  announce(time: number): boolean {
    if (Math.max(this.#announced, this.#quiet) === this.#sequence) return false;
    const isClean = this.#clean > this.#announced;
    const isTime = isClean && this.#cleanJobs.take(time) || this.#otherJobs.take(time);
    if (!isTime) return false;
    this.#announced = this.#sequence;
    this.#announcedAt = time;
    this.#isUrgent = isClean;
    return true;
  }

  /** Whether miners may be told of a job that is not clean. */
  isRested(time: number): boolean {
    return time - this.#announcedAt >= JOB_EVERY_MS;
  }

  /** Whether the last job that miners were told is old. */
  isOld(time: number): boolean {
    return this.#job !== undefined && time - this.#announcedAt >= JOB_AGAIN_MS;
  }

  /** The newest job repeats the one before for a miner that needs it; no other miner is told. */
  announceQuietly(): void {
    if (Math.max(this.#announced, this.#quiet) === this.#sequence - 1) this.#quiet = this.#sequence;
  }

  /** Continues the work of a place that is gone, whose miners were told its newest job. */
  inherit(from: Work, isAlone: boolean): void {
    if (from.#job === undefined) return;
    this.#job = from.#job;
    this.#again = from.#again;
    // If the miners of several places come together, the longest silence counts.
    this.#announcedAt = isAlone
      ? from.#announcedAt
      : Math.min(this.#announcedAt, from.#announcedAt);
  }

  #encode({ before, after }: Padding, isClean: boolean): Uint8Array {
    const job = this.#job!;
    const later = this.#again * LATER_SECONDS % TIMES_OF_A_JOB;
    const seen = {
      ...job,
      coinbase1: job.coinbase1 + before,
      coinbase2: after + job.coinbase2,
      ntime: this.#again === 0 ? job.ntime : formatHex32((jobTime(job) + later) >>> 0),
    };
    return encodeNotify(seen, formatJobId(this.#number), isClean);
  }

  #take(number: number, isClean: boolean): void {
    this.#number = number;
    this.#lines.clear();
    this.#cleanLines.clear();
    this.#sequence++;
    if (isClean) this.#clean = this.#sequence;
  }
}
