/**
 * The layout of the memory of the share hasher's WebAssembly: one table for the hasher and for the
 * script that makes the module (scripts/wasm).
 *
 * Messages and states are stored as native 32-bit numbers of the words that SHA-256 reads
 * big-endian, so byte `i` of a message is at `i ^ 3`.
 */

/** The size of a lane, and of the memory before the first lane. */
export const LANE_BYTES = 0x10000;

/** Shares that are hashed at once. */
export const LANES = 4;

/** The tables, before the lanes. */
export const TABLE = {
  /** The 64 round constants. */
  constants: 0,
  /** The round constants plus the schedule of the block that pads 64 bytes. */
  padded: 256,
  /** The state before the first block. */
  initial: 512,
  /** The block of a 32-byte digest: 8 words to be filled in, and its padding. */
  digest: 576,
  /** The block of two hashes. */
  pair: 640,
  /** {@linkcode TABLE.digest} for four lanes, word by word. */
  digest4: 1024,
  /** {@linkcode TABLE.pair} for four lanes. */
  pair4: 1280,
  /** Any block for four lanes. */
  block4: 1536,
  /** Saved state to restore in some lanes: 8 words for four lanes. */
  kept4: 1792,
} as const;

/**
 * The content of a lane: offsets from its start. One more lane after the last is for preparing
 * jobs.
 */
export const LANE = {
  /** The result: 32 bytes in memory order. */
  hash: 0,
  /** The share: the header's version, time and nonce as numbers. */
  version: 32,
  ntime: 36,
  nonce: 40,
  /** The number of 64-byte blocks in its coinbase tail. */
  blocks: 44,
  /** The number of its merkle branches. */
  branches: 48,
  /** The job as it is kept, from here on. */
  job: 64,
  /** The state after the whole blocks of coinbase part 1. */
  midstate: 64,
  /** The header and its padding, 128 bytes. */
  header: 96,
  /** 32 bytes each; then the coinbase tail, padding included. */
  branch: 224,
} as const;

/** Offsets in a header. */
export const HEADER = { prevHash: 4, root: 36, ntime: 68, bits: 72, nonce: 76 } as const;

/** The size of the memory in pages of 64 KiB: tables, lanes, and the one for preparing. */
export const MEMORY_PAGES: number = 2 + LANES;
