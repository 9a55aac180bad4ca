/**
 * Checks shares for one job of a connection: holds its parts ready for hashing, the pool's
 * difficulty when it came, and the shares that have come for it.
 */

import { loadedShareHasher } from "../bitcoin/load_share_hasher.ts";
import type { PreparedJob } from "../bitcoin/share_hasher.ts";
import { networkTarget, targetWords } from "../bitcoin/target.ts";
import { type Job, jobVersion } from "../protocol/stratum/job.ts";
import type { Share } from "../protocol/stratum/share.ts";
import type { DifficultyStamp } from "./pool_difficulty.ts";
import { SeenShares } from "./seen_shares.ts";

/** The header fields that a share supplies. */
export type HashedFields = Pick<Share, "ntime" | "nonce" | "versionBits">;

/**
 * The most sent shares remembered for a past job: its pool may repeat the job and would refuse them
 * as duplicates. A flood is not remembered: there may be 256 past jobs, each of 32 KB with this
 * many shares.
 */
const MOST_SENT_HELD = 1024;

/** The check of one job's shares. */
export class JobCheck {
  /** The job as the pool sent it. */
  readonly job: Job;
  /** The state of the pool's difficulty then. */
  readonly stamp: DifficultyStamp;
  /** Shares that were only kept. */
  #seen: SeenShares;
  /** Shares that were sent. */
  #sent: SeenShares;
  /** Blocks that have come; blocks are sent even when the job is past. */
  readonly #blocks: SeenShares;
  /** Prepared with its first share: most jobs of a spare get none. */
  #prepared: PreparedJob | undefined;
  #version = 0;
  #networkTarget: Uint32Array | undefined;

  /** For a job that has just come; `before` is the check of the same work, if it came before. */
  constructor(job: Job, stamp: DifficultyStamp, before?: JobCheck) {
    this.job = job;
    this.stamp = stamp;
    this.#seen = before === undefined ? new SeenShares() : before.#seen;
    this.#sent = before === undefined ? new SeenShares() : before.#sent;
    this.#blocks = before === undefined ? new SeenShares() : before.#blocks;
  }

  /** How many good shares other than blocks have come. */
  get seen(): number {
    return this.#seen.size + this.#sent.size;
  }

  /** Notes a good share by its header's hash, and its fate. @returns whether it is new. */
  isNew(hash: Uint32Array, fate: "block" | "sent" | "kept"): boolean {
    if (fate === "block") return this.#blocks.add(hash);
    const [here, there] = fate === "sent" ? [this.#sent, this.#seen] : [this.#seen, this.#sent];
    return !there.has(hash) && here.add(hash);
  }

  /**
   * The job is past: only blocks are still useful, so most of this is dropped, except the shares
   * that the pool has.
   */
  pass(): void {
    this.#seen = new SeenShares();
    if (this.#sent.size > MOST_SENT_HELD) this.#sent = new SeenShares();
    this.#prepared = undefined;
  }

  /** A hash that is at most this is a block; 8 words, the least significant first. */
  get networkTarget(): Uint32Array {
    return this.#networkTarget ??= targetWords(networkTarget(parseInt(this.job.bits, 16)) ?? 0n);
  }

  /**
   * Puts a share into a lane of the hasher.
   *
   * @param extranonces the bytes between the coinbase parts.
   */
  put(lane: number, extranonces: Uint8Array, share: HashedFields): void {
    const hasher = loadedShareHasher();
    if (this.#prepared === undefined) {
      this.#prepared = hasher.prepare(this.job, extranonces.length);
      this.#version = jobVersion(this.job);
    }
    const version = (this.#version ^ share.versionBits) >>> 0;
    hasher.put(lane, this.#prepared, extranonces, share.ntime, share.nonce, version);
  }

  /** The header of a share, for the record of a block. Overwrites the hasher's lanes. */
  headerOf(extranonces: Uint8Array, share: HashedFields): Uint8Array {
    const hasher = loadedShareHasher();
    this.put(0, extranonces, share);
    hasher.hashLanes(1);
    return hasher.headerIn(0);
  }

  /** The coinbase of a share. */
  coinbaseOf(extranonces: Uint8Array): Uint8Array {
    const { coinbase1, coinbase2 } = this.job;
    return Uint8Array.fromHex(coinbase1 + extranonces.toHex() + coinbase2);
  }
}
