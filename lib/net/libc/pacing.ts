/**
 * Whether to be woken for each piece of work or to look for it on a timer.
 *
 * Being woken answers at once and costs nothing while nothing comes, but each time a switch to
 * another thread and back. From a few hundred times a second on, a look every two
 * milliseconds costs less and may find several pieces at a time.
 */

import type { Now } from "../../base/clock.ts";

/** Pieces of work a second from which on a timer is cheaper, and below which it is not. */
const BUSY_FROM = 400;
const QUIET_BELOW = 200;

/** The rate is taken over no less than this, in milliseconds. */
const WINDOW_MS = 100;

/** Measures the rate of work. */
export class Pacing {
  readonly #now: Now;
  #isBusy = false;
  #count = 0;
  #since: number;

  /** Begins quiet. */
  constructor(now: Now) {
    this.#now = now;
    this.#since = now();
  }

  /** Whether to look on a timer. */
  get isBusy(): boolean {
    return this.#isBusy;
  }

  /** A look found `count` pieces of work, or none. */
  found(count: number): void {
    // One wake-up for many pieces is as cheap as one for one.
    this.#count += this.#isBusy ? count : Math.min(count, 1);
    const elapsed = this.#now() - this.#since;
    if (elapsed < WINDOW_MS) return;
    const perSecond = this.#count * 1000 / elapsed;
    this.#isBusy = perSecond >= (this.#isBusy ? QUIET_BELOW : BUSY_FROM);
    this.#count = 0;
    this.#since += elapsed;
  }
}
