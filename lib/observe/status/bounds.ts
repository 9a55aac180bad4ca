/**
 * Counts and logs how often the status server reached its bounds.
 */

import type { Now } from "../../base/clock.ts";
import { areaLog } from "../log.ts";

/** The most open connections. */
export const MAX_CONNECTIONS = 64;

/** The most requests answered at a time. */
export const MAX_REQUESTS = 32;

/** A bound of the status server. */
export type StatusBound = "status_connections" | "status_requests" | "status_time";

/** The log line for each bound, with what to do. */
const SENTENCES: Readonly<Record<StatusBound, string>> = {
  status_connections:
    `The status server has ${MAX_CONNECTIONS} connections open, so each new one ` +
    "closes the one that has been idle longest; find out which programs keep connections open",
  status_requests: `The status server is answering ${MAX_REQUESTS} requests and answers 503 to ` +
    "more; find out which programs send them",
  status_time: "The status server has used up its time budget, which protects the miners, and " +
    "answers 503; find out which programs send the requests",
};

/** The shortest time between two log lines about the same bound, in milliseconds. */
const SAID_FOR_MS = 60_000;

const log = areaLog("agent");

/** Counts the bounds that were reached and logs each at most once a minute. */
export class StatusBounds {
  readonly #now: Now;
  readonly #counts: Record<StatusBound, number> = {
    status_connections: 0,
    status_requests: 0,
    status_time: 0,
  };
  readonly #saidAt = new Map<StatusBound, number>();

  /** Starts with all counts at 0. */
  constructor(now: Now) {
    this.#now = now;
  }

  /** The number of times that each bound was reached. */
  get counts(): Readonly<Record<StatusBound, number>> {
    return this.#counts;
  }

  /** Notes that `bound` was reached. */
  reached(bound: StatusBound): void {
    this.#counts[bound]++;
    const time = this.#now();
    if (time - (this.#saidAt.get(bound) ?? -Infinity) < SAID_FOR_MS) return;
    this.#saidAt.set(bound, time);
    log.warn(SENTENCES[bound]);
  }
}
