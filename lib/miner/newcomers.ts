/**
 * Miners that have not logged in yet, the oldest first. Who has is found out when it is looked at,
 * so that logging in costs nothing here.
 */

import type { MinerSession } from "./session.ts";

/** See the head of this file. */
export class Newcomers {
  readonly #sessions = new Set<MinerSession>();

  /** One that connected just now. */
  add(session: MinerSession): void {
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

  /** Those that have been connected for longer than `ms` at `time`. */
  *olderThan(ms: number, time: number): Generator<MinerSession> {
    for (const session of this.#sessions) {
      if (session.hasLoggedIn) {
        this.#sessions.delete(session);
        continue;
      }
      // Whoever comes behind came later.
      if (time - session.connectedAt <= ms) return;
      yield session;
    }
  }
}
