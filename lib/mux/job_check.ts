/**
 * What it takes to check shares for one job of a connection: its parts as they are hashed, what the
 * pool demanded when it came, and the shares that have come for it.
 */

import { loadedShareHasher } from "../bitcoin/load_share_hasher.ts";
import type { PreparedJob } from "../bitcoin/share_hasher.ts";
import { networkTarget, targetWords } from "../bitcoin/target.ts";
import { type Job, jobVersion } from "../protocol/stratum/job.ts";
import type { Share } from "../protocol/stratum/share.ts";
import type { DifficultyStamp } from "./pool_difficulty.ts";
import { SeenShares } from "./seen_shares.ts";

/** What a share has of its header. */
export type HashedFields = Pick<Share, "ntime" | "nonce" | "versionBits">;

/**
 * Shares for a past job that are remembered as sent: its pool may yet repeat the job, and would refuse
 * them. A flood is not remembered: there may be 256 past jobs, of 32 KB each with as many as this.
 */
const MOST_SENT_HELD = 1024;

/** See above. */
export class JobCheck {
  /** The job as the pool sent it. */
  readonly job: Job;
  /** How the pool's difficulty stood then. */
  readonly stamp: DifficultyStamp;
  /** Those that were only kept. */
  #seen: SeenShares;
  /** Those that went up. */
  #sent: SeenShares;
  /** Blocks that have come, which go up also once the job is past. */
  readonly #blocks: SeenShares;
  /** Made with its first share: for most jobs of a spare none comes. */
  #prepared: PreparedJob | undefined;
  #version = 0;
  #networkTarget: Uint32Array | undefined;

  /** A job that has just come; `before` is for the same work, if that came before. */
  constructor(job: Job, stamp: DifficultyStamp, before?: JobCheck) {
    this.job = job;
    this.stamp = stamp;
    this.#seen = before === undefined ? new SeenShares() : before.#seen;
    this.#sent = before === undefined ? new SeenShares() : before.#sent;
    this.#blocks = before === undefined ? new SeenShares() : before.#blocks;
  }

  /** How many good shares have come for it that are no blocks. */
  get seen(): number {
    return this.#seen.size + this.#sent.size;
  }

  /** Notes a good share by its header's hash and what becomes of it. @returns whether it is new. */
  isNew(hash: Uint32Array, fate: "block" | "sent" | "kept"): boolean {
    if (fate === "block") return this.#blocks.add(hash);
    const [here, there] = fate === "sent" ? [this.#sent, this.#seen] : [this.#seen, this.#sent];
    return !there.has(hash) && here.add(hash);
  }

  /**
   * The job is past: of shares for it only blocks are of use, so that most of this can go, but for
   * what the pool has.
   */
  pass(): void {
    this.#seen = new SeenShares();
    if (this.#sent.size > MOST_SENT_HELD) this.#sent = new SeenShares();
    this.#prepared = undefined;
  }

  /** A hash at most this is a block; 8 words, the least first. */
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

  /** The header of a share, for the record of a block. Lanes of the hasher are lost. */
  headerOf(extranonces: Uint8Array, share: HashedFields): Uint8Array {
    const hasher = loadedShareHasher();
    this.put(0, extranonces, share);
    hasher.hashLanes(1);
    return hasher.headerIn(0);
  }

  /** Its coinbase. */
  coinbaseOf(extranonces: Uint8Array): Uint8Array {
    const { coinbase1, coinbase2 } = this.job;
    return Uint8Array.fromHex(coinbase1 + extranonces.toHex() + coinbase2);
  }
}
