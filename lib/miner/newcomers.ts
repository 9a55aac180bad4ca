/**
 * Miners that have not logged in yet, or have to once more because they were turned away, the one
 * that has had the longest time for it first. Who has logged in is found out when it is looked at, so
 * that logging in costs nothing here.
 */

import type { MinerSession } from "./session.ts";

/** See the head of this file. */
export class Newcomers {
  readonly #sessions = new Set<MinerSession>();

  /** One that connected just now, or was turned away just now. */
  add(session: MinerSession): void {
    this.#sessions.delete(session);
    this.#sessions.add(session);
  }

  /** One whose connection is over. */
  delete(session: MinerSession): void {
    this.#sessions.delete(session);
  }

  /** All are gone. */
  clear(): void {
    this.#sessions.clear();
  }

  /** Those that have had longer than `ms` at `time` to log in. */
  *olderThan(ms: number, time: number): Generator<MinerSession> {
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
