/**
 * How long to wait before a retry.
 */

import type { Random } from "./clock.ts";

/** The first wait, in milliseconds, before jitter. */
const FIRST_BACKOFF_MS = 500;

/** The longest wait, in milliseconds. */
const MAX_BACKOFF_MS = 30_000;

/**
 * The wait after `failures` failures in a row (1 or more): 0.5 s, doubling up to 30 s, times a
 * random factor of 0.5 to 1, so that a thousand agents do not come back in one instant.
 */
export function backoffMs(failures: number, random: Random): number {
  const full = Math.min(FIRST_BACKOFF_MS * 2 ** (failures - 1), MAX_BACKOFF_MS);
  return full * (0.5 + random() / 2);
}
