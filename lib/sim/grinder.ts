/**
 * The hashing of one simulated miner: coinbase, merkle root and header out of what it was told,
 * then nonce after nonce; extranonce2, time and version bits roll as the firmware may.
 */

import { jobTime } from "../protocol/job.ts";
import type { MinerShare, MinerWork } from "./miner_dialogue.ts";
import { findNonce, headerOf, merkleRoot } from "./proof_of_work.ts";
import { type Random, randomBelow } from "./seeded_random.ts";

/**
 * A real miner would try all 2^32. Rolling sooner, and after each share, exercises the rest of the
 * header more.
 */
const NONCES_PER_HEADER = 1 << 20;
/** One header in so many has another time, one in so many other version bits. */
const ROLL_EVERY = 4;
const MAX_SECONDS_AHEAD = 5;

/** Finds shares for the work it was given last. */
export class Grinder {
  readonly #random: Random;
  #work: MinerWork | undefined;
  #extranonce2: number;
  #header: Uint8Array | undefined;
  #share: MinerShare | undefined;
  #nextNonce = 0;
  #hashes = 0;

  /**
   * Starts at an extranonce2 of chance: a miner that gets the extranonce1 of one that left must
   * not find that one's shares again.
   */
  constructor(random: Random) {
    this.#random = random;
    this.#extranonce2 = randomBelow(random, 2 ** 32);
  }

  /** Hashes computed. */
  get hashes(): number {
    return this.#hashes;
  }

  /** From now on work on this; `undefined` for none. */
  setWork(work: MinerWork | undefined): void {
    this.#work = work;
    this.#header = undefined;
  }

  /** Computes up to `maxHashes` hashes, fewer when a share is found: then that share. */
  grind(maxHashes: number): MinerShare | undefined {
    if (this.#work === undefined) return undefined;
    if (this.#header === undefined || this.#nextNonce >= NONCES_PER_HEADER) {
      this.#roll(this.#work);
    }
    const from = this.#nextNonce;
    const nonce = findNonce(this.#header!, this.#work.difficulty, from, maxHashes);
    this.#nextNonce = nonce === undefined ? from + maxHashes : nonce + 1;
    this.#hashes += this.#nextNonce - from;
    if (nonce === undefined) return undefined;
    this.#header = undefined;
    return { ...this.#share!, nonce };
  }

  /** The next header: another extranonce2 always, another time and version sometimes. */
  #roll(work: MinerWork): void {
    const { job, extranonce1, versionMask } = work;
    const extranonce2 = formatExtranonce2(++this.#extranonce2, work.extranonce2Size);
    const seconds = this.#sometimes() ? randomBelow(this.#random, MAX_SECONDS_AHEAD + 1) : 0;
    const ntime = jobTime(job) + seconds;
    const versionBits = this.#sometimes()
      ? (randomBelow(this.#random, 2 ** 32) & versionMask) >>> 0
      : 0;
    const coinbase = Uint8Array.fromHex(
      job.coinbase1 + extranonce1 + extranonce2 + job.coinbase2,
    );
    const root = merkleRoot(coinbase, job.merkleBranches);
    this.#header = headerOf(job, root, ntime, 0, versionBits);
    this.#share = { jobId: job.id, extranonce2, ntime, nonce: 0, versionBits };
    this.#nextNonce = 0;
  }

  #sometimes(): boolean {
    return randomBelow(this.#random, ROLL_EVERY) === 0;
  }
}

/** Makes well-formed shares that no hash stands behind, for pools that believe any. */
export class ShareMaker {
  readonly #random: Random;
  #extranonce2: number;

  /** Shares come out of `random`. */
  constructor(random: Random) {
    this.#random = random;
    this.#extranonce2 = randomBelow(random, 2 ** 32);
  }

  /** Another share for this work. */
  make({ job, extranonce2Size, versionMask }: MinerWork): MinerShare {
    return {
      jobId: job.id,
      extranonce2: formatExtranonce2(++this.#extranonce2, extranonce2Size),
      ntime: jobTime(job) + randomBelow(this.#random, 2),
      nonce: randomBelow(this.#random, 2 ** 32),
      versionBits: (randomBelow(this.#random, 2 ** 32) & versionMask) >>> 0,
    };
  }
}

/** A counter as an extranonce2 of `size` bytes in hex. */
function formatExtranonce2(counter: number, size: number): string {
  const digits = size * 2;
  return (counter % 2 ** Math.min(32, size * 8)).toString(16).padStart(digits, "0");
}
