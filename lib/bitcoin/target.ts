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
