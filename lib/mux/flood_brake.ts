/**
 * The brake of one connection: how difficult miners' work is made above what its pool counts, while
 * there would be more shares than may go up; pure, all times are handed in, monotonic, in ms.
 *
 * It looks at the shares that wait and at those that come, which depend on the difficulty alone: at
 * twice the difficulty there are half of them. So one step finds the right one, and as the difficulty
 * is absolute, the brake is off by itself once the pool's has followed. What is known of the miners'
 * hashrate sets it before the flood comes.
 *
 * Until miners have heard, shares come as they did before. Those that go up then are the hardest of
 * them ({@linkcode sieveSteps}), so that the queue never overflows.
 */

import { Allowance } from "../base/allowance.ts";
import { exponentAtMost } from "./powers_of_two.ts";
import { HIGHEST_EXPONENT } from "./vardiff_rules.ts";

/** The brake looks closer while more submits than this wait. */
export const BRAKE_QUEUE = 100;

/** Submits a second that the brake aims at, and the band where it leaves them. */
const AIM = 50;
const MOST = AIM * Math.SQRT2;
const LEAST = AIM / Math.SQRT2;

/** More than this many a second are a flood. */
const FLOOD = 100;

/** So many wait because the pool takes fewer than the brake aims at. */
const SLOW_POOL_QUEUE = 500;

/** The sieve begins behind this many, and is twice as fine with every few more. */
const SIEVE_QUEUE = 300;
const SIEVE_STEP = 40;

/** Miners take this long to change to another job. */
const SETTLE_MS = 1_000;

/** A flood shows itself in a moment, the lack of one does not. */
const RISE_MS = 200;
const FALL_MS = 5_000;

/** The brake is loosened by at most this many powers of two at once. */
const MOST_FALL = 4;

/** Miners are told of the brake this often, in milliseconds, and times at once. */
const TELL_EVERY_MS = 5_000;
const TELL_BURST = 3;

/**
 * How much harder a share must be than it need be to go up, in powers of two, while `queued` submits
 * wait: 0 while few do, and more for each that waits, so that even a pool that takes none for half a
 * minute has no more than 1,000 waiting for it.
 */
export function sieveSteps(queued: number): number {
  return Math.max(0, Math.ceil((queued - SIEVE_QUEUE) / SIEVE_STEP));
}

/** The brake of one connection; it is off to begin with. */
export class FloodBrake {
  #level: number | undefined;
  #isUntold = false;
  /** Shares that the pool would have counted, since a time that may not have come yet. */
  #shares = 0;
  #since: number;
  readonly #tellings = new Allowance(TELL_EVERY_MS, TELL_BURST);

  /** A connection begins at `time`. */
  constructor(time: number) {
    this.#since = time;
  }

  /**
   * Exponent of the difficulty that miners have at least, above the pool's; `undefined` while the
   * brake is off.
   */
  get level(): number | undefined {
    return this.#level;
  }

  /** A share came that the pool would count, whether it goes up or not. */
  shareCame(): void {
    this.#shares++;
  }

  /**
   * Sets the brake ahead of a flood that is sure to come.
   *
   * @param expected work that miners will do in a second, in shares of difficulty 1.
   * @param ceiling the pool's difficulty.
   */
  foresee(time: number, expected: number, ceiling: number): void {
    if (expected / this.#leastDifficulty(ceiling) > FLOOD) {
      this.#set(Math.ceil(Math.log2(expected / AIM)), time, ceiling);
    }
  }

  /**
   * Sets the brake by what came; to be called several times a second.
   *
   * @param queued submits that wait.
   * @param ceiling the pool's difficulty.
   */
  check(time: number, queued: number, ceiling: number): void {
    const level = this.#level;
    if (level !== undefined && 2 ** level <= ceiling) return this.#set(undefined, time, ceiling);
    if (time <= this.#since) {
      this.#shares = 0;
      return;
    }
    const passedMs = time - this.#since;
    const rate = this.#shares / passedMs * 1000;
    const isTooMuch = queued > BRAKE_QUEUE && rate > MOST ||
      queued > SLOW_POOL_QUEUE && rate > 0;
    if (isTooMuch && passedMs >= RISE_MS) {
      const wanted = Math.log2(this.#leastDifficulty(ceiling) * rate / AIM);
      const atLeast = level ?? exponentAtMost(ceiling);
      return this.#set(Math.max(Math.round(wanted), atLeast + 1), time, ceiling);
    }
    if (passedMs < (level === undefined ? SETTLE_MS : FALL_MS)) return;
    this.#watchFrom(time);
    if (level === undefined || queued > BRAKE_QUEUE || rate >= LEAST) return;
    const fall = Math.floor(Math.log2(AIM / Math.max(1, rate)));
    this.#set(level - Math.min(MOST_FALL, Math.max(1, fall)), time, ceiling);
  }

  /**
   * Whether miners are to be told a job again, since the brake has another level than they know and
   * it is time. It is taken for done then.
   */
  isTimeToTell(time: number): boolean {
    if (!this.#isUntold || !this.#tellings.take(time)) return false;
    this.told(time);
    return true;
  }

  /** Miners have been told by a job that came. */
  told(time: number): void {
    if (this.#isUntold) this.#watchFrom(time + SETTLE_MS);
    this.#isUntold = false;
  }

  /** What every share that goes up is worth at least. */
  #leastDifficulty(ceiling: number): number {
    return Math.max(ceiling, 2 ** (this.#level ?? -Infinity));
  }

  #set(level: number | undefined, time: number, ceiling: number): void {
    const bounded = level === undefined ? undefined : Math.min(level, HIGHEST_EXPONENT);
    const next = bounded !== undefined && 2 ** bounded > ceiling ? bounded : undefined;
    if (next === this.#level) return;
    this.#level = next;
    this.#isUntold = true;
    this.#watchFrom(time + SETTLE_MS);
  }

  #watchFrom(time: number): void {
    this.#shares = 0;
    this.#since = time;
  }
}
