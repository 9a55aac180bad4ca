/**
 * Whether a pool still does its work, even if its connection is fine; pure.
 *
 * A pool may answer every question and still be useless: it sends no new job, rejects every share,
 * or judges none. The signs, with the times of the configuration:
 *
 * | sign | what is seen |
 * | --- | --- |
 * | no job | the newest job is old, and another pool sent a new one lately |
 * | all refused | only refusals of one kind, of shares of several miners, for a while |
 * | no verdict | shares were sent a while ago, and not one was judged since |
 */

import type { Rejected, Verdict } from "../mux/verdict.ts";

/** How long each sign must last, in milliseconds; Infinity for never. */
export interface HalfDeadBounds {
  /** The newest job is this old. */
  readonly noJobMs: number;
  /** All verdicts since this long ago are refusals of one kind. */
  readonly allRefusedMs: number;
  /** Shares were sent this long ago, and no verdict came since. */
  readonly noVerdictMs: number;
}

/** Another pool's job counts as new for this long, in milliseconds. */
export const FRESH_JOB_MS = 60_000;

/** Fewer shares than this are not a sign. */
export const MIN_SHARES = 20;

/**
 * The same for a pool that acknowledges many shares at once, as long as it has acknowledged none:
 * after that, three times the most at once.
 */
const MIN_SHARES_BEFORE_RUN = 256;
const RUNS_MISSING = 3;

/** The work that one connection did since its handshake. Times in milliseconds. */
export class WorkRecord {
  #jobAt: number;
  #newsAt = -Infinity;
  /** This number of shares without a verdict is a sign. */
  #minUnjudged: number;
  /** Shares since the last verdict, up to that number, and when the last of those was sent. */
  #unjudged = 0;
  #enoughAt = 0;
  /** The first of a run of refusals of one kind; `undefined` after any other verdict. */
  #run: Rejected | undefined;
  #runLength = 0;
  #runSince = 0;
  #runUntil = 0;
  #runMiner = 0;
  #runHasOthers = false;

  /**
   * The handshake brought a job at `time`.
   *
   * @param isInRuns Whether the pool acknowledges shares in runs.
   */
  constructor(time: number, isInRuns = false) {
    this.#jobAt = time;
    this.#minUnjudged = isInRuns ? MIN_SHARES_BEFORE_RUN : MIN_SHARES;
  }

  /** The pool acknowledged this number of shares at once. */
  acknowledged(count: number): void {
    const before = this.#minUnjudged === MIN_SHARES_BEFORE_RUN ? 0 : this.#minUnjudged;
    this.#minUnjudged = Math.max(before, MIN_SHARES, RUNS_MISSING * count);
  }

  /**
   * When the last job came after the handshake; -Infinity for never. The job in the handshake does
   * not count, since even a stuck pool sends it.
   */
  get newsAt(): number {
    return this.#newsAt;
  }

  /** A job came. */
  jobArrived(time: number): void {
    this.#jobAt = this.#newsAt = time;
  }

  /** A share was sent that the pool has to judge. */
  submitted(time: number): void {
    const enough = this.#minUnjudged;
    if (this.#unjudged < enough && ++this.#unjudged === enough) this.#enoughAt = time;
  }

  /** A share of the miner with this session id was judged. */
  judged(sessionId: number, verdict: Verdict, time: number): void {
    this.#unjudged = 0;
    if (verdict.kind === "accepted" || verdict.reason === "lowDifficulty") {
      this.#run = undefined;
      return;
    }
    if (this.#run === undefined || refusalKind(verdict) !== refusalKind(this.#run)) {
      this.#run = verdict;
      this.#runLength = 0;
      this.#runSince = time;
      this.#runMiner = sessionId;
      this.#runHasOthers = false;
    }
    this.#runLength++;
    this.#runUntil = time;
    if (sessionId !== this.#runMiner) this.#runHasOthers = true;
  }

  /**
   * Why miners should leave the pool; `undefined` if it does its work, or it is too early to know.
   *
   * @param newsElsewhereAt When the last job of another pool came, and from which pool.
   */
  sign(
    bounds: HalfDeadBounds,
    newsElsewhere: { readonly at: number; readonly name: string } | undefined,
    time: number,
  ): string | undefined {
    const seconds = (ms: number) => `${Math.floor(ms / 1000)} s`;
    const jobAge = time - this.#jobAt;
    if (jobAge > bounds.noJobMs && newsElsewhere !== undefined) {
      const age = time - newsElsewhere.at;
      if (age < FRESH_JOB_MS) {
        return `no new job for ${seconds(jobAge)}, while ${newsElsewhere.name} sent one ` +
          `${seconds(age)} ago`;
      }
    }
    const ranFor = this.#runUntil - this.#runSince;
    if (
      this.#run !== undefined && this.#runLength >= MIN_SHARES && this.#runHasOthers &&
      ranFor >= bounds.allRefusedMs
    ) {
      return `it rejected all ${this.#runLength} shares of ${seconds(ranFor)}, from several ` +
        `miners: ` +
        `${this.#run.poolCode} "${this.#run.poolText}"`;
    }
    const unjudgedFor = time - this.#enoughAt;
    if (this.#unjudged >= this.#minUnjudged && unjudgedFor >= bounds.noVerdictMs) {
      return `it judged none of ${this.#minUnjudged} or more shares sent ${
        seconds(unjudgedFor)
      } ago, ` +
        "nor any since";
    }
    return undefined;
  }
}

/** The kind of a refusal. Each code without a reason of ours is a kind of its own. */
export function refusalKind({ reason, poolCode }: Rejected): string {
  return reason === "other" ? `code ${poolCode}` : reason;
}

/**
 * A pool is left at most once in this time, and not retried for at least this long, in
 * milliseconds.
 */
export const LEAVE_AGAIN_MS = 600_000;

/** Longest time that a pool is left alone. */
const MAX_ALONE_MS = 2 * 3_600_000;

/** When each pool was left, by its id. */
export class Leavings {
  readonly #left = new Map<number, { readonly at: number; readonly aloneMs: number }>();

  /**
   * Whether miners may leave a connection to this pool now. Connections that served when the pool
   * was last left may all be left, each when it shows its sign.
   */
  mayLeave(poolId: number, servesSince: number, time: number): boolean {
    const left = this.#left.get(poolId);
    return left === undefined || time - left.at >= LEAVE_AGAIN_MS || servesSince < left.at;
  }

  /**
   * Miners leave a pool. @returns how long not to retry it, in milliseconds: twice as long each
   * time, since miners lose work until they have left it again.
   */
  left(poolId: number, time: number): number {
    const before = this.#left.get(poolId);
    if (before !== undefined && time - before.at < LEAVE_AGAIN_MS) {
      return before.at + before.aloneMs - time;
    }
    // After a long time without trouble, the pool starts again from the shortest wait.
    const isAgain = before !== undefined && time - before.at < 2 * MAX_ALONE_MS;
    const aloneMs = isAgain ? Math.min(2 * before.aloneMs, MAX_ALONE_MS) : LEAVE_AGAIN_MS;
    this.#left.set(poolId, { at: time, aloneMs });
    return aloneMs;
  }
}
