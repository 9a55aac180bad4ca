/**
 * Targets and difficulties: how small a header's hash must be; pure.
 */

import { hashDisplay } from "./header.ts";

/** The target of difficulty 1. */
const DIFFICULTY_1 = 0xffffn << 208n;

/** The easiest target: every hash meets it. */
export const MAX_TARGET: bigint = (1n << 256n) - 1n;

/** Bytes of a target. */
const TARGET_BYTES = 32;

/** 2^84 times any difficulty of at least 2^-32 is a whole number. */
const DIFFICULTY_SCALE_BITS = 84;

/** The difficulty that a header reaches: the highest at which it would be accepted. */
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

/** The bounds of the difficulties that {@linkcode targetOf} takes. */
const MIN_DIFFICULTY = 2 ** -32;
const MAX_DIFFICULTY = 2 ** 63;

/**
 * The lowest difficulty at which every share meets a target, 2^-32..2^63: as exact as a double.
 *
 * @param target at least 1.
 */
export function difficultyOfTarget(target: bigint): number {
  const scaled = (DIFFICULTY_1 << BigInt(DIFFICULTY_SCALE_BITS)) / target;
  let difficulty = Number(scaled) / 2 ** DIFFICULTY_SCALE_BITS;
  if (difficulty <= MIN_DIFFICULTY) return MIN_DIFFICULTY;
  if (difficulty >= MAX_DIFFICULTY) return MAX_DIFFICULTY;
  // A double may be rounded down, and then a share could be just too easy.
  if (targetOf(difficulty) > target) difficulty *= 1 + Number.EPSILON;
  return difficulty;
}

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

/**
 * The highest hash that is a block.
 *
 * @param bits the header's field as an unsigned number: 3 low bytes of mantissa, read as a
 * fraction, and above them the exponent of 256.
 * @returns `undefined` if the target is not in 1 to 2^256 - 1.
 */
export function networkTarget(bits: number): bigint | undefined {
  const mantissa = BigInt(bits & 0x7fffff);
  const shift = BigInt(((bits >>> 24) - 3) * 8);
  if ((bits & 0x800000) !== 0) return undefined;
  const target = shift >= 0n ? mantissa << shift : mantissa >> -shift;
  return target >= 1n && target <= MAX_TARGET ? target : undefined;
}

/** A target as 8 unsigned 32-bit numbers, the least significant first, to compare hashes with. */
export function targetWords(target: bigint): Uint32Array {
  return Uint32Array.from({ length: 8 }, (_, i) => Number(target >> BigInt(32 * i) & 0xffffffffn));
}

/** A target as 32 bytes, the least significant first, as Stratum V2 sends it. */
export function targetBytes(target: bigint): Uint8Array {
  return Uint8Array.fromHex(target.toString(16).padStart(2 * TARGET_BYTES, "0")).reverse();
}

/** The target in 32 bytes, the least significant first. */
export function targetOfBytes(bytes: Uint8Array): bigint {
  return BigInt(`0x${bytes.toReversed().toHex()}`);
}

/** Whether `hash` is at most `target`; both are 8 words, the least significant first. */
export function isAtMost(hash: Uint32Array, target: Uint32Array): boolean {
  for (let i = 7; i > 0; i--) {
    const found = hash[i]!;
    const highest = target[i]!;
    if (found !== highest) return found < highest;
  }
  return hash[0]! <= target[0]!;
}

/** 0xffff * 2^208 in double precision. */
const DIFFICULTY_1_NUMBER = 0xffff * 2 ** 208;

/**
 * The difficulty that a hash reaches, without big integers: as exact as a double, for books and
 * logs. {@linkcode isAtMost} decides whether a share is accepted.
 *
 * @param hash 8 words, the least significant first; a hash of 0 gives `Infinity`.
 */
export function difficultyOfHash(hash: Uint32Array): number {
  let value = 0;
  for (let i = 7; i >= 0; i--) value = value * 2 ** 32 + hash[i]!;
  return DIFFICULTY_1_NUMBER / value;
}
