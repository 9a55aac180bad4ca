/**
 * Reads jobs as ordinary Stratum pools write them: like {@linkcode parseNotify}, after correcting
 * what some pools do differently (pools.md "Jobs").
 */

import { formatHex32, parseHex32 } from "../../base/hex.ts";
import { type Job, parseNotify } from "./job.ts";

/** Which parameters of `mining.notify` are numbers in hex: version, bits, time. */
const NUMBERS = [5, 6, 7] as const;

/** Which are hex to be passed on: the previous hash and the coinbase parts. */
const TEXTS = [1, 2, 3] as const;

const BRANCHES = 4;
const CLEAN = 8;

/**
 * Reads the parameters of a pool's `mining.notify`: numbers without their leading zeros, hex in
 * either case, the clean flag as 0 or 1. All hex of the job is lower case and of full width.
 *
 * @throws PoolFault `bad-job`, naming the first parameter that is wrong.
 */
export function parsePoolNotify(params: readonly unknown[]): Job {
  const read = params.slice(0, CLEAN + 1);
  for (const at of NUMBERS) {
    const text = read[at];
    const number = typeof text === "string" ? parseHex32(text) : undefined;
    if (number !== undefined) read[at] = formatHex32(number);
  }
  for (const at of TEXTS) read[at] = lowerCase(read[at]);
  const branches = read[BRANCHES];
  if (Array.isArray(branches)) read[BRANCHES] = branches.map(lowerCase);
  const clean = read[CLEAN];
  if (clean === 0 || clean === 1) read[CLEAN] = clean === 1;
  return parseNotify(read);
}

function lowerCase(value: unknown): unknown {
  return typeof value === "string" ? value.toLowerCase() : value;
}
