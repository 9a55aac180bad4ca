/**
 * Time that counts only while this process is running: its own absence is nobody's fault.
 *
 * A process may be paused (SIGSTOP, a snapshot of its machine, `docker pause`), starved of CPU, or
 * have its clock jump. What peers sent meanwhile waits unread in the kernel, so a deadline that
 * passes in that time says nothing about them. This clock must be ticked several times a second and
 * passes only while it is: a late tick shifts every deadline by the delay, and nothing is judged
 * before one whole turn of reading.
 *
 * Which clock for what:
 * - {@linkcode AttendedClock.now} for everything that waits for a peer: handshakes, silence,
 *   verdicts, logins, stalls, backoffs, graces, and their ages as shown. Time that did not count
 *   for a deadline does not count in its age.
 * - {@linkcode AttendedClock.realNow} for true durations: our own turns, how long it took to hand
 *   out a job, hashrates (miners hash while we are away), time without a pool, bans, uptime.
 * - {@linkcode AttendedClock.realNow} with {@linkcode AttendedClock.awayMs} for rates: what a peer
 *   sent while we were away is read all at once and is not a flood.
 */

import type { Now } from "./clock.ts";

/** How often the clock must be ticked, in milliseconds. */
export const TICK_MS = 250;

/** A tick this long after the last one is late, in milliseconds: we were away. */
const LATE_MS = 500;

/** After an absence, what peers sent meanwhile has been read within this time, in milliseconds. */
const CATCH_UP_MS = 2_000;

/**
 * A {@linkcode Now} that accepts a reading of real time, so that one reading serves several clocks.
 */
export type AttendedNow = (real?: number) => number;

/** The readings that rates are judged by. */
export type RateClock = Pick<AttendedClock, "realNow" | "awayMs">;

/** A clock that passes only while it is ticked in time, and never goes back. */
export class AttendedClock {
  /** Time that counts absences too. */
  readonly realNow: Now;
  /** The last value of `now`, and its value at the last tick. */
  #time: number;
  #timeAtTick: number;
  /** When that tick was, in real time. */
  #tickedAt: number;
  #wasLate = false;
  #awayMs = 0;
  #backAt = -Infinity;

  /** Starts at the value of `realNow`. */
  constructor(realNow: Now) {
    this.realNow = realNow;
    this.#tickedAt = this.#time = this.#timeAtTick = realNow();
  }

  /** Milliseconds; stands still from when a tick is late until it comes. */
  readonly now: AttendedNow = (real: number = this.realNow()): number => {
    const sinceTick = real - this.#tickedAt;
    // A clock that was set back makes it negative.
    if (sinceTick <= LATE_MS) this.#time = Math.max(this.#time, this.#timeAtTick + sinceTick);
    return this.#time;
  };

  /**
   * How long this process was away, in milliseconds, while what was sent to it meanwhile is still
   * being read; 0 at all other times.
   */
  readonly awayMs = (real: number = this.realNow()): number => {
    const sinceTick = real - this.#tickedAt;
    const known = real - this.#backAt < CATCH_UP_MS ? this.#awayMs : 0;
    return sinceTick > LATE_MS ? Math.max(known, sinceTick) : known;
  };

  /**
   * Call it every {@linkcode TICK_MS}, before anything is judged.
   *
   * @returns how long this process was away, in milliseconds; 0 if the tick came in time.
   */
  tick(): number {
    const real = this.realNow();
    const time = this.now(real);
    const sinceTick = real - this.#tickedAt;
    const isLate = sinceTick > LATE_MS;
    if (isLate) {
      this.#awayMs = this.awayMs(real);
      this.#backAt = real;
    }
    // Two late ticks in a row: peers were read before each, and the clock of a process that is
    // always starved must not stand still forever.
    this.#time = this.#timeAtTick = isLate && this.#wasLate ? time + TICK_MS : time;
    this.#tickedAt = real;
    this.#wasLate = isLate;
    return isLate ? sinceTick : 0;
  }
}
