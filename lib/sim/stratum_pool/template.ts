/**
 * Block templates of a simulated Stratum pool, and the jobs made from them for a number of
 * extranonce bytes.
 */

import type { Random } from "../../base/clock.ts";
import { formatHex32 } from "../../base/hex.ts";
import type { Job } from "../../protocol/stratum/job.ts";
import { randomBelow } from "../seeded_random.ts";

const FIRST_HEIGHT = 900_001;
const MIN_BRANCHES = 2;
const MAX_BRANCHES = 12;
const TAG = new TextEncoder().encode("/sim stratum/").toHex();

/** A block to be found. Never changes. */
export interface BlockTemplate {
  /** Counts from 1. */
  readonly number: number;
  /** Height of the block. */
  readonly height: number;
  /** 64 hex digits as `mining.notify` has them. */
  readonly prevHash: string;
  /** 64 hex digits each, in memory order. */
  readonly branches: readonly string[];
  /** 8 hex digits. */
  readonly version: string;
  /** The network target, 8 hex digits. */
  readonly bits: string;
  /** Seconds since 1970. */
  readonly time: number;
  /** Whether it came because a block was found. */
  readonly isNewBlock: boolean;
  /** Monotonic milliseconds. */
  readonly madeAtMs: number;
}

/** Makes templates. */
export class TemplateMaker {
  readonly #random: Random;
  readonly #version: string;
  readonly #bits: string;
  #number = 0;
  #height = FIRST_HEIGHT - 1;
  #prevHash = "";
  #time = 0;

  /** Takes hashes from `random`; `version` and `bits` are 8 hex digits. */
  constructor(random: Random, version: string, bits: string) {
    this.#random = random;
    this.#version = version;
    this.#bits = bits;
  }

  /** Makes the next template: on a new height, or with other transactions. */
  next(isNewBlock: boolean, wallMs: number, nowMs: number): BlockTemplate {
    if (isNewBlock) {
      this.#height++;
      // A block's hash has its zeros at the end in this order of bytes.
      this.#prevHash = this.#hex(24) + "00000000".repeat(2);
    }
    this.#number++;
    // Two templates of the same second would be too similar.
    this.#time = Math.max(this.#time + 1, Math.floor(wallMs / 1000));
    const count = MIN_BRANCHES + randomBelow(this.#random, MAX_BRANCHES - MIN_BRANCHES + 1);
    return {
      number: this.#number,
      height: this.#height,
      prevHash: this.#prevHash,
      branches: Array.from({ length: count }, () => this.#hex(32)),
      version: this.#version,
      bits: this.#bits,
      time: this.#time,
      isNewBlock,
      madeAtMs: nowMs,
    };
  }

  #hex(bytes: number): string {
    return Uint8Array.from({ length: bytes }, () => randomBelow(this.#random, 256)).toHex();
  }
}

/** The values in which jobs of one template differ. */
export interface JobParts {
  /** The job's id. */
  readonly id: string;
  /** Whether older jobs become invalid. */
  readonly isClean: boolean;
  /** Bytes of extranonce1 and extranonce2 together, which the script's length counts. */
  readonly extranonceBytes: number;
  /** A number that the pool puts into the coinbase: a nonce, or a difficulty. */
  readonly stamp: number;
  /** The hash of the key that is paid: 20 bytes of hex. */
  readonly payee: string;
}

/** Makes a job from a template. */
export function jobOf(template: BlockTemplate, parts: JobParts): Job {
  const { height, prevHash, branches, version, bits, time } = template;
  const script = "03" + littleEndian(height, 3) + "04" + littleEndian(time, 4) + "04" +
    littleEndian(parts.stamp, 4) + "0c";
  const scriptBytes = (script.length + TAG.length) / 2 + parts.extranonceBytes;
  return {
    id: parts.id,
    prevHash,
    coinbase1: "01000000" + "01" + "00".repeat(32) + "ffffffff" + littleEndian(scriptBytes, 1) +
      script,
    coinbase2: TAG + "ffffffff" + "01" + "40be402500000000" + "160014" + parts.payee + "00000000",
    merkleBranches: branches,
    version,
    bits,
    ntime: formatHex32(time),
    isClean: parts.isClean,
  };
}

function littleEndian(value: number, bytes: number): string {
  return Uint8Array.from({ length: bytes }, (_, i) => value >>> i * 8).toHex();
}
