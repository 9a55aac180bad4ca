/**
 * What the miners of one place have to work on: its newest job, under a number of ours, and when
 * they are to be told of it.
 *
 * - A clean job is told at once: with every moment a miner works for nothing. Of a flood of them,
 *   as of jobs that are not clean, miners hear at most one in five seconds, which is then the
 *   newest: firmware keeps its last three jobs and no more.
 * - A job grown old is told again: firmware gives up a server that has been silent for a minute.
 *   It has a number of its own and another time, since firmware passes over a job it knows and
 *   repeats work whose header it had before. So has one that the pool sends again under an id of
 *   its own, as agent pools do when they have had nothing new for 30 s.
 */

import { Allowance } from "../base/allowance.ts";
import { formatHex32 } from "../base/hex.ts";
import { encodeNotify, isSameWork, type Job, jobTime } from "../protocol/stratum/job.ts";
import { formatJobId } from "../protocol/stratum/job_id.ts";
import type { Padding } from "./terms.ts";

/** Miners are told of one job in this time that is not clean, in milliseconds. */
export const JOB_EVERY_MS = 5_000;

/** A pool that sends one just as often is a moment early at times. */
const JOB_BURST = 1.05;

/** Clean jobs told at once: one for each new block, and others when a pool changes its chain. */
const CLEAN_EVERY_MS = 2_000;
const CLEAN_BURST = 30;

/**
 * A job this old is told again, in milliseconds. Braiins OS gives up after 60 s without a line, and
 * healthy pools send a job every 30 s.
 */
export const JOB_AGAIN_MS = 35_000;

/**
 * A job told again is this much later each time, in seconds, so that a miner which counts the time
 * up itself finds no header it had. Pools take times up to 600 s after the job's own: beyond that it
 * begins again at a second that was not used, and none comes twice before all have.
 */
const LATER_SECONDS = JOB_AGAIN_MS / 1000;
const TIMES_OF_A_JOB = 601;

/** The work of one place. Times are monotonic, in milliseconds. */
export class Work {
  /** The newest job as the pool sent it, and the number it was last given. */
  #job: Job | undefined;
  #number = -1;
  /** Its lines, made once a miner needs them, for each way in which miners see it. */
  readonly #lines = new Map<Padding, Uint8Array>();
  readonly #cleanLines = new Map<Padding, Uint8Array>();
  /** How often the job was told again. */
  #again = 0;
  /** Counts jobs, those told again included. */
  #sequence = 0;
  /** The job up to which miners were told that there is news. */
  #announced = 0;
  /** The job that is no news to miners that have the one before. */
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

  /** The number the newest job was last given. */
  get number(): number {
    return this.#number;
  }

  /** How often the job was told again: each time with another time of its own. */
  get again(): number {
    return this.#again;
  }

  /** What a miner that is given the newest job has had; more than any other had before. */
  get sequence(): number {
    return this.#sequence;
  }

  /** Whether miners work for nothing until they hear the news. */
  get isUrgent(): boolean {
    return this.#isUrgent;
  }

  /** Whether there is something to tell a miner that had the job `told`. */
  isNewsTo(told: number): boolean {
    return told < this.#announced;
  }

  /** The line that gives the newest job to a miner that had the job `told` and sees it so. */
  lineFor(told: number, view: Padding): Uint8Array {
    // What it has is not to be worked on any more, or is of another place.
    const isClean = told < this.#clean;
    const lines = isClean ? this.#cleanLines : this.#lines;
    let line = lines.get(view);
    if (line === undefined) lines.set(view, line = this.#encode(view, isClean));
    return line;
  }

  /**
   * The pool sent a job. The first is clean: miners may still hold one of another place.
   *
   * @param againElsewhere how often the same was told again at another place; absent if it was not
   * told there.
   */
  set(number: number, job: Job, againElsewhere: number = -1): void {
    const isClean = job.isClean || this.#job === undefined;
    const isSentAgain = this.#job !== undefined && isSameWork(this.#job, job);
    this.#again = isSentAgain ? this.#again + 1 : againElsewhere + 1;
    this.#job = job;
    this.#take(number, isClean);
  }

  /** The newest job is to be told again, under another number and with another time. */
  setAgain(number: number, isClean: boolean): void {
    this.#again++;
    this.#take(number, isClean);
  }

  /** Has miners told of the newest job, if it is time. @returns whether there is news for them. */
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

  /** Whether miners may hear of a job that is not clean. */
  isRested(time: number): boolean {
    return time - this.#announcedAt >= JOB_EVERY_MS;
  }

  /** Whether what miners were told last has grown old. */
  isOld(time: number): boolean {
    return this.#job !== undefined && time - this.#announcedAt >= JOB_AGAIN_MS;
  }

  /** The newest job is the one before again, for a miner that needs it; no other is told of it. */
  announceQuietly(): void {
    if (Math.max(this.#announced, this.#quiet) === this.#sequence - 1) this.#quiet = this.#sequence;
  }

  /** Goes on from the work of a place that is gone, whose miners have been told its newest job. */
  inherit(from: Work, isAlone: boolean): void {
    if (from.#job === undefined) return;
    this.#job = from.#job;
    this.#again = from.#again;
    // Of several places whose miners come together, the one that was silent longest counts.
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
