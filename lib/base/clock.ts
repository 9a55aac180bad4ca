/**
 * Time and chance, handed in to the code that needs them: code that uses a {@linkcode Time} runs on
 * the system's (system_time.ts) and on a simulated one. A lint rule keeps the globals out of all
 * other files (scripts/lint_time.ts).
 */

/** Milliseconds since some fixed moment. */
export type Now = () => number;

/** A random number, from 0 up to but not including 1. */
export type Random = () => number;

/** A timer that was set. Only the {@linkcode Timers} that set it know what it is. */
export type Timer = object | number;

/** Calls functions later. */
export interface Timers {
  /** Calls `act` once, in `ms` milliseconds. */
  readonly after: (ms: number, act: () => void) => Timer;
  /** Calls `act` every `ms` milliseconds. */
  readonly every: (ms: number, act: () => void) => Timer;
  /** Cancels a timer of `after` or `every`; does nothing if it is over or was never set. */
  readonly clear: (timer: Timer | undefined) => void;
  /** Calls `act` in the next turn of the event loop, so that everything else runs first. */
  readonly nextTurn: (act: () => void) => void;
}

/** Everything that differs between two runs of a program, except input from sockets and disks. */
export interface Time extends Timers {
  /** Monotonic, for deadlines and durations. */
  readonly now: Now;
  /** Milliseconds since 1970, by a clock that may be set at any time. */
  readonly wallNow: Now;
  /** Source of chance. */
  readonly random: Random;
}

/** Resolves in `ms` milliseconds. */
export function pause(timers: Timers, ms: number): Promise<void> {
  return new Promise((resolve) => void timers.after(ms, resolve));
}
