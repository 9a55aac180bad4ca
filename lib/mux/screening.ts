/**
 * What becomes of a share before it goes up: looked at as the terms of its connection want; pure.
 */

import type { RefuseReason } from "../base/share_reasons.ts";
import { loadedShareHasher } from "../bitcoin/load_share_hasher.ts";
import { difficultyOfHash, isAtMost, targetOf, targetWords } from "../bitcoin/target.ts";
import { isSameWork, type Job } from "../protocol/stratum/job.ts";
import type { Share } from "../protocol/stratum/share.ts";
import { JobCheck } from "./job_check.ts";
import { PoolDifficulty } from "./pool_difficulty.ts";
import {
  type ExtranonceLayout,
  type ExtranonceRoom,
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

/** The miner of a share. */
export interface ShareOwner {
  /** Its number with us. */
  readonly sessionId: number;
  /** How its extranonces look. */
  readonly layout: ExtranonceLayout;
}

/**
 * It goes up; so it does, though it is easier than the brake has its miner find them; it goes up
 * before all others, for it is a block; it goes up, though the pool may find its difficulty too low;
 * it is good for the miner and not worth sending; it is worth sending, but too many are; or why it is
 * refused.
 */
export type Screened =
  | "submit"
  | "easy"
  | "block"
  | "tentative"
  | "keep"
  | "hold"
  | RefuseReason;

/** How shares of one connection are looked at before they are hashed or go up. */
export interface Screening {
  /** How they are hashed; `undefined` where the pool judges all that can be said to it. */
  readonly hashing: ShareHashing | undefined;
  /**
   * Why a share is refused however much work it is.
   *
   * @param versionMask the bits that may be rolled on the connection.
   */
  fault(
    share: Share,
    job: ScreenedJob,
    owner: ShareOwner,
    versionMask: number,
  ): RefuseReason | undefined;
}

/** The screening that goes with these terms. */
export function screeningFor(terms: Terms): Screening {
  return new ByTerms(terms);
}

class ByTerms implements Screening {
  readonly hashing: ShareHashing | undefined;
  readonly #canSayTimeZero: boolean;

  constructor(terms: Terms) {
    this.hashing = terms.validation === "here" ? new ShareHashing(terms) : undefined;
    this.#canSayTimeZero = terms.canSayTimeZero;
  }

  fault(
    share: Share,
    job: ScreenedJob,
    { layout: { extranonce2Bytes } }: ShareOwner,
    versionMask: number,
  ): RefuseReason | undefined {
    const { ntime, versionBits, extranonce2Digits } = share;
    // More digits than it has bytes would change what stands beside them.
    if (extranonce2Digits > 2 * extranonce2Bytes) return "illegal";
    // No job is that old, unless it says so itself.
    if (ntime === 0 && job.ntime !== 0 && !this.#canSayTimeZero) return "timeTooOld";
    // Where no bits can be submitted a share with some would be one the pool does not count. Bits of
    // the job's own mean one thing to firmware and another to pools.
    if ((versionBits & ~(versionMask & ~job.version)) !== 0) return "versionMask";
    if (this.hashing === undefined) return undefined;
    if (extranonce2Digits < 2 * extranonce2Bytes) return "illegal";
    if (ntime < job.ntime) return "timeTooOld";
    return ntime > job.ntime + MAX_TIME_AHEAD ? "timeTooNew" : undefined;
  }
}

/** Hashes the shares of one connection, and tells what becomes of them. */
export class ShareHashing {
  /** What the pool demands of them. */
  readonly poolDifficulty: PoolDifficulty;
  readonly #room: ExtranonceRoom;
  readonly #targets = new Map<number, Uint32Array>();
  readonly #extranonces: Uint8Array;

  /** No job has come. */
  constructor({ poolDifficulty, extranonce }: Terms) {
    this.poolDifficulty = new PoolDifficulty(poolDifficulty);
    this.#room = extranonce;
    this.#extranonces = new Uint8Array(extranonce.bytes);
  }

  /**
   * What shares for a job that has just come are checked with. If the pool only sent one again, as
   * `before` has it, the shares that came for that are not new.
   */
  check(job: Job, before?: JobCheck): JobCheck {
    const isAgain = before !== undefined && isSameWork(before.job, job);
    return new JobCheck(
      job,
      this.poolDifficulty.stamp(job.isClean),
      isAgain ? before : undefined,
    );
  }

  /** Puts a share without fault into a lane of the hasher. */
  put(lane: number, share: Share, { check }: ScreenedJob, owner: ShareOwner): void {
    writeExtranonces(this.#extranonces, this.#room, owner, share.extranonce2);
    check!.put(lane, this.#extranonces, share);
  }

  /**
   * What becomes of a share.
   *
   * @param hash of its header, 8 words, the least first.
   * @param difficulty what its miner was told for the job.
   * @param sieve by how many powers of two it must be harder than that to go up: too many wait.
   */
  judge(hash: Uint32Array, job: ScreenedJob, difficulty: number, sieve: number = 0): Screened {
    const found = this.#worthOf(hash, job, difficulty, sieve);
    if (found === "stale" || found === "lowDifficulty") return found;
    const fate = found === "block" ? found : found === "keep" || found === "hold" ? "kept" : "sent";
    if (!job.check!.isNew(hash, fate)) return "duplicate";
    if (found === "tentative") {
      this.poolDifficulty.tried({ stamp: job.check!.stamp, reached: difficultyOfHash(hash) });
    }
    return found;
  }

  /** Whether a share, for a job that its miner works on no more, is a block not seen before. */
  isBlock(share: Share, job: ScreenedJob, owner: ShareOwner): boolean {
    const hasher = loadedShareHasher();
    this.put(0, share, job, owner);
    hasher.hashLanes(1);
    return this.judge(hasher.wordsIn(0), { ...job, isPast: true }, 1) === "block";
  }

  #worthOf(
    hash: Uint32Array,
    { check, isPast }: ScreenedJob,
    difficulty: number,
    sieve: number,
  ): Screened {
    const { sure, possible } = this.poolDifficulty.demand(check!.stamp);
    const { networkTarget } = check!;
    if (isAtMost(hash, networkTarget)) {
      // Blocks come first, whatever their job's age, unless any share is one, as on a test network.
      if (isAtMost(networkTarget, this.#target(sure))) return "block";
      if (isPast) return "stale";
      return isAtMost(hash, this.#target(sure)) ? "submit" : "tentative";
    }
    if (isPast) return "stale";
    const isSure = isAtMost(hash, this.#target(sure));
    if (isSure || possible < sure && isAtMost(hash, this.#target(possible))) {
      const demanded = isSure ? sure : possible;
      const isEasy = difficulty > sure && !isAtMost(hash, this.#target(difficulty));
      if (sieve > 0) {
        if (isEasy) return "lowDifficulty";
        const sieved = Math.max(demanded, difficulty) * 2 ** sieve;
        if (!isAtMost(hash, this.#target(sieved))) return "hold";
      }
      if (!isSure) return "tentative";
      return isEasy ? "easy" : "submit";
    }
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
