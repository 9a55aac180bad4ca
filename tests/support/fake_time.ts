/** Time of a test's own: everything on it, timers too, stands still until the test moves it. */

import type { Now, Random, Time, Timer } from "../../lib/base/clock.ts";
import { systemTime } from "../../lib/base/system_time.ts";
import { seededRandom } from "../../lib/sim/seeded_random.ts";

interface FakeTimer {
  at: number;
  /** `undefined` for one that calls back once. */
  readonly everyMs: number | undefined;
  readonly act: () => void;
}

export class FakeTime implements Time {
  #ms = 1_000_000;
  readonly #startedAt = this.#ms;
  readonly #wallStart: number;
  /** In the order in which they were set. */
  readonly #timers = new Set<FakeTimer>();
  readonly random: Random = seededRandom(1);
  /** Sockets are real, and so are the turns of the event loop. */
  readonly nextTurn = systemTime.nextTurn;

  constructor(wallStart = Date.UTC(2026, 0, 1)) {
    this.#wallStart = wallStart;
  }

  readonly now: Now = () => this.#ms;
  readonly wallNow: Now = () => this.#wallStart + this.#ms - this.#startedAt;
  readonly after = (ms: number, act: () => void): Timer => this.#set(ms, undefined, act);
  readonly every = (ms: number, act: () => void): Timer => this.#set(ms, ms, act);
  readonly clear = (timer: Timer | undefined): void => void this.#timers.delete(timer as FakeTimer);

  /** Timers that are set. */
  get timers(): number {
    return this.#timers.size;
  }

  /** Lets `ms` milliseconds pass, with the timers that are due in them, the earliest first. */
  advance(ms: number): void {
    const end = this.#ms + ms;
    for (let timer = this.#next(end); timer !== undefined; timer = this.#next(end)) {
      this.#ms = Math.max(this.#ms, timer.at);
      if (timer.everyMs === undefined) this.#timers.delete(timer);
      else timer.at = this.#ms + Math.max(1, timer.everyMs);
      timer.act();
    }
    this.#ms = end;
  }

  #set(ms: number, everyMs: number | undefined, act: () => void): FakeTimer {
    // No timer is due at once, as with the system's: whatever waits has its turn before.
    const timer = { at: this.#ms + Math.max(1, ms), everyMs, act };
    this.#timers.add(timer);
    return timer;
  }

  #next(end: number): FakeTimer | undefined {
    let next: FakeTimer | undefined;
    for (const timer of this.#timers) {
      if (timer.at <= end && (next === undefined || timer.at < next.at)) next = timer;
    }
    return next;
  }
}
