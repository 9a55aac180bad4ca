/**
 * Several ways to one pool, all tried at once; the first that gets through is taken.
 */

import { AttendedTimeout } from "../../base/attended_timeout.ts";
import type { Time } from "../../base/clock.ts";
import { Attempt } from "./attempt.ts";
import type { Connection } from "./connection.ts";

/** One way, with what to do to take it. */
export interface Entrant {
  /** How it is called in logs and errors. */
  readonly name: string;
  /** Opens a connection; throws, closing everything, when it cannot. */
  readonly open: (attempt: Attempt) => Promise<Connection>;
}

/** Why a way did not lead to the pool. */
export interface Failure {
  /** The entrant's name. */
  readonly name: string;
  /** What was wrong, in words. */
  readonly reason: string;
}

/** How a race went. `failures` are those before it was decided. */
export interface RaceResult {
  /** The winner, or `undefined` when all failed. */
  readonly winner: { readonly name: string; readonly connection: Connection } | undefined;
  /** In the order in which they failed. */
  readonly failures: readonly Failure[];
}

/**
 * Lets all `entrants` try at once, for at most `timeoutMs`; those that lose are closed.
 *
 * @throws the reason of `signal` (rejects) as soon as it aborts; everything is closed then.
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
          // Two may get through before either is heard of.
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

/** All the time there was is over. */
class TimeOut extends Error {}

/** Somebody else won. */
class Lost extends Error {}

function reasonOf(error: unknown, attempt: Attempt, timeoutMs: number): string {
  if (error instanceof TimeOut) {
    return `waited ${Math.round(timeoutMs / 100) / 10} s for ${attempt.waitingFor}`;
  }
  return error instanceof Error ? error.message : String(error);
}
