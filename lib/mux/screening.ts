/**
 * What becomes of a share before it goes up: looked at as the terms of its connection want; pure.
 */

import type { RefuseReason } from "../base/share_reasons.ts";
import { difficultyOfHash, isAtMost, targetOf, targetWords } from "../bitcoin/target.ts";
import type { Job } from "../protocol/stratum/job.ts";
import type { Share } from "../protocol/stratum/share.ts";
import { JobCheck } from "./job_check.ts";
import { PoolDifficulty } from "./pool_difficulty.ts";
import {
  alignedExtranonce2,
  type ExtranonceLayout,
  type Terms,
  writeExtranonces,
} from "./terms.ts";
import type { PoolJob } from "./upstream.ts";

/**
 * Header times up to this much after the job's own are taken, in seconds: every pool takes 7,000.
 * They are judged by the job alone, never by our clock.
 */
const MAX_TIME_AHEAD = 7_000;

/** A job as a screening needs it. */
export interface ScreenedJob extends PoolJob {
  /** What shares are checked with; `undefined` where the pool checks them. */
  readonly check: JobCheck | undefined;
  /** Whether it is over: too old, or from before a clean one. */
  readonly isPast: boolean;
}

/** Of whom a share is. */
export interface ShareOwner {
  /** Its number with us. */
  readonly sessionId: number;
  /** How its extranonces look. */
  readonly layout: ExtranonceLayout;
}

/**
 * It goes up; it goes up before all others, for it is a block; it goes up, though the pool may find
 * its difficulty too low; it is good for the miner and not worth sending; or why it is refused.
 */
export type Screened = "submit" | "block" | "tentative" | "keep" | RefuseReason;

/** How shares of one connection are looked at. */
export interface Screening {
  /** What shares for a job that has just come are checked with; `undefined` where they are not. */
  check(job: Job): JobCheck | undefined;
  /** The pool's own difficulty, where shares are checked by it; its changes. */
  readonly poolDifficulty: PoolDifficulty | undefined;
  /** What the share looked at last has reached; 0 where shares are not hashed. */
  readonly reached: number;
  /**
   * What becomes of a share for a job of the connection.
   *
   * @param difficulty what its miner was told for the job.
   * @param versionMask the bits that may be rolled on the connection.
   */
  screen(
    share: Share,
    job: ScreenedJob,
    owner: ShareOwner,
    difficulty: number,
    versionMask: number,
  ): Screened;
  /** Whether a share, for a job that its miner works on no more, is a block not seen before. */
  isBlock(share: Share, job: ScreenedJob, owner: ShareOwner, versionMask: number): boolean;
}

/** The screening that goes with these terms. */
export function screeningFor(terms: Terms): Screening {
  return terms.validation === "pool" ? new ScreeningByThePool(terms) : new ScreeningHere(terms);
}

/** What is refused however much work it is. */
function fault(
  share: Share,
  job: ScreenedJob,
  { extranonce2Bytes }: ExtranonceLayout,
  versionMask: number,
  { canSayTimeZero }: Terms,
): RefuseReason | undefined {
  // More digits than it has bytes would change what stands beside them.
  if (share.extranonce2Digits > 2 * extranonce2Bytes) return "illegal";
  // No job is that old, unless it says so itself.
  if (share.ntime === 0 && job.ntime !== 0 && !canSayTimeZero) return "timeTooOld";
  // Where no bits can be submitted a share with some would be one the pool does not count. Bits of
  // the job's own mean one thing to firmware and another to pools.
  if ((share.versionBits & ~(versionMask & ~job.version)) !== 0) return "versionMask";
  return undefined;
}

/** The pool judges all that can be said to it. */
class ScreeningByThePool implements Screening {
  readonly poolDifficulty = undefined;
  readonly reached = 0;
  readonly #terms: Terms;

  constructor(terms: Terms) {
    this.#terms = terms;
  }

  check(): undefined {
    return undefined;
  }

  screen(
    share: Share,
    job: ScreenedJob,
    { layout }: ShareOwner,
    _difficulty: number,
    versionMask: number,
  ): Screened {
    return fault(share, job, layout, versionMask, this.#terms) ?? "submit";
  }

  isBlock(): boolean {
    return false;
  }
}

/** Hashes every share. */
class ScreeningHere implements Screening {
  readonly poolDifficulty: PoolDifficulty;
  readonly #terms: Terms;
  readonly #targets = new Map<number, Uint32Array>();
  readonly #extranonces: Uint8Array;
  #hashed: Uint32Array = new Uint32Array(8);

  constructor(terms: Terms) {
    this.#terms = terms;
    this.poolDifficulty = new PoolDifficulty(terms.poolDifficulty);
    this.#extranonces = new Uint8Array(terms.extranonce.bytes);
  }

  check(job: Job): JobCheck {
    return new JobCheck(job, this.poolDifficulty.stamp(job.isClean));
  }

  get reached(): number {
    return difficultyOfHash(this.#hashed);
  }

  screen(
    share: Share,
    job: ScreenedJob,
    owner: ShareOwner,
    difficulty: number,
    versionMask: number,
  ): Screened {
    const wrong = this.#fault(share, job, owner, versionMask);
    if (wrong !== undefined) return job.isPast ? "stale" : wrong;
    const hash = this.#hash(share, job, owner);
    const found = this.#judge(hash, job, difficulty);
    if (found === "stale" || found === "lowDifficulty") return found;
    return job.check!.seen.add(hash) ? found : "duplicate";
  }

  isBlock(share: Share, job: ScreenedJob, owner: ShareOwner, versionMask: number): boolean {
    if (this.#fault(share, job, owner, versionMask) !== undefined) return false;
    const hash = this.#hash(share, job, owner);
    return this.#judge(hash, { ...job, isPast: true }, 1) === "block" && job.check!.seen.add(hash);
  }

  #fault(
    share: Share,
    job: ScreenedJob,
    { layout }: ShareOwner,
    versionMask: number,
  ): RefuseReason | undefined {
    const { ntime, extranonce2Digits } = share;
    const wrong = fault(share, job, layout, versionMask, this.#terms);
    if (wrong !== undefined) return wrong;
    if (extranonce2Digits < 2 * layout.extranonce2Bytes) return "illegal";
    if (ntime < job.ntime) return "timeTooOld";
    return ntime > job.ntime + MAX_TIME_AHEAD ? "timeTooNew" : undefined;
  }

  #hash(share: Share, { check }: ScreenedJob, { layout, sessionId }: ShareOwner): Uint32Array {
    const { ntime, nonce, versionBits, extranonce2 } = share;
    const room = this.#terms.extranonce;
    writeExtranonces(this.#extranonces, room, sessionId, alignedExtranonce2(extranonce2, layout));
    return this.#hashed = check!.hash(this.#extranonces, ntime, nonce, versionBits);
  }

  #judge(hash: Uint32Array, { check, isPast }: ScreenedJob, difficulty: number): Screened {
    const { sure, possible } = this.poolDifficulty.demand(check!.stamp);
    const { networkTarget } = check!;
    if (isAtMost(hash, networkTarget)) {
      // Blocks come first, whatever their job's age, unless any share is one, as on a test network.
      if (isAtMost(networkTarget, this.#target(sure))) return "block";
      return isPast ? "stale" : "submit";
    }
    if (isPast) return "stale";
    if (isAtMost(hash, this.#target(sure))) return "submit";
    if (possible < sure && isAtMost(hash, this.#target(possible))) return "tentative";
    return isAtMost(hash, this.#target(difficulty)) ? "keep" : "lowDifficulty";
  }

  #target(difficulty: number): Uint32Array {
    let target = this.#targets.get(difficulty);
    if (target === undefined) {
      // Powers of two, and what the pool chose: few, unless it chooses all the time.
      if (this.#targets.size >= MOST_TARGETS) this.#targets.clear();
      this.#targets.set(difficulty, target = targetWords(targetOf(difficulty)));
    }
    return target;
  }
}

const MOST_TARGETS = 256;
