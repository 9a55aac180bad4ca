/**
 * Miners that have not logged in yet, or have to once more because they were turned away, the one
 * that has had the longest time for it first. Who has logged in is found out when it is looked at, so
 * that logging in costs nothing here.
 */

import type { MinerSession } from "./session.ts";

/** All that is looked at of a miner. */
export type Newcomer = Pick<MinerSession, "hasLoggedIn" | "connectedAt" | "turnedAwayAt">;

/** Keeps miners until they have logged in, in the order of the time they have left. */
export class Newcomers<Session extends Newcomer> {
  readonly #sessions = new Set<Session>();

  /** One that connected just now, or was turned away just now. */
  add(session: Session): void {
    this.#sessions.delete(session);
    this.#sessions.add(session);
  }

  /** One whose connection is over. */
  delete(session: Session): void {
    this.#sessions.delete(session);
  }

  /** All are gone. */
  clear(): void {
    this.#sessions.clear();
  }

  /** All that had not logged in when they were last looked at. */
  [Symbol.iterator](): Iterator<Session> {
    return this.#sessions.keys();
  }

  /** Those that have had longer than `ms` at `time` to log in. */
  *olderThan(ms: number, time: number): Generator<Session> {
    for (const session of this.#sessions) {
      if (session.hasLoggedIn) {
        this.#sessions.delete(session);
        continue;
      }
      // Whoever comes behind came later.
      if (time - (session.turnedAwayAt ?? session.connectedAt) <= ms) return;
      yield session;
    }
  }
}
