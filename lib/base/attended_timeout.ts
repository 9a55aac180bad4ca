/**
 * A time-out that does not count our own absence (attended_clock.ts). A plain timer fires at once
 * after a pause, before anything that came meanwhile has been read.
 *
 * It waits in short steps. A step that ends late does not count, so that waiting data is read
 * first, unless the step before was late too: time must pass for a process that is always starved.
 */

import { TICK_MS } from "./attended_clock.ts";
import type { Time, Timer } from "./clock.ts";

/** A step that ends this much too late is late, in milliseconds. */
const LATE_BY_MS = 250;

/** Calls back once, unless it is cancelled. Until then it wakes the process at every step. */
export class AttendedTimeout {
  readonly #act: () => void;
  readonly #time: Time;
  #leftMs: number;
  #wasLate = false;
  #timer: Timer | undefined;

  /** Calls `act` after `ms` milliseconds in which this process was running. */
  constructor(time: Time, ms: number, act: () => void) {
    this.#act = act;
    this.#leftMs = ms;
    this.#time = time;
    this.#wait();
  }

  /** Cancels the call. */
  cancel(): void {
    this.#time.clear(this.#timer);
  }

  #wait(): void {
    const stepMs = Math.min(TICK_MS, this.#leftMs);
    const since = this.#time.now();
    this.#timer = this.#time.after(stepMs, () => {
      const isLate = this.#time.now() - since > stepMs + LATE_BY_MS;
      if (!isLate || this.#wasLate) this.#leftMs -= stepMs;
      this.#wasLate = isLate;
      if (this.#leftMs > 0) this.#wait();
      else this.#act();
    });
  }
}
