/**
 * One timer for all simulated miners of a process, and a clock that stands still while the process
 * does: what comes late because the machine was busy elsewhere is no server's silence.
 */

import { monotonicNow, type Now } from "../base/clock.ts";

const TICK_MS = 100;

/** What has to look at the time now and then. */
export interface Ticking {
  /** It is this late, in milliseconds of the ticker's own clock. */
  tick(nowMs: number): void;
}

/** Runs while anything ticks. */
export class Ticker {
  readonly #now: Now;
  readonly #ticking = new Set<Ticking>();
  #timer: ReturnType<typeof setInterval> | undefined;
  #ownMs = 0;
  #tickedAtMs = 0;

  /** By the process's monotonic clock unless a test has another. */
  constructor(now: Now = monotonicNow) {
    this.#now = now;
  }

  /** Milliseconds, without those during which nothing here had a turn. */
  readonly now: Now = () => this.#ownMs;

  /** This is asked from now on. */
  add(ticking: Ticking): void {
    this.#ticking.add(ticking);
    if (this.#timer !== undefined) return;
    this.#tickedAtMs = this.#now();
    this.#timer = setInterval(() => this.#tick(), TICK_MS);
  }

  /** This is not asked any more. */
  remove(ticking: Ticking): void {
    this.#ticking.delete(ticking);
    if (this.#ticking.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #tick(): void {
    const now = this.#now();
    this.#ownMs += Math.min(now - this.#tickedAtMs, 2 * TICK_MS);
    this.#tickedAtMs = now;
    for (const ticking of this.#ticking) ticking.tick(this.#ownMs);
  }
}

/** The ticker miners of this process share. */
export const SHARED_TICKER: Ticker = new Ticker();
