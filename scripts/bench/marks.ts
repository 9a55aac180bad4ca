/**
 * Marks in shares and jobs, by which the other end knows whose they are and how long they took:
 * names, and the time of sending on the clock that all processes share.
 */

/** Returns the microseconds of `ms`, modulo 2³²: a nonce that says when it was sent. */
export function nonceAt(ms: number): number {
  return Math.floor(ms * 1000 % 2 ** 32) >>> 0;
}

/** Returns how long ago `nonce` was made, in milliseconds; under 35 minutes. */
export function ageOf(nonce: number, now: number): number {
  return (nonceAt(now) - nonce | 0) / 1000;
}

/** Hex digits in a job's coinbase part 1 that say when it was sent, in microseconds. */
export const STAMP_DIGITS = 16;

/**
 * Their place in it: in the script, after what a pool writes there. (A changed previous hash would
 * mean a new block.)
 */
export const STAMP_AT = 124;

/** Returns the digits of a job sent at `ms`. */
export function stampAt(ms: number): string {
  return Math.floor(ms * 1000).toString(16).padStart(STAMP_DIGITS, "0");
}

/** The sub-account all miners mine for. */
export const ACCOUNT = "bench";

/** Returns the name of a miner, from which the pool's end reads its number. */
export function workerNameOf(miner: number): string {
  return `w${miner}`;
}
