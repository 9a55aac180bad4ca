/**
 * What it takes to check shares for one job of a connection: its parts as they are hashed, what the
 * pool demanded when it came, and the shares that have come for it.
 */

import { headerOf, merkleRoot } from "../bitcoin/header.ts";
import { doubleSha256 } from "../bitcoin/sha256.ts";
import { networkTarget, type Target } from "../bitcoin/target.ts";
import type { Job } from "../protocol/stratum/job.ts";
import type { DifficultyStamp } from "./pool_difficulty.ts";
import { SeenShares } from "./seen_shares.ts";

/** See above. */
export class JobCheck {
  /** The job as the pool sent it. */
  readonly job: Job;
  /** How the pool's difficulty stood then. */
  readonly stamp: DifficultyStamp;
  /** Shares for it that were good. */
  readonly seen: SeenShares = new SeenShares();
  #networkTarget: Target | undefined;

  /** A job that has just come. */
  constructor(job: Job, stamp: DifficultyStamp) {
    this.job = job;
    this.stamp = stamp;
  }

  /** A hash at most this is a block. */
  get networkTarget(): Target {
    return this.#networkTarget ??= networkTarget(parseInt(this.job.bits, 16));
  }

  /**
   * The hash of a share's header, in memory order; valid until the next call.
   *
   * @param extranonces the bytes between the coinbase parts.
   */
  hash(extranonces: Uint8Array, ntime: number, nonce: number, versionBits: number): Uint8Array {
    return doubleSha256(this.headerOf(extranonces, ntime, nonce, versionBits));
  }

  /** The coinbase of a share, for the record of a block. */
  coinbaseOf(extranonces: Uint8Array): Uint8Array {
    const { coinbase1, coinbase2 } = this.job;
    return Uint8Array.fromHex(coinbase1 + extranonces.toHex() + coinbase2);
  }

  /** The header of a share. */
  headerOf(
    extranonces: Uint8Array,
    ntime: number,
    nonce: number,
    versionBits: number,
  ): Uint8Array {
    const root = merkleRoot(this.coinbaseOf(extranonces), this.job.merkleBranches);
    return headerOf(this.job, root, ntime, nonce, versionBits);
  }
}
