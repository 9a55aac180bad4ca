/**
 * What one account has counted since it was opened, beside the books of the connections it has now:
 * shares of connections that are gone, recent work, verdicts astray, time without a pool.
 */

import type { StrayReason } from "../../base/share_reasons.ts";
import { Ledger, type LedgerSnapshot, NO_STRAYS } from "./ledger.ts";
import { type Hashrates, WorkTable } from "./work_table.ts";

/** How finely an account's recent work is kept, in milliseconds. */
const WORK_STEP_MS = 60_000;

/** A connection with its shares; a `Slot` already fits. */
export interface LiveBooks {
  /** The connection: which pool it leads to. */
  readonly upstream: { readonly poolId: number };
  /** Its shares. */
  readonly ledger: Ledger;
  /** The difficulties that the pool counts for shares it accepted, together. */
  readonly credited: number;
  /** Work of good shares that the pool does not count, since the brake was on, as difficulty. */
  readonly brakeLoss: number;
}

/** What is known of an account's hashrate after fewer shares, or less time in ms, is mere luck. */
const TELLING_SHARES = 50;
const TELLING_MS = 60_000;

/** The counts of one account. Times are monotonic, in milliseconds. */
export class AccountBooks {
  /** Shares of miners that had no place. */
  readonly unplaced: Ledger = new Ledger();
  /** Verdicts that found no miner waiting for them. */
  readonly strayVerdicts: Record<StrayReason, number> = { ...NO_STRAYS };
  /** Shares of connections that are gone, by the pool's number. */
  readonly #pastShares = new Map<number, Ledger>();
  /** What pools counted for them, by the pool's number. */
  readonly #pastCredited = new Map<number, number>();
  /** What the brake cost on them, by the pool's number. */
  readonly #pastBrakeLoss = new Map<number, number>();
  readonly #work = new WorkTable(1, WORK_STEP_MS);
  readonly #openedAt: number;
  /** Since when no pool serves; `undefined` while one does. */
  #darkSince: number | undefined;
  #pastDarkMs = 0;
  #credits = 0;

  /** Opened at `time`, without a pool. */
  constructor(time: number) {
    this.#openedAt = this.#darkSince = time;
  }

  /** All shares, those of the connections there are included. */
  shares(live: Iterable<LiveBooks>): LedgerSnapshot {
    const sum = new Ledger();
    sum.merge(this.unplaced.snapshot());
    for (const past of this.#pastShares.values()) sum.merge(past.snapshot());
    for (const { ledger } of live) sum.merge(ledger.snapshot());
    return sum.snapshot();
  }

  /** The same on connections to the pool with this number. */
  sharesAt(poolId: number, live: Iterable<LiveBooks>): LedgerSnapshot {
    const sum = new Ledger();
    sum.merge((this.#pastShares.get(poolId) ?? sum).snapshot());
    for (const { upstream, ledger } of live) {
      if (upstream.poolId === poolId) sum.merge(ledger.snapshot());
    }
    return sum.snapshot();
  }

  /** The difficulties that the pool with this number counts for shares it accepted, together. */
  creditedAt(poolId: number, live: Iterable<LiveBooks>): number {
    let sum = this.#pastCredited.get(poolId) ?? 0;
    for (const { upstream, credited } of live) {
      if (upstream.poolId === poolId) sum += credited;
    }
    return sum;
  }

  /** What the brake cost at the pool with this number, as difficulty. */
  brakeLossAt(poolId: number, live: Iterable<LiveBooks>): number {
    let sum = this.#pastBrakeLoss.get(poolId) ?? 0;
    for (const { upstream, brakeLoss } of live) {
      if (upstream.poolId === poolId) sum += brakeLoss;
    }
    return sum;
  }

  /** The same at all pools. */
  brakeLoss(live: Iterable<LiveBooks>): number {
    let sum = 0;
    for (const past of this.#pastBrakeLoss.values()) sum += past;
    for (const { brakeLoss } of live) sum += brakeLoss;
    return sum;
  }

  /** A connection is gone. */
  close({ upstream: { poolId }, ledger, credited, brakeLoss }: LiveBooks): void {
    this.#pastCredited.set(poolId, (this.#pastCredited.get(poolId) ?? 0) + credited);
    this.#pastBrakeLoss.set(poolId, (this.#pastBrakeLoss.get(poolId) ?? 0) + brakeLoss);
    const past = this.#pastShares.get(poolId) ?? new Ledger();
    past.merge(ledger.snapshot());
    this.#pastShares.set(poolId, past);
  }

  /** Whether there was a good share. */
  get hasCredit(): boolean {
    return this.#credits > 0;
  }

  /** A good share of this difficulty. */
  credit(difficulty: number, time: number): void {
    this.#credits++;
    this.#work.add(0, difficulty, time);
  }

  /** Estimated hashes a second. */
  hashrates(time: number): Hashrates {
    return this.#work.hashrates(0, this.#openedAt, time);
  }

  /** Hashes a second it may be expected to do; `undefined` as long as too little is known. */
  expectedHashrate(time: number): number | undefined {
    if (this.#credits < TELLING_SHARES || time - this.#openedAt < TELLING_MS) return undefined;
    // Of the last minute it may have had no pool.
    const { minute, quarter } = this.hashrates(time);
    return Math.max(minute, quarter);
  }

  /** Whether it is without any pool from here on. A standby is no pool. */
  setDark(isDark: boolean, time: number): void {
    if (isDark === (this.#darkSince !== undefined)) return;
    if (!isDark) this.#pastDarkMs += time - this.#darkSince!;
    this.#darkSince = isDark ? time : undefined;
  }

  /** How long it was without any pool, all times together. */
  outageMs(time: number): number {
    return this.#pastDarkMs + (this.#darkSince === undefined ? 0 : time - this.#darkSince);
  }
}
