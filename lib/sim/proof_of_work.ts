/**
 * A miner's arithmetic: coinbase, merkle root, 80-byte header, difficulty, and the search for a
 * nonce (agent.md "Jobs and the coinbase").
 *
 * Simulated miners find shares with it and the simulated pool checks them with it, so the tests
 * hold it to headers that a real pool has accepted.
 */

import { formatHex32, parseHex32 } from "../base/hex.ts";
import type { Job } from "../protocol/job.ts";
import { compress, doubleSha256, initialState } from "./sha256.ts";

/** Bytes of a block header. */
export const HEADER_BYTES = 80;

/** The target of difficulty 1. */
const DIFFICULTY_1 = 0xffffn << 208n;
const MAX_TARGET = (1n << 256n) - 1n;
/** 2^84 times any difficulty of at least 2^-32 is a whole number. */
const DIFFICULTY_SCALE_BITS = 84;
const NONCES = 2 ** 32;

/**
 * The coinbase transaction of a share.
 *
 * @param job with the pool's extranonce1 already at the end of coinbase part 1.
 * @param minerExtranonce1 what the miner got from us, an unsigned 32-bit number.
 * @param extranonce2 the 4 bytes the miner rolls, as a number.
 */
export function coinbaseOf(job: Job, minerExtranonce1: number, extranonce2: number): Uint8Array {
  return Uint8Array.fromHex(
    job.coinbase1 + formatHex32(minerExtranonce1) + formatHex32(extranonce2) + job.coinbase2,
  );
}

/**
 * The merkle root over a coinbase: 32 bytes as they stand in the header.
 *
 * @param branches hashes in memory order, 64 hex digits each, the coinbase's neighbour first.
 */
export function merkleRoot(coinbase: Uint8Array, branches: readonly string[]): Uint8Array {
  let root = doubleSha256(coinbase);
  const pair = new Uint8Array(64);
  for (const branch of branches) {
    pair.set(root);
    pair.set(Uint8Array.fromHex(branch), 32);
    root = doubleSha256(pair);
  }
  return root;
}

/**
 * The 80-byte header of a share: version, previous hash, merkle root, time, bits, nonce.
 *
 * @param root from {@linkcode merkleRoot}.
 * @param versionBits XORed into the job's version, as the pool does.
 */
export function headerOf(
  job: Job,
  root: Uint8Array,
  ntime: number,
  nonce: number,
  versionBits: number,
): Uint8Array {
  const header = new Uint8Array(HEADER_BYTES);
  const out = new DataView(header.buffer);
  out.setUint32(0, parseHex32(job.version)! ^ versionBits, true);
  for (let word = 0; word < 8; word++) {
    out.setUint32(4 + word * 4, parseHex32(job.prevHash.slice(word * 8, word * 8 + 8))!, true);
  }
  header.set(root, 36);
  out.setUint32(68, ntime, true);
  out.setUint32(72, parseHex32(job.bits)!, true);
  out.setUint32(76, nonce, true);
  return header;
}

/** The hash of a header as block explorers print it: 64 hex digits, the zeros first. */
export function hashDisplay(header: Uint8Array): string {
  return doubleSha256(header).reverse().toHex();
}

/** The difficulty a header has reached: the highest it would be accepted at. */
export function difficultyOf(header: Uint8Array): number {
  const hash = hashNumber(header);
  return hash === 0n ? Infinity : Number((DIFFICULTY_1 << 64n) / hash) / 2 ** 64;
}

/** Whether a header is a share at `difficulty`, 2^-32..2^63, fractions included. */
export function meetsDifficulty(header: Uint8Array, difficulty: number): boolean {
  return hashNumber(header) <= targetOf(difficulty);
}

/**
 * Tries nonces from `fromNonce` on until the header is a share at `difficulty`.
 *
 * @param header as {@linkcode headerOf} makes it; its nonce does not matter and is not changed.
 * @param difficulty 2^-32..2^63, fractions included.
 * @param maxTries how many nonces to try; the last one there is ends the search, too.
 * @returns the nonce, or `undefined` when none was found.
 */
export function findNonce(
  header: Uint8Array,
  difficulty: number,
  fromNonce: number,
  maxTries: number,
): number | undefined {
  const target = targetOf(difficulty);
  // The four bytes a hash is judged by first are the last word of the state, byte by byte reversed.
  const highest = Number(target >> 224n);
  const view = new DataView(header.buffer, header.byteOffset, HEADER_BYTES);
  const midstate = initialState();
  const block = new Int32Array(16);
  for (let i = 0; i < 16; i++) block[i] = view.getInt32(i * 4);
  compress(midstate, block);

  const tail = new Int32Array(16);
  for (let i = 0; i < 3; i++) tail[i] = view.getInt32(64 + i * 4);
  tail[4] = 0x80000000 | 0;
  tail[15] = HEADER_BYTES * 8;
  const second = new Int32Array(16);
  second[8] = 0x80000000 | 0;
  second[15] = 256;

  const initial = initialState();
  const state = new Int32Array(8);
  const end = Math.min(fromNonce + maxTries, NONCES);
  for (let nonce = fromNonce; nonce < end; nonce++) {
    tail[3] = swapBytes(nonce);
    state.set(midstate);
    compress(state, tail);
    for (let i = 0; i < 8; i++) second[i] = state[i]!;
    state.set(initial);
    compress(state, second);
    if (swapBytes(state[7]!) >>> 0 <= highest && meetsTarget(state, target)) return nonce;
  }
  return undefined;
}

function swapBytes(word: number): number {
  return word << 24 | (word & 0xff00) << 8 | word >>> 8 & 0xff00 | word >>> 24;
}

/** Whether a state of 8 words, read as a hash, is at most `target`. */
function meetsTarget(state: Int32Array, target: bigint): boolean {
  let hash = 0n;
  for (let i = 7; i >= 0; i--) hash = hash << 32n | BigInt(swapBytes(state[i]!) >>> 0);
  return hash <= target;
}

function hashNumber(header: Uint8Array): bigint {
  return BigInt("0x" + hashDisplay(header));
}

let knownDifficulty = 1;
let knownTarget = DIFFICULTY_1;

/** The highest hash that is a share at `difficulty`. */
function targetOf(difficulty: number): bigint {
  if (difficulty !== knownDifficulty) {
    const scaled = BigInt(difficulty * 2 ** DIFFICULTY_SCALE_BITS);
    const target = (DIFFICULTY_1 << BigInt(DIFFICULTY_SCALE_BITS)) / scaled;
    knownTarget = target < MAX_TARGET ? target : MAX_TARGET;
    knownDifficulty = difficulty;
  }
  return knownTarget;
}
