/**
 * The system's own time and chance. The only file of lib that touches those globals: programs and
 * tests start with it, and hand it on.
 */

import type { Time, Timer } from "./clock.ts";

/** What the globals take back, which say no more about it than {@linkcode Timer}. */
type Handle = ReturnType<typeof setTimeout>;

/** See above. Each global is looked up when it is called: tests put others in its place. */
export const systemTime: Time = {
  now: () => performance.now(),
  wallNow: () => Date.now(),
  random: () => Math.random(),
  after: (ms, act) => setTimeout(act, ms),
  every: (ms, act) => setInterval(act, ms),
  clear: (timer: Timer | undefined) => {
    if (timer === undefined) return;
    // One is as good as the other, unless a test has replaced only one of them.
    clearTimeout(timer as Handle);
    clearInterval(timer as Handle);
  },
  nextTurn: (act) => void setImmediate(act),
};
