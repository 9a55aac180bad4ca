/**
 * Random numbers that a seed repeats, so that a failed simulation can be run again.
 */

import type { Random } from "../base/clock.ts";

/** A source of random numbers; the same seed (a whole number) gives the same numbers. */
export function seededRandom(seed: number): Random {
  let state = seed | 0;
  return () => {
    // mulberry32: 32 bits of state are plenty for choosing among miners and delays.
    state = state + 0x6d2b79f5 | 0;
    let mixed = Math.imul(state ^ state >>> 15, state | 1);
    mixed ^= mixed + Math.imul(mixed ^ mixed >>> 7, mixed | 61);
    return ((mixed ^ mixed >>> 14) >>> 0) / 2 ** 32;
  };
}

/** A whole number from 0 up to but not including `end`. */
export function randomBelow(random: Random, end: number): number {
  return Math.floor(random() * end);
}
