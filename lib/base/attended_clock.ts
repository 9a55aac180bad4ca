/**
 * Time as far as this process was there to see it: our own absence is nobody's fault.
 *
 * A process may be paused (SIGSTOP, a snapshot of its machine, `docker pause`), starved of CPU, or
 * have its clock jump. What peers sent meanwhile waits unread in the kernel, so a deadline that
 * simply passes in that time says nothing about them. This clock has to be ticked several times a
 * second, and passes only while that is done: a tick that comes late shifts every deadline by as
 * much, and nothing is judged before a whole turn of reading.
 *
 * Which clock for what:
 * - {@linkcode AttendedClock.now} for whatever waits for somebody: handshakes, silence, verdicts,
 *   logins, stalls, backoffs, graces, and the ages shown of those. Time that did not count for a
 *   deadline does not count in its age.
 * - {@linkcode AttendedClock.realNow} for what has a true length: turns of our own, how long a job
 *   took to hand out, hashrates (miners hash while we are away), time without a pool, bans, uptime.
 * - {@linkcode AttendedClock.realNow} with {@linkcode AttendedClock.awayMs} for rates: what a peer
 *   sent while we were away is read all at once, and is no flood.
 */

import type { Now } from "./clock.ts";

/** How often the clock is to be ticked, in milliseconds. */
export const TICK_MS = 250;

/** A tick that comes this long after the last is late, in milliseconds: we were away. */
const LATE_MS = 500;

/** After an absence, what peers sent meanwhile has been read within this time, in milliseconds. */
const CATCH_UP_MS = 2_000;

/** {@linkcode Now}, which may be told a reading of real time: one pays for several clocks then. */
export type AttendedNow = (real?: number) => number;

/** What rates are judged by. */
export type RateClock = Pick<AttendedClock, "realNow" | "awayMs">;

/** A clock that passes only while it is ticked in time, and never goes back. */
export class AttendedClock {
  /** Time that counts absences too. */
  readonly realNow: Now;
  /** What `now` last said, and what it said at the last tick. */
  #time: number;
  #timeAtTick: number;
  /** When that tick was, in real time. */
  #tickedAt: number;
  #wasLate = false;
  #awayMs = 0;
  #backAt = -Infinity;

  /** Begins where `realNow` is. */
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
   * To be called every {@linkcode TICK_MS}, before anything is judged.
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
    // One late after the other: each had its turn of reading before, and the clock of a process
    // that is starved for good must not stand still for good.
    this.#time = this.#timeAtTick = isLate && this.#wasLate ? time + TICK_MS : time;
    this.#tickedAt = real;
    this.#wasLate = isLate;
    return isLate ? sinceTick : 0;
  }
}
