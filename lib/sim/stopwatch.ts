/**
 * A stopwatch that stands still while the machine does, for checks of how soon something happens.
 *
 * A simulation shares its processors with others, and often with other programs. A timer that is
 * due every few milliseconds and fires late shows how long nothing here had a turn: that time is
 * subtracted. What remains is real waiting: time-outs, backoffs, answers. The benchmark measures
 * how much work a turn is.
 */

import type { Time, Timer } from "../base/clock.ts";
import { systemTime } from "../base/system_time.ts";

const TICK_MS = 10;

/** Timers that fire no later than this are on time, in milliseconds. */
const PUNCTUAL_MS = 2;

/** Starts when it is made; ended with `using`. */
export class Stopwatch implements Disposable {
  readonly #time: Time;
  readonly #startedAt: number;
  readonly #timer: Timer;
  #tickedAt: number;
  #lateMs = 0;

  /** By the system's time unless the simulation has another. */
  constructor(time: Time = systemTime) {
    this.#time = time;
    this.#startedAt = this.#tickedAt = time.now();
    this.#timer = time.every(TICK_MS, () => this.#tick());
  }

  /**
   * Returns the milliseconds from the start to `at`, a moment just past, without the time stood
   * still.
   */
  ms(at: number = this.#time.now()): number {
    return at - this.#startedAt - this.#lateMs - lateness(at - this.#tickedAt);
  }

  /** Ends the stopwatch. */
  [Symbol.dispose](): void {
    this.#time.clear(this.#timer);
  }

  #tick(): void {
    const now = this.#time.now();
    this.#lateMs += lateness(now - this.#tickedAt);
    this.#tickedAt = now;
  }
}

/** Returns by how much a gap between two ticks was too long. */
function lateness(gapMs: number): number {
  const late = gapMs - TICK_MS;
  return late > PUNCTUAL_MS ? late : 0;
}
