/**
 * The work of a share: its header is rebuilt from the pool's own job and the submitted values, and
 * hashed.
 */

import { parseHex32 } from "../../base/hex.ts";
import { hashDisplay, headerOf, merkleRoot } from "../../bitcoin/header.ts";
import { networkTarget } from "../../bitcoin/target.ts";
import type { Job } from "../../protocol/stratum/job.ts";

const DIFFICULTY_1 = 0xffffn << 208n;

/** The hash of a share's header. */
export interface Proof {
  /** The hash as a number: the smaller the better. */
  readonly hash: bigint;
  /** The difficulty it reaches, as servers that count in doubles calculate it. */
  readonly difficulty: number;
  /** Whether it is a block. */
  readonly isBlock: boolean;
}

/** The values that a share sets in the header. */
export interface HeaderRoll {
  /** The coinbase in hex, whole bytes. */
  readonly coinbase: string;
  /** The whole version, 32 bits. */
  readonly version: number;
  /** 32 bits. */
  readonly time: number;
  /** 32 bits. */
  readonly nonce: number;
}

/** Hashes a share. */
export function proofOf(job: Job, roll: HeaderRoll): Proof {
  const root = merkleRoot(Uint8Array.fromHex(roll.coinbase), job.merkleBranches);
  const bits = (roll.version ^ parseHex32(job.version)!) >>> 0;
  const hash = BigInt("0x" + hashDisplay(headerOf(job, root, roll.time, roll.nonce, bits)));
  return {
    hash,
    difficulty: hash === 0n ? Infinity : Number(DIFFICULTY_1) / Number(hash),
    isBlock: hash <= (networkTarget(parseHex32(job.bits)!) ?? 0n),
  };
}

/**
 * Makes `text` exactly `bytes` bytes of hex: cut, or filled with zeros; other characters count as
 * zeros.
 */
export function fitHex(text: string, bytes: number): string {
  const hex = /^[0-9a-fA-F]*/.exec(text)![0];
  return hex.padEnd(bytes * 2, "0").slice(0, bytes * 2);
}
