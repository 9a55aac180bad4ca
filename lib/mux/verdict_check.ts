/**
 * Whether a pool's verdicts agree with our own arithmetic. Where the pool judges shares by itself it
 * takes a hash to know, of each share or of some.
 *
 * Only low difficulty can be judged from here: what is stale or a duplicate is the pool's to say.
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
 * Pools round targets in ways of their own: a share this near to its difficulty, as a part of it, may
 * be judged either way.
 */
const MARGIN = 2 ** -10;

/** Of a sample, one share in 2 to the power of this. */
const SAMPLE_BITS = 6;

/** Shares without a verdict that are remembered; of more the oldest are not held against the pool. */
const MOST_NOTED = 4_096;

/** A share that goes up. */
export interface SentShare {
  /** Whose it is. */
  readonly finder: Finder;
  /** What for. */
  readonly job: ScreenedJob;
  /** What the pool demanded of it. */
  readonly difficulty: number;
  /** The share itself. */
  readonly share: Share;
}

/** The pool judged a share otherwise than we do. */
export interface Contradiction extends SentShare {
  /** What it did. */
  readonly kind: "acceptedTooLow" | "rejectedThoughGood";
  /** The highest difficulty that the share is good for. */
  readonly worth: number;
  /** Bytes between the coinbase parts, in hex. */
  readonly extranonces: string;
  /** 80 bytes, in hex. */
  readonly header: string;
  /** Of the header, the zeros first. */
  readonly hash: string;
}

interface Noted {
  readonly sent: SentShare;
  readonly isTooLow: boolean;
}

/** What checks the verdicts of a connection with these terms; `undefined` where there is nothing to. */
export function verdictCheckFor(terms: Terms): VerdictCheck | undefined {
  const { validation, verdicts, verify = "off" } = terms;
  if (verdicts !== "given" || validation === "pool" && verify === "off") return undefined;
  return new VerdictCheck(terms);
}

/** See above. Of one connection. */
export class VerdictCheck {
  readonly #terms: Terms;
  readonly #hashing: ShareHashing;
  readonly #noted = new Map<number, Noted>();

  /** No share has gone up. */
  constructor(terms: Terms) {
    this.#terms = terms;
    this.#hashing = new ShareHashing(terms);
  }

  /** What is kept of a job, where its shares are not hashed before they go up. */
  jobCheck(job: Job): JobCheck {
    return this.#hashing.check(job);
  }

  /** How many shares are remembered. */
  get size(): number {
    return this.#noted.size;
  }

  /** A share goes up with this serial; where shares are hashed first, one that is certainly good. */
  sent(serial: number, sent: SentShare): void {
    const { validation, verify } = this.#terms;
    let isTooLow = false;
    if (validation === "pool") {
      // A connection may have got its job before there was a check.
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

  /** The share with this serial was withdrawn, or the pool may find it too low now. */
  forget(serial: number): void {
    this.#noted.delete(serial);
  }

  /** The pool judged the share with this serial. @returns how that contradicts us. */
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
    // A block of a network where those are easier than shares may be sent though it is none.
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

  /** Of the share in the first lane. */
  #worth(): number {
    const hasher = loadedShareHasher();
    hasher.hashLanes(1);
    return difficultyOfHash(hasher.wordsIn(0));
  }
}

/** Spread over all serials: miners that send in turns are all in it now and then. */
function isInSample(serial: number): boolean {
  return Math.imul(serial, 0x9e3779b1) >>> (32 - SAMPLE_BITS) === 0;
}
