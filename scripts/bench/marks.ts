/**
 * What a share and a job carry so that the other end can tell whose they are and how long they
 * took: names, and the time they were sent at, on the clock all processes share.
 */

/** Microseconds of `ms`, modulo 2³²: a nonce that says when it was sent. */
export function nonceAt(ms: number): number {
  return Math.floor(ms * 1000 % 2 ** 32) >>> 0;
}

/** How long ago, in milliseconds, `nonce` was made; under 35 minutes. */
export function ageOf(nonce: number, now: number): number {
  return (nonceAt(now) - nonce | 0) / 1000;
}

/** Hex digits in a job's coinbase part 1 that say when it was sent, in microseconds. */
export const STAMP_DIGITS = 16;

/**
 * Where in it they begin: in the script, behind what a pool writes there. A previous hash that
 * changes would be a new block's.
 */
export const STAMP_AT = 124;

/** The digits of a job sent now. */
export function stampAt(ms: number): string {
  return Math.floor(ms * 1000).toString(16).padStart(STAMP_DIGITS, "0");
}

/** The sub-account all miners mine for. */
export const ACCOUNT = "bench";

/** What a miner is called; the pool's end reads its number out of it. */
export function workerNameOf(miner: number): string {
  return `w${miner}`;
}
