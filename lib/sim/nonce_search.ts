/**
 * The search of a simulated miner: nonce after nonce until a header is a share.
 */

import { HEADER_BYTES } from "../bitcoin/header.ts";
import { compress, initialState } from "../bitcoin/sha256.ts";
import { targetOf } from "../bitcoin/target.ts";

const NONCES = 2 ** 32;

/**
 * Tries nonces from `fromNonce` on until the header is a share at `difficulty`.
 *
 * @param header as {@linkcode headerOf} makes it; its nonce does not matter and is not changed.
 * @param difficulty 2^-32..2^63, fractions included.
 * @param maxTries how many nonces to try; the search also ends at the last nonce.
 * @returns the nonce, or `undefined` when none was found.
 */
export function findNonce(
  header: Uint8Array,
  difficulty: number,
  fromNonce: number,
  maxTries: number,
): number | undefined {
  const target = targetOf(difficulty);
  // The four most significant bytes of a hash are the last word of the state, with its bytes
  // reversed.
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
