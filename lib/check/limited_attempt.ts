/**
 * Attempts to connect that end in time, whatever the other side does.
 */

import { AttendedTimeout } from "../base/attended_timeout.ts";
import type { Time } from "../base/clock.ts";
import { Attempt } from "../net/pools/attempt.ts";
import type { Connection } from "../net/pools/connection.ts";

/** What an attempt ends with that has closed its connection. */
const CLOSED: Connection = {
  read: () => Promise.resolve(null),
  write: () => Promise.resolve(0),
  close: () => {},
};

/** What came of an attempt. */
export type Opened =
  | { readonly value: Connection; readonly problem: undefined }
  | { readonly problem: string };

/** Runs `steps` as an attempt that is given up, and closed, after `timeoutMs`. */
export async function openWithin(
  time: Time,
  timeoutMs: number,
  steps: (attempt: Attempt) => Promise<Connection>,
): Promise<Opened> {
  const controller = new AbortController();
  const timer = new AttendedTimeout(time, timeoutMs, () => controller.abort());
  const attempt = new Attempt(controller.signal, time.wallNow);
  try {
    return { value: await givenUp(attempt.run(steps), controller.signal), problem: undefined };
  } catch (error) {
    if (controller.signal.aborted) {
      return { problem: `waited ${timeoutMs / 1000} s for ${attempt.waitingFor}` };
    }
    return { problem: error instanceof Error ? error.message : String(error) };
  } finally {
    timer.cancel();
  }
}

/** What `ask` finds out and closes within `timeoutMs`; `undefined` when it does not. */
export async function askWithin<T>(
  time: Time,
  timeoutMs: number,
  ask: (attempt: Attempt) => Promise<T>,
): Promise<T | undefined> {
  let answer: T | undefined;
  await openWithin(time, timeoutMs, async (attempt) => {
    answer = await ask(attempt);
    return CLOSED;
  });
  return answer;
}

/** As `opening`, but rejects when `signal` aborts; a connection that comes later is closed. */
function givenUp(opening: Promise<Connection>, signal: AbortSignal): Promise<Connection> {
  return new Promise((resolve, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
    opening.then((connection) => {
      if (signal.aborted) connection.close();
      else resolve(connection);
    }, reject);
  });
}
