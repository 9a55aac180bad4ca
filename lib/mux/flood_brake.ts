/**
 * The brake of one connection: raises miners' difficulty above the pool's while there would be more
 * shares than may be sent; pure. All times are parameters, monotonic, in milliseconds.
 *
 * It watches the waiting shares and the rate of new ones, which depends only on the difficulty: at
 * twice the difficulty half as many come. So one step finds the right difficulty. As that is
 * absolute, the brake ends by itself once the pool has raised its own. If the miners' hashrate is
 * known, the brake is set before the flood comes.
 *
 * Until miners are told, shares come as fast as before. Then only the hardest of them are sent
 * ({@linkcode sieveSteps}), so that the queue never overflows.
 */

import { Allowance } from "../base/allowance.ts";
import { exponentAtMost } from "./powers_of_two.ts";
import { HIGHEST_EXPONENT } from "./vardiff_rules.ts";

/** The brake checks more closely while more submits than this wait. */
export const BRAKE_QUEUE = 100;

/** Submits a second that the brake aims at, and the band that it accepts. */
const AIM = 50;
const MOST = AIM * Math.SQRT2;
const LEAST = AIM / Math.SQRT2;

/** More than this many a second are a flood. */
const FLOOD = 100;

/** If more than this wait, the pool is slower than the brake's aim. */
const SLOW_POOL_QUEUE = 500;

/** The sieve starts at this many waiting submits, and keeps half as many with each step more. */
const SIEVE_QUEUE = 300;
const SIEVE_STEP = 40;

/** Miners take this long to switch to another job. */
const SETTLE_MS = 1_000;

/** A flood shows at once; its end takes longer to see. */
const RISE_MS = 200;
const FALL_MS = 5_000;

/** The most powers of two by which the brake is loosened at once. */
const MOST_FALL = 4;

/** How often miners are told of a harder brake, in milliseconds, and how many times at once. */
const TELL_EVERY_MS = 5_000;
const TELL_BURST = 3;

/**
 * How many powers of two harder than necessary a share must be to be sent while `queued` submits
 * wait: 0 for few, and more as the queue grows, so that even for a pool that accepts none for half
 * a minute no more than 1,000 wait.
 */
export function sieveSteps(queued: number): number {
  return Math.max(0, Math.ceil((queued - SIEVE_QUEUE) / SIEVE_STEP));
}

/** The brake of one connection; it is off at first. */
export class FloodBrake {
  #level: number | undefined;
  /** The level that miners were told. */
  #told: number | undefined;
  /** Shares that the pool would have counted, since a time that may be in the future. */
  #shares = 0;
  #since: number;
  readonly #tellings = new Allowance(TELL_EVERY_MS, TELL_BURST);

  /** For a connection that starts at `time`. */
  constructor(time: number) {
    this.#since = time;
  }

  /**
   * Exponent of the lowest difficulty for miners, above the pool's; `undefined` while the brake is
   * off.
   */
  get level(): number | undefined {
    return this.#level;
  }

  /** Notes a share that the pool would count, whether it is sent or not. */
  shareCame(): void {
    this.#shares++;
  }

  /**
   * Sets the brake ahead of an expected flood.
   *
   * @param expected the work that miners will do in a second, in shares of difficulty 1.
   * @param ceiling the pool's difficulty.
   */
  foresee(time: number, expected: number, ceiling: number): void {
    if (expected / this.#leastDifficulty(ceiling) > FLOOD) {
      this.#set(Math.ceil(Math.log2(expected / AIM)), time, ceiling);
    }
  }

  /**
   * Sets the brake by the shares that came. Call it several times a second.
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

  /** The change of the brake to tell miners with a job; `undefined` if they know it. */
  get untold(): "harder" | "easier" | undefined {
    const [level = -Infinity, told = -Infinity] = [this.#level, this.#told];
    if (level === told) return undefined;
    return level > told ? "harder" : "easier";
  }

  /** Takes a turn to tell miners that it is harder. @returns whether that is allowed now. */
  takeTelling(time: number): boolean {
    return this.#tellings.take(time);
  }

  /** Notes that miners have been told. */
  told(time: number): void {
    if (this.#told !== this.#level) this.#watchFrom(time + SETTLE_MS);
    this.#told = this.#level;
  }

  /** The least difficulty of every share that is sent. */
  #leastDifficulty(ceiling: number): number {
    return Math.max(ceiling, 2 ** (this.#level ?? -Infinity));
  }

  #set(level: number | undefined, time: number, ceiling: number): void {
    const bounded = level === undefined ? undefined : Math.min(level, HIGHEST_EXPONENT);
    const next = bounded !== undefined && 2 ** bounded > ceiling ? bounded : undefined;
    if (next === this.#level) return;
    this.#level = next;
    this.#watchFrom(time + SETTLE_MS);
  }

  #watchFrom(time: number): void {
    this.#shares = 0;
    this.#since = time;
  }
}
