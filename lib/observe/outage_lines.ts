/**
 * Which of many repeated troubles are worth a line: the first of an outage, then one a minute with
 * how many there were. 1,000 sub-accounts that do not reach one pool are one trouble.
 *
 * Unlike the collapsing of the log, which sees words, this knows what a trouble is about and when
 * it was over, so that the list of recent events keeps what is useful.
 */

import type { Now } from "../base/clock.ts";

/** A line of the same trouble comes at most this often, in milliseconds. */
export const REPEAT_MS = 60_000;

/** What has been well for this long has a new outage when it fails, in milliseconds. */
export const WELL_MS = 30_000;

/** Troubles told apart, in all; beyond that the oldest is forgotten. */
const MAX_TROUBLES = 1_024;

/** A line is due. */
export interface DueLine {
  /** How many of the same were not said since the last line; 0 for the first of an outage. */
  readonly more: number;
  /** The time they took, in whole seconds. */
  readonly seconds: number;
}

interface Trouble {
  saidAt: number;
  more: number;
  /** Since when there is none; `undefined` while it lasts. */
  wellSince: number | undefined;
}

/** See above. */
export class OutageLines {
  readonly #now: Now;
  /** By what it is about; the one that began longest ago first. */
  readonly #troubles = new Map<string, Trouble>();

  /** `now` is monotonic, in milliseconds. */
  constructor(now: Now) {
    this.#now = now;
  }

  /** Something fails. @returns what to say of it, or `undefined` if it is only counted. */
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

  /** It works. */
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
