/**
 * The hashing of one simulated miner: it makes coinbase, merkle root and header from its work, then
 * tries nonce after nonce; extranonce2, time and version bits roll as in the firmware.
 */

import type { Random } from "../base/clock.ts";
import { jobTime } from "../protocol/stratum/job.ts";
import { Extranonce2s } from "./extranonce2.ts";
import type { MinerShare, MinerWork } from "./miner_dialogue.ts";
import { findNonce } from "./nonce_search.ts";
import { headerOf, merkleRoot } from "../bitcoin/header.ts";
import { randomBelow } from "./seeded_random.ts";

/**
 * Nonces tried for each header. A real miner would try all 2^32. Rolling sooner, and after each
 * share, tests the rest of the header more.
 */
const NONCES_PER_HEADER = 1 << 20;
/** One header in this number has another time, and one in this number other version bits. */
const ROLL_EVERY = 4;
const MAX_SECONDS_AHEAD = 5;

/** Finds shares for the latest work. */
export class Grinder {
  readonly #random: Random;
  readonly #extranonce2s = new Extranonce2s();
  #work: MinerWork | undefined;
  #header: Uint8Array | undefined;
  #share: MinerShare | undefined;
  #nextNonce = 0;
  #hashes = 0;
  /** Headers made for this work. */
  #rolled = 0;

  /** Takes all random choices from `random`. */
  constructor(random: Random) {
    this.#random = random;
  }

  /** Hashes computed. */
  get hashes(): number {
    return this.#hashes;
  }

  /** Switches to this work; `undefined` for none. */
  setWork(work: MinerWork | undefined): void {
    this.#work = work;
    this.#header = undefined;
    this.#rolled = 0;
  }

  /** Computes up to `maxHashes` hashes, and stops at the first share, which it returns. */
  grind(maxHashes: number): MinerShare | undefined {
    const work = this.#work;
    if (work === undefined) return undefined;
    if (this.#header === undefined || this.#nextNonce >= NONCES_PER_HEADER) this.#roll(work);
    const from = this.#nextNonce;
    const nonce = findNonce(this.#header!, work.difficulty, from, maxHashes);
    this.#nextNonce = nonce === undefined ? from + maxHashes : nonce + 1;
    this.#hashes += this.#nextNonce - from;
    if (nonce === undefined) return undefined;
    // Firmware with a single extranonce2 leaves a header only when all its nonces are tried.
    if (Extranonce2s.varies(work.extranonce2)) this.#header = undefined;
    return { ...this.#share!, nonce };
  }

  /**
   * Makes the next header: with another extranonce2 if that varies, and sometimes another time and
   * version.
   */
  #roll(work: MinerWork): void {
    const { job, extranonce1 } = work;
    const extranonce2 = this.#extranonce2s.next(work.extranonce2, job, work.extranonce2Size);
    const isVarying = Extranonce2s.varies(work.extranonce2);
    const seconds = isVarying
      ? this.#sometimes() ? randomBelow(this.#random, MAX_SECONDS_AHEAD + 1) : 0
      : this.#rolled >>> 16;
    const ntime = jobTime(job) + (isVarying || work.rolledMask !== 0 ? seconds : this.#rolled);
    // Chips that ignored a narrower mask roll all the time.
    const isStubborn = (work.rolledMask & ~work.versionMask) !== 0;
    const versionBits = !isVarying
      ? spread(this.#rolled + Number(isStubborn), work.rolledMask)
      : isStubborn || this.#sometimes()
      ? (randomBelow(this.#random, 2 ** 32) & work.rolledMask) >>> 0
      : 0;
    this.#rolled++;
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

/** Makes well-formed shares without hashing, for pools that accept any. */
export class ShareMaker {
  readonly #random: Random;
  readonly #extranonce2s = new Extranonce2s();
  #nonce: number;

  /** Takes shares from `random`. */
  constructor(random: Random) {
    this.#random = random;
    this.#nonce = randomBelow(random, 2 ** 32);
  }

  /** Makes another share for this work. */
  make({ job, extranonce2, extranonce2Size, rolledMask }: MinerWork): MinerShare {
    // An odd step goes through all nonces before one comes again.
    this.#nonce = this.#nonce + 0x9e3779b1 >>> 0;
    return {
      jobId: job.id,
      extranonce2: this.#extranonce2s.next(extranonce2, job, extranonce2Size),
      ntime: jobTime(job) + randomBelow(this.#random, 2),
      nonce: this.#nonce,
      versionBits: (randomBelow(this.#random, 2 ** 32) & rolledMask) >>> 0,
    };
  }
}

/** Puts the bits of `number`, lowest first, in the places of the bits of `mask`. */
function spread(number: number, mask: number): number {
  let bits = 0;
  for (let at = 0, rest = number; at < 32 && rest !== 0; at++) {
    const bit = 1 << at;
    if ((mask & bit) === 0) continue;
    if ((rest & 1) !== 0) bits |= bit;
    rest >>>= 1;
  }
  return bits >>> 0;
}
