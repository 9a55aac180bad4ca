/**
 * Numbers jobs. Miners see the numbers as ids. A number is never used twice, so that a share for a
 * job of an earlier run, or of another process, does not match a job of this one.
 *
 * A run starts at the time in seconds since 1970, times 2^20, plus a random number below 2^26, and
 * counts up: consecutive ids also differ for firmware that compares their checksums.
 * - Between the starts of two runs lie 2^20 numbers a second, the random part at most 64 s of them.
 *   So a run that starts two minutes or more after another is above all numbers of that one, as
 *   long as it hands out under 490,000 jobs a second: no restart repeats an id, nor does a second
 *   process beside this one.
 * - With less between them, or with a clock that was set back to the same time (a router that
 *   starts in 1970), the random part decides. Two runs of n and m jobs share a number with a chance below
 *   (n + m) / 2^26: 1 in 33,000 for a thousand each. What matters, that one of the last 256 jobs of
 *   one is among the first 256 of the other, happens once in 130,000 such restarts.
 * - All of it stays below 2^53, what a number holds exactly, until the year 2242; then it begins
 *   again at 1970.
 */

import type { Random } from "../base/clock.ts";

const PER_SECOND = 2 ** 20;
const RANDOM_NUMBERS = 2 ** 26;

/** The wrap-around leaves room to count 4 billion jobs from the last start. */
const SECONDS = 2 ** 33 - 2 ** 12;

/** Gives each job of the process its number. */
export class JobNumbers {
  #next: number;

  /**
   * Starts a run.
   *
   * @param wallTime Milliseconds since 1970, whatever the clock says.
   */
  constructor(wallTime: number, random: Random) {
    const seconds = Math.floor(wallTime / 1000) % SECONDS;
    const place = seconds < 0 ? seconds + SECONDS : seconds;
    this.#next = place * PER_SECOND + Math.floor(random() * RANDOM_NUMBERS);
  }

  /** The next job's number. */
  next(): number {
    return this.#next++;
  }
}
