/**
 * A time-out that does not count our own absence (attended_clock.ts): a timer fires at once after a
 * pause, before anything that came meanwhile has been read.
 *
 * It waits in short steps. One that ends late counts for nothing, so that what waits is read first,
 * unless the one before was late too: time does pass for a process that is starved for good.
 */

import { TICK_MS } from "./attended_clock.ts";
import type { Time, Timer } from "./clock.ts";

/** A step that ends this much later than it should is late, in milliseconds. */
const LATE_BY_MS = 250;

/** Calls back once, unless it is cancelled. It wakes the process at every step until then. */
export class AttendedTimeout {
  readonly #act: () => void;
  readonly #time: Time;
  #leftMs: number;
  #wasLate = false;
  #timer: Timer | undefined;

  /** Calls `act` after `ms` milliseconds in which this process was there. */
  constructor(time: Time, ms: number, act: () => void) {
    this.#act = act;
    this.#leftMs = ms;
    this.#time = time;
    this.#wait();
  }

  /** Does not call back any more. */
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
