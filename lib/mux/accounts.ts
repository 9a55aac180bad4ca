/**
 * Sub-account → its multiplexer, and what all accounts share: session ids and counters.
 *
 * In single-user mode every miner is of the one account whose sub-account the pool list names.
 */

import type { ShareCounter } from "./ledger.ts";
import type { Multiplexer } from "./multiplexer.ts";
import type { Downstream, EarlyRefusal, Mux, Seat } from "./peers.ts";
import type { SessionIds } from "./session_ids.ts";

/** What the accounts are made of. */
export interface AccountsOptions {
  /** The ids of all miners. */
  readonly sessionIds: SessionIds;
  /** Counts all shares. */
  readonly counter: ShareCounter;
  /** The mask assumed until a pool has told its own. */
  readonly defaultVersionMask: number;
  /** The one account of single-user mode. */
  readonly single: Multiplexer;
}

/** See the head of this file. */
export class Accounts implements Mux {
  readonly #options: AccountsOptions;

  /** Takes over the options. */
  constructor(options: AccountsOptions) {
    this.#options = options;
  }

  get expectedVersionMask(): number {
    return this.#options.single.versionMask ?? this.#options.defaultVersionMask;
  }

  leaseSession(): number | undefined {
    const sessionId = this.#options.sessionIds.lease();
    if (sessionId !== undefined) this.#options.counter.miners.clear(sessionId);
    return sessionId;
  }

  releaseSession(sessionId: number): void {
    this.#options.sessionIds.release(sessionId);
  }

  join(_account: string, miner: Downstream): Seat {
    return this.#options.single.join(miner);
  }

  countRefused(sessionId: number | undefined, reason: EarlyRefusal): void {
    this.#options.counter.add(sessionId, "received");
    this.#options.counter.add(sessionId, reason);
  }
}
