/**
 * Time and chance as they are handed to whatever needs them: what runs on a {@linkcode Time} runs
 * on the system's (system_time.ts) and on a made-up one alike. A lint rule keeps the globals out of
 * everything else (scripts/lint_time.ts).
 */

/** Milliseconds since some fixed moment. */
export type Now = () => number;

/** A random number, from 0 up to but not including 1. */
export type Random = () => number;

/** A timer that was set. What it is made of is the business of who set it. */
export type Timer = object | number;

/** What calls back later. */
export interface Timers {
  /** Calls `act` once, in `ms` milliseconds. */
  readonly after: (ms: number, act: () => void) => Timer;
  /** Calls `act` every `ms` milliseconds. */
  readonly every: (ms: number, act: () => void) => Timer;
  /** Calls off a timer of `after` or `every`; nothing happens if it is over or was never set. */
  readonly clear: (timer: Timer | undefined) => void;
  /** Calls `act` once the event loop has been around, so that everything else has had its turn. */
  readonly nextTurn: (act: () => void) => void;
}

/** Everything by which two runs of a program differ, beside what comes from sockets and disks. */
export interface Time extends Timers {
  /** Monotonic, for deadlines and durations. */
  readonly now: Now;
  /** Milliseconds since 1970, by a clock that may be set at any time. */
  readonly wallNow: Now;
  /** Chance. */
  readonly random: Random;
}

/** Resolves in `ms` milliseconds. */
export function pause(timers: Timers, ms: number): Promise<void> {
  return new Promise((resolve) => void timers.after(ms, resolve));
}
