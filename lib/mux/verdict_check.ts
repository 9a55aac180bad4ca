/**
 * Compares a pool's verdicts with our own arithmetic. Where the pool judges shares itself, this
 * hashes each share or a sample of them.
 *
 * Only low difficulty can be checked here: only the pool knows which shares are stale or
 * duplicates.
 */

import { loadedShareHasher } from "../bitcoin/load_share_hasher.ts";
import { difficultyOfHash } from "../bitcoin/target.ts";
import type { Job } from "../protocol/stratum/job.ts";
import type { Share } from "../protocol/stratum/share.ts";
import type { Finder } from "./found_blocks.ts";
import type { JobCheck } from "./job_check.ts";
import { type ScreenedJob, ShareHashing } from "./screening.ts";
import { type Terms, writeExtranonces } from "./terms.ts";
import type { Verdict } from "./verdict.ts";

/**
 * Pools round targets differently: a share this close to its difficulty, relative to it, may get
 * either verdict.
 */
const MARGIN = 2 ** -10;

/** A sample is one share in 2 to the power of this. */
const SAMPLE_BITS = 6;

/**
 * The most shares without a verdict that are remembered; beyond that the oldest are not checked.
 */
const MOST_NOTED = 4_096;

/** A share that is sent. */
export interface SentShare {
  /** The miner that found it. */
  readonly finder: Finder;
  /** Its job. */
  readonly job: ScreenedJob;
  /** The difficulty that the pool demanded. */
  readonly difficulty: number;
  /** The share itself. */
  readonly share: Share;
}

/** The pool's verdict on a share differs from ours. */
export interface Contradiction extends SentShare {
  /** How it differs. */
  readonly kind: "acceptedTooLow" | "rejectedThoughGood";
  /** The highest difficulty that the share reaches. */
  readonly worth: number;
  /** Bytes between the coinbase parts, in hex. */
  readonly extranonces: string;
  /** 80 bytes, in hex. */
  readonly header: string;
  /** Hash of the header, zeros first. */
  readonly hash: string;
}

interface Noted {
  readonly sent: SentShare;
  readonly isTooLow: boolean;
}

/** The check for a connection with these terms; `undefined` where there is nothing to check. */
export function verdictCheckFor(terms: Terms): VerdictCheck | undefined {
  const { validation, verdicts, verify = "off" } = terms;
  if (verdicts !== "given" || validation === "pool" && verify === "off") return undefined;
  return new VerdictCheck(terms);
}

/** Checks the verdicts of one connection. */
export class VerdictCheck {
  readonly #terms: Terms;
  readonly #hashing: ShareHashing;
  readonly #noted = new Map<number, Noted>();

  /** No share has been sent yet. */
  constructor(terms: Terms) {
    this.#terms = terms;
    this.#hashing = new ShareHashing(terms);
  }

  /** The check of a job whose shares are not hashed before they are sent. */
  jobCheck(job: Job): JobCheck {
    return this.#hashing.check(job);
  }

  /** How many shares are remembered. */
  get size(): number {
    return this.#noted.size;
  }

  /** Notes a share sent with this serial; where shares are hashed first, it is certainly good. */
  sent(serial: number, sent: SentShare): void {
    const { validation, verify } = this.#terms;
    let isTooLow = false;
    if (validation === "pool") {
      // The connection may have got this job before there was a check.
      if (verify === "sample" && !isInSample(serial) || sent.job.check === undefined) return;
      const { share, job, finder, difficulty } = sent;
      this.#hashing.put(0, share, job, finder);
      const worth = this.#worth();
      isTooLow = worth < difficulty;
      if (Math.abs(worth / difficulty - 1) <= MARGIN) return;
    }
    this.#noted.set(serial, { sent, isTooLow });
    if (this.#noted.size > MOST_NOTED) this.#noted.delete(this.#noted.keys().next().value!);
  }

  /**
   * Forgets the share with this serial: it was withdrawn, or the pool may now reject it as too low.
   */
  forget(serial: number): void {
    this.#noted.delete(serial);
  }

  /** Checks the verdict on the share with this serial. @returns how it contradicts us. */
  judged(serial: number, verdict: Verdict): Contradiction | undefined {
    const noted = this.#noted.get(serial);
    if (noted === undefined) return undefined;
    this.#noted.delete(serial);
    const { sent, isTooLow } = noted;
    if (verdict.kind === "accepted") {
      return isTooLow ? this.#show(sent, "acceptedTooLow") : undefined;
    }
    if (verdict.reason !== "lowDifficulty" || isTooLow) return undefined;
    const found = this.#show(sent, "rejectedThoughGood");
    // On a network where blocks are easier than shares, a block may be sent although it is not a
    // share.
    return found.worth < found.difficulty ? undefined : found;
  }

  #show(sent: SentShare, kind: Contradiction["kind"]): Contradiction {
    const { finder, job, share } = sent;
    const { extranonce: room } = this.#terms;
    const extranonces = new Uint8Array(room.bytes);
    writeExtranonces(extranonces, room, finder, share.extranonce2);
    const header = job.check!.headerOf(extranonces, share).toHex();
    const words = loadedShareHasher().wordsIn(0);
    const hash = Array.from(words, (word) => word.toString(16).padStart(8, "0")).reverse().join("");
    const worth = difficultyOfHash(words);
    return { ...sent, kind, worth, extranonces: extranonces.toHex(), header, hash };
  }

  /** The difficulty of the share in the first lane. */
  #worth(): number {
    const hasher = loadedShareHasher();
    hasher.hashLanes(1);
    return difficultyOfHash(hasher.wordsIn(0));
  }
}

/** Spread over all serials, so that miners that send in turns are all sampled now and then. */
function isInSample(serial: number): boolean {
  return Math.imul(serial, 0x9e3779b1) >>> (32 - SAMPLE_BITS) === 0;
}
