/**
 * The counts of one account since it was opened: shares by pool, of current connections and of those
 * that are gone, recent work, stray verdicts, time without a pool.
 */

import type { Now } from "../../base/clock.ts";
import type { StrayReason } from "../../base/share_reasons.ts";
import { Ledger, type LedgerSnapshot, NO_STRAYS } from "./ledger.ts";
import { type Hashrates, WorkTable } from "./work_table.ts";

/** The step in which an account's recent work is kept, in milliseconds. */
const WORK_STEP_MS = 60_000;

/** A connection with its shares; a `Slot` already fits. */
export interface LiveBooks {
  /** The connection, with the number of its pool. */
  readonly upstream: { readonly poolId: number };
  /** Its shares. */
  readonly ledger: Ledger;
  /** The sum of the difficulties that the pool counts for shares it accepted. */
  readonly credited: number;
  /** Work of good shares that the pool does not count because the brake was on, as difficulty. */
  readonly brakeLoss: number;
}

/** With fewer shares, or less time in milliseconds, an account's hashrate is mostly luck. */
const TELLING_SHARES = 25;
const TELLING_MS = 20_000;

/** The counts of one account as others read them. */
export type AccountCounted = Pick<
  AccountBooks,
  | "shares"
  | "sharesAt"
  | "credited"
  | "creditedAt"
  | "brakeLoss"
  | "brakeLossAt"
  | "strayVerdicts"
  | "hasCredit"
  | "hashrates"
  | "expectedHashrate"
  | "outageMs"
>;

/** The counts of one account. Times are real, in milliseconds. */
export class AccountBooks {
  readonly #live: () => Iterable<LiveBooks>;
  readonly #now: Now;
  /** Shares of miners without a place. */
  readonly unplaced: Ledger = new Ledger();
  /** Verdicts that no miner was waiting for. */
  readonly strayVerdicts: Record<StrayReason, number> = { ...NO_STRAYS };
  /** Shares of connections that are gone, by the pool's number. */
  readonly #pastShares = new Map<number, Ledger>();
  /** The difficulties that pools counted for them, by the pool's number. */
  readonly #pastCredited = new Map<number, number>();
  /** Work lost to the brake on them, by the pool's number. */
  readonly #pastBrakeLoss = new Map<number, number>();
  readonly #work = new WorkTable(1, WORK_STEP_MS);
  readonly #openedAt: number;
  #firstCreditAt: number | undefined;
  /** Since when no pool serves; `undefined` while one does. */
  #darkSince: number | undefined;
  #pastDarkMs = 0;
  #credits = 0;
  #credited = 0;

  /** For an account that opens now, without a pool; `live` returns its current connections. */
  constructor(live: () => Iterable<LiveBooks>, now: Now) {
    this.#live = live;
    this.#now = now;
    this.#openedAt = this.#darkSince = now();
  }

  /** All shares, including those of current connections. */
  get shares(): LedgerSnapshot {
    const sum = new Ledger();
    sum.merge(this.unplaced.snapshot());
    for (const past of this.#pastShares.values()) sum.merge(past.snapshot());
    for (const { ledger } of this.#live()) sum.merge(ledger.snapshot());
    return sum.snapshot();
  }

  /** The shares on connections to the pool with this number. */
  sharesAt(poolId: number): LedgerSnapshot {
    const sum = new Ledger();
    sum.merge((this.#pastShares.get(poolId) ?? sum).snapshot());
    for (const { upstream, ledger } of this.#live()) {
      if (upstream.poolId === poolId) sum.merge(ledger.snapshot());
    }
    return sum.snapshot();
  }

  /** The sum of the difficulties that the pool with this number counts for shares it accepted. */
  creditedAt(poolId: number): number {
    let sum = this.#pastCredited.get(poolId) ?? 0;
    for (const { upstream, credited } of this.#live()) {
      if (upstream.poolId === poolId) sum += credited;
    }
    return sum;
  }

  /**
   * Work of good shares that the pool with this number does not count because miners were braked
   * against a flood, as difficulty.
   */
  brakeLossAt(poolId: number): number {
    let sum = this.#pastBrakeLoss.get(poolId) ?? 0;
    for (const { upstream, brakeLoss } of this.#live()) {
      if (upstream.poolId === poolId) sum += brakeLoss;
    }
    return sum;
  }

  /** Work lost to the brake at all pools, as difficulty. */
  get brakeLoss(): number {
    let sum = 0;
    for (const past of this.#pastBrakeLoss.values()) sum += past;
    for (const { brakeLoss } of this.#live()) sum += brakeLoss;
    return sum;
  }

  /** Adds the counts of a connection that is gone. */
  close({ upstream: { poolId }, ledger, credited, brakeLoss }: LiveBooks): void {
    this.#pastCredited.set(poolId, (this.#pastCredited.get(poolId) ?? 0) + credited);
    this.#pastBrakeLoss.set(poolId, (this.#pastBrakeLoss.get(poolId) ?? 0) + brakeLoss);
    const past = this.#pastShares.get(poolId) ?? new Ledger();
    past.merge(ledger.snapshot());
    this.#pastShares.set(poolId, past);
  }

  /** Whether there ever was a good share. */
  get hasCredit(): boolean {
    return this.#credits > 0;
  }

  /** The difficulties of all good shares together. */
  get credited(): number {
    return this.#credited;
  }

  /** Counts a good share of this difficulty. */
  credit(difficulty: number, time: number): void {
    this.#firstCreditAt ??= time;
    this.#credits++;
    this.#credited += difficulty;
    this.#work.add(0, difficulty, time);
  }

  /** Estimated hashes a second. */
  get hashrates(): Hashrates {
    return this.#work.hashrates(0, this.#openedAt, this.#now());
  }

  /** Expected hashes a second; `undefined` while too little is known. */
  get expectedHashrate(): number | undefined {
    const time = this.#now();
    const since = this.#firstCreditAt;
    if (since === undefined || this.#credits < TELLING_SHARES || time - since < TELLING_MS) {
      return undefined;
    }
    // It may have been open for long before its miners came.
    const { minute, quarter } = this.#work.hashrates(0, since, time);
    // In the last minute it may have had no pool.
    return Math.max(minute, quarter);
  }

  /** Notes whether it has no pool from now on. A standby is not a pool. */
  setDark(isDark: boolean): void {
    if (isDark === (this.#darkSince !== undefined)) return;
    const time = this.#now();
    if (!isDark) this.#pastDarkMs += time - this.#darkSince!;
    this.#darkSince = isDark ? time : undefined;
  }

  /** How long it was without a pool in all, in milliseconds. */
  get outageMs(): number {
    return this.#pastDarkMs + (this.#darkSince === undefined ? 0 : this.#now() - this.#darkSince);
  }
}
