/**
 * Attempts to connect that always end in time, even if the other side does nothing.
 */

import { AttendedTimeout } from "../base/attended_timeout.ts";
import type { Time } from "../base/clock.ts";
import { Attempt } from "../net/pools/attempt.ts";
import type { Connection } from "../net/pools/connection.ts";

/** The result of an attempt that has closed its connection. */
const CLOSED: Connection = {
  read: () => Promise.resolve(null),
  write: () => Promise.resolve(0),
  close: () => {},
};

/** The result of an attempt. */
export type Opened =
  | { readonly value: Connection; readonly problem: undefined }
  | { readonly problem: string };

/** Runs `steps` as an attempt; after `timeoutMs` it is given up and closed. */
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

/** The result of `ask`, which closes the connection; `undefined` after `timeoutMs`. */
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

/** Like `opening`, but rejects when `signal` aborts; a connection that opens later is closed. */
function givenUp(opening: Promise<Connection>, signal: AbortSignal): Promise<Connection> {
  return new Promise((resolve, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
    opening.then((connection) => {
      if (signal.aborted) connection.close();
      else resolve(connection);
    }, reject);
  });
}
