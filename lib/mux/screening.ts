/**
 * What becomes of a share before it goes up: looked at as the terms of its connection want; pure.
 */

import { formatHex32 } from "../base/hex.ts";
import type { RefuseReason } from "../base/share_reasons.ts";
import { headerOf, merkleRoot } from "../bitcoin/header.ts";
import { meetsDifficulty } from "../bitcoin/target.ts";
import type { Job } from "../protocol/stratum/job.ts";
import type { Share } from "../protocol/stratum/share.ts";
import { extranonce1Of, type ExtranonceLayout, type Padding, type Terms } from "./terms.ts";
import type { PoolJob } from "./upstream.ts";

/** A job as a screening needs it. */
export interface ScreenedJob extends PoolJob {
  /** The whole job; only where {@linkcode Screening.needsJobs} says so. */
  readonly source: Job | undefined;
}

/** It goes up; it is good for the miner and not worth sending; or why it is refused. */
export type Screened = "submit" | "keep" | RefuseReason;

/** How shares of one connection are looked at. */
export interface Screening {
  /** Whether it needs whole jobs. */
  readonly needsJobs: boolean;
  /**
   * What becomes of a share for a job of the connection.
   *
   * @param difficulty what its miner was told for the job.
   * @param versionMask the bits that may be rolled on the connection.
   */
  screen(
    share: Share,
    job: ScreenedJob,
    sessionId: number,
    difficulty: number,
    versionMask: number,
  ): Screened;
}

/** The screening that goes with these terms. */
export function screeningFor(terms: Terms, layout: ExtranonceLayout, padding: Padding): Screening {
  return terms.validation === "pool"
    ? new ScreeningByThePool(terms)
    : new ScreeningHere(terms, layout, padding);
}

/** What is refused however much work it is. */
function fault(
  share: Share,
  job: ScreenedJob,
  versionMask: number,
  { canSayTimeZero }: Terms,
): RefuseReason | undefined {
  // No job is that old, unless it says so itself.
  if (share.ntime === 0 && job.ntime !== 0 && !canSayTimeZero) return "timeTooOld";
  // Where no bits can be submitted a share with some would be one the pool does not count. Bits of
  // the job's own mean one thing to firmware and another to pools.
  if ((share.versionBits & ~(versionMask & ~job.version)) !== 0) return "versionMask";
  return undefined;
}

/** The pool judges all that can be said to it. */
class ScreeningByThePool implements Screening {
  readonly needsJobs = false;
  readonly #terms: Terms;

  constructor(terms: Terms) {
    this.#terms = terms;
  }

  screen(
    share: Share,
    job: ScreenedJob,
    _sessionId: number,
    _difficulty: number,
    versionMask: number,
  ): Screened {
    return fault(share, job, versionMask, this.#terms) ?? "submit";
  }
}

/** Hashes every share. */
class ScreeningHere implements Screening {
  readonly needsJobs = true;
  readonly #terms: Terms;
  readonly #layout: ExtranonceLayout;
  readonly #padding: Padding;

  constructor(terms: Terms, layout: ExtranonceLayout, padding: Padding) {
    this.#terms = terms;
    this.#layout = layout;
    this.#padding = padding;
  }

  screen(
    share: Share,
    job: ScreenedJob,
    sessionId: number,
    difficulty: number,
    versionMask: number,
  ): Screened {
    const wrong = fault(share, job, versionMask, this.#terms);
    if (wrong !== undefined) return wrong;
    const header = this.#headerOf(share, job.source!, sessionId);
    if (meetsDifficulty(header, this.#terms.poolDifficulty)) return "submit";
    return meetsDifficulty(header, difficulty) ? "keep" : "lowDifficulty";
  }

  #headerOf(share: Share, job: Job, sessionId: number): Uint8Array {
    const { before, after } = this.#padding;
    const extranonces = before + extranonce1Of(sessionId, this.#layout) +
      formatHex32(share.extranonce2).slice(-2 * this.#layout.extranonce2Bytes) + after;
    const coinbase = Uint8Array.fromHex(job.coinbase1 + extranonces + job.coinbase2);
    const root = merkleRoot(coinbase, job.merkleBranches);
    return headerOf(job, root, share.ntime, share.nonce, share.versionBits);
  }
}
