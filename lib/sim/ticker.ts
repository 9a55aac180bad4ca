/**
 * One timer for all simulated miners of a process, and a clock that stands still while the process
 * does: what comes late because the machine was busy elsewhere is no server's silence.
 */

import type { Now, Time, Timer } from "../base/clock.ts";

const TICK_MS = 100;

/** How late the process reads is judged by this many ticks. */
const KEPT_TICKS = 10;

/** What has to look at the time now and then. */
export interface Ticking {
  /** It is this late, in milliseconds of the ticker's own clock. */
  tick(nowMs: number): void;
}

/** The time, in monotonic milliseconds, within which something has come. */
export interface Arrival {
  /** It came no sooner. */
  readonly sinceMs: number;
  /** It came no later. */
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

  /** Stands still until something ticks. */
  constructor(time: Time) {
    this.#time = time;
  }

  /** The one that all miners on this time share. */
  static of(time: Time): Ticker {
    const ticker = shared.get(time) ?? new Ticker(time);
    shared.set(time, ticker);
    return ticker;
  }

  /** Milliseconds, without those during which nothing here had a turn. */
  readonly now: Now = () => this.#ownMs;

  /** When what is read now has come: longer ago by as much as ticks were late in the last second. */
  readonly arrival = (): Arrival => {
    const untilMs = this.#time.now();
    const [oldest = untilMs] = this.#ticks;
    const lateMs = Math.max(0, untilMs - oldest - this.#ticks.length * TICK_MS);
    return { sinceMs: untilMs - lateMs, untilMs };
  };

  /** This is asked from now on. */
  add(ticking: Ticking): void {
    this.#ticking.add(ticking);
    if (this.#timer !== undefined) return;
    this.#ticks = [this.#time.now()];
    this.#timer = this.#time.every(TICK_MS, () => this.#tick());
  }

  /** This is not asked any more. */
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
