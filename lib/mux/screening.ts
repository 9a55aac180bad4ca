/**
 * Checks shares before they are sent, as the terms of their connection require; pure.
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
 * Header times up to this much after the job's own are accepted, in seconds: every pool accepts
 * 7,000. They are compared only with the job, never with our clock.
 */
const MAX_TIME_AHEAD = 7_000;

/** The part of a job that a screening needs. */
export interface ScreenedJob extends PoolJob {
  /** Checks its shares; `undefined` where the pool does. */
  readonly check: JobCheck | undefined;
  /** Whether it is past: too old, or from before a clean job. */
  readonly isPast: boolean;
}

/** The miner of a share. */
export interface ShareOwner {
  /** Its number with us. */
  readonly sessionId: number;
  /** The layout of its extranonces. */
  readonly layout: ExtranonceLayout;
}

/**
 * The result of a screening:
 * - `submit`: the share is sent;
 * - `easy`: it is sent, although it is easier than the brake's difficulty;
 * - `block`: it is a block, and is sent before all others;
 * - `tentative`: it is sent, although the pool may reject it as low difficulty;
 * - `keep`: it is good for its miner, but not worth sending;
 * - `hold`: it is worth sending, but too many are;
 * - else the reason why it is refused.
 */
export type Screened =
  | "submit"
  | "easy"
  | "block"
  | "tentative"
  | "keep"
  | "hold"
  | RefuseReason;

/** Checks the shares of one connection before they are hashed or sent. */
export interface Screening {
  /** Hashes them; `undefined` where the pool judges every share that can be sent to it. */
  readonly hashing: ShareHashing | undefined;
  /**
   * Why a share is refused whatever its work.
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

/** The screening for these terms. */
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
    // Too many digits would change the bytes next to it.
    if (extranonce2Digits > 2 * extranonce2Bytes) return "illegal";
    // No job is that old, unless its own time is 0.
    if (ntime === 0 && job.ntime !== 0 && !this.#canSayTimeZero) return "timeTooOld";
    // Where no bits can be submitted, the pool would not count a share with some. Firmware and
    // pools treat bits that are set in the job differently.
    if ((versionBits & ~(versionMask & ~job.version)) !== 0) return "versionMask";
    if (this.hashing === undefined) return undefined;
    if (extranonce2Digits < 2 * extranonce2Bytes) return "illegal";
    if (ntime < job.ntime) return "timeTooOld";
    return ntime > job.ntime + MAX_TIME_AHEAD ? "timeTooNew" : undefined;
  }
}

/** Hashes the shares of one connection and judges them. */
export class ShareHashing {
  /** The difficulty that the pool demands of them. */
  readonly poolDifficulty: PoolDifficulty;
  readonly #room: ExtranonceRoom;
  readonly #targets = new Map<number, Uint32Array>();
  readonly #extranonces: Uint8Array;

  /** No job has come yet. */
  constructor({ poolDifficulty, extranonce, jobsKeepDifficulty }: Terms) {
    this.poolDifficulty = new PoolDifficulty(poolDifficulty, jobsKeepDifficulty);
    this.#room = extranonce;
    this.#extranonces = new Uint8Array(extranonce.bytes);
  }

  /**
   * The check for a job that has just come. If the pool repeated the job of `before`, the shares
   * that came for that one are not new.
   */
  check(job: Job, before?: JobCheck): JobCheck {
    const isAgain = before !== undefined && isSameWork(before.job, job);
    return new JobCheck(
      job,
      this.poolDifficulty.stamp(job.isClean),
      isAgain ? before : undefined,
    );
  }

  /** Puts a share that has no fault into a lane of the hasher. */
  put(lane: number, share: Share, { check }: ScreenedJob, owner: ShareOwner): void {
    writeExtranonces(this.#extranonces, this.#room, owner, share.extranonce2);
    check!.put(lane, this.#extranonces, share);
  }

  /**
   * Judges a hashed share.
   *
   * @param hash the hash of its header, 8 words, the least significant first.
   * @param difficulty the difficulty its miner was told for the job.
   * @param sieve how many powers of two harder it must be to be sent, because too many wait.
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

  /** Whether a share for a job that its miner no longer works on is a new block. */
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
      // Blocks come first, whatever their job's age, unless every share is one, as on a test
      // network.
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
      // Powers of two and the pool's own difficulties: few, unless the pool changes its own all the
      // time.
      if (this.#targets.size >= MOST_TARGETS) this.#targets.clear();
      this.#targets.set(difficulty, target = targetWords(targetOf(difficulty)));
    }
    return target;
  }
}

const MOST_TARGETS = 256;
