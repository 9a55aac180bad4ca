/**
 * Decides between being woken for each piece of work and looking for work on a timer.
 *
 * Being woken answers at once and costs nothing while nothing comes, but each time it costs a
 * switch to another thread and back. From a few hundred times a second, a look every two
 * milliseconds costs less and may find several pieces at once.
 */

import type { Now } from "../../base/clock.ts";

/** Pieces of work a second from which on a timer is cheaper, and below which it is not. */
const BUSY_FROM = 400;
const QUIET_BELOW = 200;

/** The rate is measured over at least this time, in milliseconds. */
const WINDOW_MS = 100;

/** Measures the rate of work. */
export class Pacing {
  readonly #now: Now;
  #isBusy = false;
  #count = 0;
  #since: number;

  /** Starts in the quiet state. */
  constructor(now: Now) {
    this.#now = now;
    this.#since = now();
  }

  /** Whether to look on a timer. */
  get isBusy(): boolean {
    return this.#isBusy;
  }

  /** Notes that a look found `count` pieces of work, possibly 0. */
  found(count: number): void {
    // One wake-up costs the same for many pieces as for one.
    this.#count += this.#isBusy ? count : Math.min(count, 1);
    const elapsed = this.#now() - this.#since;
    if (elapsed < WINDOW_MS) return;
    const perSecond = this.#count * 1000 / elapsed;
    this.#isBusy = perSecond >= (this.#isBusy ? QUIET_BELOW : BUSY_FROM);
    this.#count = 0;
    this.#since += elapsed;
  }
}
