/**
 * One timer for all simulated miners of a process, and a clock that stands still while the process
 * does: a line that is late because the machine was busy is not a silence of the server.
 */

import type { Now, Time, Timer } from "../base/clock.ts";

const TICK_MS = 100;

/** The number of ticks from which the lateness of reading is measured. */
const KEPT_TICKS = 10;

/** Something that has to check the time regularly. */
export interface Ticking {
  /** Called with the time, in milliseconds of the ticker's own clock. */
  tick(nowMs: number): void;
}

/** The range of time, in monotonic milliseconds, in which something arrived. */
export interface Arrival {
  /** It arrived no sooner. */
  readonly sinceMs: number;
  /** It arrived no later. */
  readonly untilMs: number;
}

const shared = new WeakMap<Time, Ticker>();

/** Runs while anything ticks. */
export class Ticker {
  readonly #time: Time;
  readonly #ticking = new Set<Ticking>();
  #timer: Timer | undefined;
  #ownMs = 0;
  /** The last ticks, in milliseconds of the process's clock, the oldest first. */
  #ticks: number[] = [];

  /** Stands still until something is added. */
  constructor(time: Time) {
    this.#time = time;
  }

  /** Returns the ticker that all miners on this time share. */
  static of(time: Time): Ticker {
    const ticker = shared.get(time) ?? new Ticker(time);
    shared.set(time, ticker);
    return ticker;
  }

  /** The time in milliseconds, without the time in which nothing here had a turn. */
  readonly now: Now = () => this.#ownMs;

  /**
   * When the line being read arrived: it may be as much older as ticks were late in the last
   * second.
   */
  readonly arrival = (): Arrival => {
    const untilMs = this.#time.now();
    const [oldest = untilMs] = this.#ticks;
    const lateMs = Math.max(0, untilMs - oldest - this.#ticks.length * TICK_MS);
    return { sinceMs: untilMs - lateMs, untilMs };
  };

  /** Calls `ticking` from now on. */
  add(ticking: Ticking): void {
    this.#ticking.add(ticking);
    if (this.#timer !== undefined) return;
    this.#ticks = [this.#time.now()];
    this.#timer = this.#time.every(TICK_MS, () => this.#tick());
  }

  /** Stops calling `ticking`. */
  remove(ticking: Ticking): void {
    this.#ticking.delete(ticking);
    if (this.#ticking.size > 0) return;
    this.#time.clear(this.#timer);
    this.#timer = undefined;
  }

  #tick(): void {
    const now = this.#time.now();
    this.#ownMs += Math.min(now - this.#ticks.at(-1)!, 2 * TICK_MS);
    this.#ticks.push(now);
    if (this.#ticks.length > KEPT_TICKS) this.#ticks.shift();
    for (const ticking of this.#ticking) ticking.tick(this.#ownMs);
  }
}
