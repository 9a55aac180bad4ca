/**
 * Tries several ways to one pool at once and takes the first that gets through.
 */

import { AttendedTimeout } from "../../base/attended_timeout.ts";
import type { Time } from "../../base/clock.ts";
import { Attempt } from "./attempt.ts";
import type { Connection } from "./connection.ts";

/** One way to try. */
export interface Entrant {
  /** Its name in logs and errors. */
  readonly name: string;
  /** Opens a connection; if it cannot, closes everything and throws. */
  readonly open: (attempt: Attempt) => Promise<Connection>;
}

/** A way that failed. */
export interface Failure {
  /** The entrant's name. */
  readonly name: string;
  /** Why, in words. */
  readonly reason: string;
}

/** The result of a race. */
export interface RaceResult {
  /** The winner, or `undefined` when all failed. */
  readonly winner: { readonly name: string; readonly connection: Connection } | undefined;
  /** Those before the race was decided, in the order in which they failed. */
  readonly failures: readonly Failure[];
}

/**
 * Runs all `entrants` at once, for at most `timeoutMs`; those that lose are closed.
 *
 * @throws the reason of `signal` as soon as it aborts (the promise rejects); everything is closed
 * then.
 */
export function race(
  entrants: readonly Entrant[],
  signal: AbortSignal,
  timeoutMs: number,
  time: Time,
): Promise<RaceResult> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    const failures: Failure[] = [];
    const controller = new AbortController();
    let isDecided = false;
    const decide = (settle: () => void, reason: unknown) => {
      isDecided = true;
      timer.cancel();
      signal.removeEventListener("abort", onAbort);
      settle();
      controller.abort(reason);
    };
    const onAbort = () => decide(() => reject(signal.reason), signal.reason);
    const timer = new AttendedTimeout(time, timeoutMs, () => controller.abort(new TimeOut()));
    signal.addEventListener("abort", onAbort);

    for (const { name, open } of entrants) {
      const attempt = new Attempt(controller.signal, time.wallNow);
      attempt.run(open).then(
        (connection) => {
          // Two may get through before either result is seen.
          if (isDecided) connection.close();
          else decide(() => resolve({ winner: { name, connection }, failures }), new Lost());
        },
        (error) => {
          if (isDecided) return;
          failures.push({ name, reason: reasonOf(error, attempt, timeoutMs) });
          if (failures.length === entrants.length) {
            decide(() => resolve({ winner: undefined, failures }), new Lost());
          }
        },
      );
    }
  });
}

/** The time is over. */
class TimeOut extends Error {}

/** Another way won. */
class Lost extends Error {}

function reasonOf(error: unknown, attempt: Attempt, timeoutMs: number): string {
  if (error instanceof TimeOut) {
    return `waited ${Math.round(timeoutMs / 100) / 10} s for ${attempt.waitingFor}`;
  }
  return error instanceof Error ? error.message : String(error);
}
