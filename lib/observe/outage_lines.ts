/**
 * Decides which repeated failures get a log line: the first of an outage, then one a minute with
 * their number. 1,000 sub-accounts that cannot reach one pool are one failure.
 *
 * Unlike the log's collapsing, which only sees words, this knows what a failure is about and when
 * it ended, so that the list of recent events stays useful.
 */

import type { Now } from "../base/clock.ts";

/** The shortest time between two lines about the same failure, in milliseconds. */
export const REPEAT_MS = 60_000;

/** After it has worked for this long, the next failure starts a new outage, in milliseconds. */
export const WELL_MS = 30_000;

/** The greatest number of failures told apart; beyond it the oldest is forgotten. */
const MAX_TROUBLES = 1_024;

/** A line that is due. */
export interface DueLine {
  /** Repeats not logged since the last line; 0 for the first of an outage. */
  readonly more: number;
  /** The time in which they happened, in whole seconds. */
  readonly seconds: number;
}

interface Trouble {
  saidAt: number;
  more: number;
  /** When the failure ended; `undefined` while it lasts. */
  wellSince: number | undefined;
}

/** Counts repeated failures and tells which of them get a line. */
export class OutageLines {
  readonly #now: Now;
  /** By what the failure is about; the oldest first. */
  readonly #troubles = new Map<string, Trouble>();

  /** `now` is monotonic, in milliseconds. */
  constructor(now: Now) {
    this.#now = now;
  }

  /** Notes a failure. @returns the line to log, or `undefined` if the failure is only counted. */
  failed(about: string): DueLine | undefined {
    const time = this.#now();
    const trouble = this.#troubles.get(about);
    const isNew = trouble === undefined || time - (trouble.wellSince ?? time) >= WELL_MS;
    if (isNew) {
      this.#begin(about, time);
      return { more: 0, seconds: 0 };
    }
    trouble.wellSince = undefined;
    const sinceLine = time - trouble.saidAt;
    if (sinceLine < REPEAT_MS) {
      trouble.more++;
      return undefined;
    }
    const due = { more: trouble.more, seconds: Math.round(sinceLine / 1000) };
    trouble.saidAt = time;
    trouble.more = 0;
    return due;
  }

  /** Notes that `about` works. */
  works(about: string): void {
    const trouble = this.#troubles.get(about);
    if (trouble !== undefined) trouble.wellSince ??= this.#now();
  }

  #begin(about: string, time: number): void {
    this.#troubles.delete(about);
    this.#troubles.set(about, { saidAt: time, more: 0, wellSince: undefined });
    if (this.#troubles.size <= MAX_TROUBLES) return;
    const [longestAgo] = this.#troubles.keys();
    this.#troubles.delete(longestAgo!);
  }
}
