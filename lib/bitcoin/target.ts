/**
 * Targets and difficulties: how small a header's hash has to be; pure.
 */

import { hashDisplay } from "./header.ts";

/** The target of difficulty 1. */
const DIFFICULTY_1 = 0xffffn << 208n;
const MAX_TARGET = (1n << 256n) - 1n;
/** 2^84 times any difficulty of at least 2^-32 is a whole number. */
const DIFFICULTY_SCALE_BITS = 84;

/** The difficulty a header has reached: the highest it would be accepted at. */
export function difficultyOf(header: Uint8Array): number {
  const hash = hashNumber(header);
  return hash === 0n ? Infinity : Number((DIFFICULTY_1 << 64n) / hash) / 2 ** 64;
}

/** Whether a header is a share at `difficulty`, 2^-32..2^63, fractions included. */
export function meetsDifficulty(header: Uint8Array, difficulty: number): boolean {
  return hashNumber(header) <= targetOf(difficulty);
}

function hashNumber(header: Uint8Array): bigint {
  return BigInt("0x" + hashDisplay(header));
}

let knownDifficulty = 1;
let knownTarget = DIFFICULTY_1;

/** The highest hash that is a share at `difficulty`, 2^-32..2^63, fractions included. */
export function targetOf(difficulty: number): bigint {
  if (difficulty !== knownDifficulty) {
    const scaled = BigInt(difficulty * 2 ** DIFFICULTY_SCALE_BITS);
    const target = (DIFFICULTY_1 << BigInt(DIFFICULTY_SCALE_BITS)) / scaled;
    knownTarget = target < MAX_TARGET ? target : MAX_TARGET;
    knownDifficulty = difficulty;
  }
  return knownTarget;
}

/** A target as bytes: 32, the least significant first, as hashes stand in memory. */
export type Target = Uint8Array;

/** {@linkcode targetOf} as bytes. */
export function targetFor(difficulty: number): Target {
  return bytesOf(targetOf(difficulty));
}

/** The target a header's bits field stands for: a hash at most this is a block. */
export function networkTarget(bits: number): Target {
  const exponent = bits >>> 24;
  const mantissa = BigInt(bits & 0x7fffff);
  if ((bits & 0x800000) !== 0 || exponent > 34) return new Uint8Array(32);
  const target = exponent >= 3
    ? mantissa << BigInt(8 * (exponent - 3))
    : mantissa >> BigInt(8 * (3 - exponent));
  return bytesOf(target < MAX_TARGET ? target : MAX_TARGET);
}

/** Whether a hash, 32 bytes in memory order, is at most `target`. */
export function isAtMost(hash: Uint8Array, target: Target): boolean {
  for (let i = 31; i >= 0; i--) {
    if (hash[i] !== target[i]) return hash[i]! < target[i]!;
  }
  return true;
}

function bytesOf(target: bigint): Target {
  return Uint8Array.fromHex(target.toString(16).padStart(64, "0")).reverse();
}
