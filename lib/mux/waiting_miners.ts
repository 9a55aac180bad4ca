/**
 * The miners of one account that have no place, and how long they may wait for one.
 *
 * Invariants: the longest wait comes first. A miner's grace starts when the last connection stopped
 * serving; while one serves, when the miner began to wait, or when the last outage ended if that
 * was later.
 */

import type { Now } from "../base/clock.ts";
import type { Crowd } from "./downstream.ts";
import type { MinerSeat } from "./seat.ts";

/** The miners of one account without a place. */
export class WaitingMiners {
  /** They, and since when they wait; monotonic, in milliseconds. */
  readonly #since = new Map<MinerSeat, number>();
  readonly #now: Now;
  #graceMs: number;
  /** When the last serving connection ended; `undefined` while one serves. */
  #outageSince: number | undefined;
  /** When the last outage ended. */
  #outageEndedAt = -Infinity;
  /** Those that work on. */
  readonly idlers: Crowd = {
    handles: () => this.#since.keys().filter(isAdmitted).map(({ miner }) => miner.handle).toArray(),
    isUrgent: false,
  };

  /** Nobody waits, and nothing serves yet; `now` is monotonic. */
  constructor(now: Now, graceMs: number) {
    this.#now = now;
    this.#graceMs = graceMs;
    this.#outageSince = now();
  }

  /** How many there are. */
  get size(): number {
    return this.#since.size;
  }

  /** Whether some of them work on. */
  get haveIdlers(): boolean {
    return this.#since.keys().some(isAdmitted);
  }

  /** They, the longest wait first; some may be added and removed meanwhile. */
  seats(): IterableIterator<MinerSeat> {
    return this.#since.keys();
  }

  /** A miner waits from now on, unless it waits already. */
  add(seat: MinerSeat): void {
    if (!this.#since.has(seat)) this.#since.set(seat, this.#now());
  }

  /** It does not wait any longer. */
  delete(seat: MinerSeat): void {
    this.#since.delete(seat);
  }

  /** Nothing serves. */
  outageBegins(): void {
    this.#outageSince ??= this.#now();
  }

  /** A connection serves again. */
  outageEnds(): void {
    if (this.#outageSince !== undefined) this.#outageEndedAt = this.#now();
    this.#outageSince = undefined;
  }

  /** Sets how long they may wait, in milliseconds; Infinity for no limit. */
  reconfigure(graceMs: number): void {
    this.#graceMs = graceMs;
  }

  /** Whether one has waited too long. */
  get areOverdue(): boolean {
    const [longest] = this.#since.values();
    return longest !== undefined && this.#isPastGrace(longest);
  }

  /** Why they are disconnected after that; the same words for all, so the log can summarize them. */
  get overdueReason(): string {
    const what = this.#outageSince === undefined ? "no pool connection with room" : "no pool";
    return `${what} for over ${Math.round(this.#graceMs / 1000)} s`;
  }

  /** Those that have waited too long, as long as they do. */
  *overdue(): Generator<MinerSeat> {
    for (const [seat, since] of this.#since) {
      if (!this.#isPastGrace(since)) return;
      yield seat;
    }
  }

  #isPastGrace(waitsSince: number): boolean {
    const since = this.#outageSince ?? Math.max(waitsSince, this.#outageEndedAt);
    return this.#now() - since >= this.#graceMs;
  }
}

function isAdmitted({ isAdmitted }: MinerSeat): boolean {
  return isAdmitted;
}
