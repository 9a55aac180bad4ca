/**
 * A stopwatch that stands still while the machine does, for promises of how soon something happens.
 *
 * A simulation shares its processors with others, and often with other programs. A timer that is due
 * every few milliseconds and comes late shows how long nothing here had a turn: that much is taken
 * off. What is left is what was truly waited for: time-outs, backoffs, answers. How much work a
 * turn is, the benchmark measures.
 */

import type { Time, Timer } from "../base/clock.ts";
import { systemTime } from "../base/system_time.ts";

const TICK_MS = 10;

/** Timers that come no later than this are on time, in milliseconds. */
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

  /** Milliseconds from the start to `at`, a moment that has just been, without those stood still. */
  ms(at: number = this.#time.now()): number {
    return at - this.#startedAt - this.#lateMs - lateness(at - this.#tickedAt);
  }

  /** It is read no more. */
  [Symbol.dispose](): void {
    this.#time.clear(this.#timer);
  }

  #tick(): void {
    const now = this.#time.now();
    this.#lateMs += lateness(now - this.#tickedAt);
    this.#tickedAt = now;
  }
}

/** How much of the time between two ticks was too much. */
function lateness(gapMs: number): number {
  const late = gapMs - TICK_MS;
  return late > PUNCTUAL_MS ? late : 0;
}
