/**
 * The system's own time and chance. This is the only file in lib that uses those globals: programs
 * and tests take it from here and hand it on.
 */

import type { Time, Timer } from "./clock.ts";

/** The type that the globals accept; we know as little about it as about {@linkcode Timer}. */
type Handle = ReturnType<typeof setTimeout>;

/**
 * Time and chance of this machine. Each global is looked up at every call, because tests replace
 * them.
 */
export const systemTime: Time = {
  now: () => performance.now(),
  wallNow: () => Date.now(),
  random: () => Math.random(),
  after: (ms, act) => setTimeout(act, ms),
  every: (ms, act) => setInterval(act, ms),
  clear: (timer: Timer | undefined) => {
    if (timer === undefined) return;
    // Either global clears both kinds of timers, unless a test has replaced only one of them.
    clearTimeout(timer as Handle);
    clearInterval(timer as Handle);
  },
  nextTurn: (act) => void setImmediate(act),
};
