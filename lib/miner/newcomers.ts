/**
 * Keeps the miners that have not logged in yet, or must log in again because they were turned away,
 * the one that has had the longest time first. Miners that have logged in are removed only when the
 * list is read, so that a login costs nothing here.
 */

import type { MinerSession } from "./session.ts";

/** The part of a miner that is needed here. */
export type Newcomer = Pick<MinerSession, "hasLoggedIn" | "connectedAt" | "turnedAwayAt">;

/** Keeps miners until they have logged in, sorted by the time that they have left. */
export class Newcomers<Session extends Newcomer> {
  readonly #sessions = new Set<Session>();

  /** Adds a miner that has just connected, or was just turned away. */
  add(session: Session): void {
    this.#sessions.delete(session);
    this.#sessions.add(session);
  }

  /** Removes a miner whose connection has ended. */
  delete(session: Session): void {
    this.#sessions.delete(session);
  }

  /** Removes all. */
  clear(): void {
    this.#sessions.clear();
  }

  /** All miners in the list; some may have logged in since it was last read. */
  [Symbol.iterator](): Iterator<Session> {
    return this.#sessions.keys();
  }

  /** The miners that at `time` have had longer than `ms` to log in. */
  *olderThan(ms: number, time: number): Generator<Session> {
    for (const session of this.#sessions) {
      if (session.hasLoggedIn) {
        this.#sessions.delete(session);
        continue;
      }
      // All further ones came later.
      if (time - (session.turnedAwayAt ?? session.connectedAt) <= ms) return;
      yield session;
    }
  }
}
