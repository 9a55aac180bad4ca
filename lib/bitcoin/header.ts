/**
 * Builds a block header from a job and a share: coinbase, merkle root, the 80 bytes to hash; pure.
 *
 * The tests compare it with headers that a real pool has accepted.
 */

import { formatHex32, parseHex32 } from "../base/hex.ts";
import { doubleSha256 } from "./sha256.ts";

/** Bytes of a block header. */
export const HEADER_BYTES = 80;

/** The coinbase transaction around the extranonces, in hex. */
export interface CoinbaseParts {
  /** Up to the miner's extranonce1; the pool's own extranonce1 is at its end. */
  readonly coinbase1: string;
  /** Everything after the extranonce2. */
  readonly coinbase2: string;
}

/** The header fields that the pool's job sets, in hex as in `mining.notify`. */
export interface HeaderFields {
  /** 8 digits; miners roll some of its bits. */
  readonly version: string;
  /** 64 digits: 8 words, each printed as a big-endian number of its little-endian memory. */
  readonly prevHash: string;
  /** 8 digits. */
  readonly bits: string;
}

/**
 * The coinbase transaction of a share.
 *
 * @param minerExtranonce1 the miner's extranonce1 from us, an unsigned 32-bit number.
 * @param extranonce2 the 4 bytes the miner rolls, as a number.
 */
export function coinbaseOf(
  job: CoinbaseParts,
  minerExtranonce1: number,
  extranonce2: number,
): Uint8Array {
  return Uint8Array.fromHex(
    job.coinbase1 + formatHex32(minerExtranonce1) + formatHex32(extranonce2) + job.coinbase2,
  );
}

/**
 * The merkle root over a coinbase: 32 bytes in header order.
 *
 * @param branches hashes in memory order, 64 hex digits each, starting with the coinbase's
 * neighbour.
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
  job: HeaderFields,
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
