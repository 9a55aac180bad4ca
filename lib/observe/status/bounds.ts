/**
 * The bounds of the status server that were reached: counted, and said once in a while.
 */

import type { Now } from "../../base/clock.ts";
import { areaLog } from "../log.ts";

/** Open connections. */
export const MAX_CONNECTIONS = 64;

/** Requests answered at a time. */
export const MAX_REQUESTS = 32;

/** A bound of the status server. */
export type StatusBound = "status_connections" | "status_requests" | "status_time";

/** What is said of each bound, and what to do. */
const SENTENCES: Readonly<Record<StatusBound, string>> = {
  status_connections: `The status server has ${MAX_CONNECTIONS} connections open, so the one ` +
    "that has been idle longest is closed for each new one; find out which programs keep them",
  status_requests: `The status server answers ${MAX_REQUESTS} requests already, so more are ` +
    "answered 503; find out which programs ask",
  status_time: "The status server has used up its share of time, which it must not take from " +
    "miners, so requests are answered 503; find out which programs ask",
};

/** One that is reached again is not said again within this time, in milliseconds. */
const SAID_FOR_MS = 60_000;

const log = areaLog("agent");

/** Counts them, and logs each once a minute at most. */
export class StatusBounds {
  readonly #now: Now;
  readonly #counts: Record<StatusBound, number> = {
    status_connections: 0,
    status_requests: 0,
    status_time: 0,
  };
  readonly #saidAt = new Map<StatusBound, number>();

  /** None was reached. */
  constructor(now: Now) {
    this.#now = now;
  }

  /** How often each was reached. */
  get counts(): Readonly<Record<StatusBound, number>> {
    return this.#counts;
  }

  /** Notes that one was reached. */
  reached(bound: StatusBound): void {
    this.#counts[bound]++;
    const time = this.#now();
    if (time - (this.#saidAt.get(bound) ?? -Infinity) < SAID_FOR_MS) return;
    this.#saidAt.set(bound, time);
    log.warn(SENTENCES[bound]);
  }
}
