/**
 * Sub-account → its multiplexer, and what all accounts share: session ids and counters.
 *
 * In single-user mode every miner is of the one account whose sub-account the pool list names. In
 * multi-user mode the miner's name says which: its pool connections open with its first miner and
 * close when it has had none for a while.
 */

import type { Now } from "../base/clock.ts";
import { reportFault } from "../observe/fault.ts";
import { areaLog } from "../observe/log.ts";
import { OutageLines } from "../observe/outage_lines.ts";
import { ERROR_CODE, stratumError } from "../protocol/stratum/error_code.ts";
import { MAX_ACCOUNT_BYTES } from "../protocol/stratum/worker_name.ts";
import {
  type LedgerSnapshot,
  NO_SHARES,
  NO_STRAYS,
  type ShareCounter,
  type StrayVerdicts,
  sumOfShares,
  sumOfStrays,
} from "./books/ledger.ts";
import { NO_POOL_COUNTS, type PoolCounts, sumOfPoolCounts } from "./books/pool_counts.ts";
import { NO_TRAFFIC, sumOfTraffic, type Traffic } from "./books/traffic.ts";
import type { Multiplexer } from "./multiplexer.ts";
import type { Downstream, EarlyRefusal, EarlySender, Mux, Seat } from "./downstream.ts";
import { NewAccounts } from "./new_accounts.ts";
import type { Layouts } from "./layouts.ts";
import type { SessionIds } from "./session_ids.ts";
import type { ExtranonceLayout } from "./terms.ts";
import type { Upstreams } from "./upstreams.ts";
import { type WaitingRoom, WaitingSeat } from "./waiting_seat.ts";

/** An account without miners keeps its pool connections this long, in milliseconds. */
export const EMPTY_ACCOUNT_MS = 60_000;

const log = areaLog("mux");

/** The one account of single-user mode; no miner can name it. */
const SINGLE = "";

/** What may change while there are accounts. */
export interface AccountsSettings {
  /** Most accounts at a time. */
  readonly maxAccounts: number;
  /** What that is, in words. */
  readonly accountsBound: string;
  /** Accounts that the miners of one address may open in a minute; 0 for no limit. */
  readonly newAccountsPerMinutePerIp: number;
  /** A miner waits this long for its account to be opened, in milliseconds. */
  readonly graceMs: number;
}

/** What the accounts are made of. */
export interface AccountsOptions extends AccountsSettings {
  /** Whether miners' names say which account they are of. */
  readonly isMultiUser: boolean;
  /** What miners' extranonces look like. */
  readonly layouts: Pick<Layouts, "isHeld" | "layoutFor">;
  /** The ids of all miners. */
  readonly sessionIds: SessionIds;
  /** Counts all shares. */
  readonly counter: ShareCounter;
  /** Opens an account: `name` is the sub-account as miners spell it, empty for the single. */
  readonly open: (name: string) => Account;
  /** Monotonic time. */
  readonly now: Now;
}

/** An account that is open. */
export interface Account {
  /** Its miners. */
  readonly mux: Multiplexer;
  /** Its pool connections. */
  readonly upstreams: Upstreams;
  /** Takes the settings of the moment. */
  reconfigure(): void;
}

/** What is counted of an account from its first opening on. */
export interface AccountCounts {
  /** Its shares. */
  readonly shares: LedgerSnapshot;
  /** How often one of its miners changed from one connection to another. */
  readonly moves: number;
  /** How long it was open and no pool served it, in milliseconds. */
  readonly outageMs: number;
}

/** What closed accounts counted of one pool. */
export interface PastPool extends PoolCounts {
  /** Shares on its connections. */
  readonly shares: LedgerSnapshot;
  /** The difficulties that the pool counts for shares it accepted, together. */
  readonly credited: number;
  /** Work that the pool does not count since miners were braked, as difficulty. */
  readonly brakeLoss: number;
}

const NO_PAST: PastPool = { ...NO_POOL_COUNTS, shares: NO_SHARES, credited: 0, brakeLoss: 0 };

/** An account that is open or was, at one moment. */
export interface AccountReport extends AccountCounts {
  /** The sub-account as its miners spell it; empty for the one of single-user mode. */
  readonly name: string;
  /** Its parts, while it is open. */
  readonly open: Account | undefined;
}

/** See the head of this file. */
export class Accounts implements Mux, WaitingRoom {
  readonly #options: Omit<AccountsOptions, keyof AccountsSettings>;
  #settings: AccountsSettings;
  /**
   * By name as miners spell it: at some pools `Alice` and `alice` are two sub-accounts, and a pool
   * does not say which kind it is. Where they are one, this costs a connection and nothing else.
   */
  readonly #open = new Map<string, Account>();
  #pinned: number | undefined;
  #refusals = 0;
  readonly #newAccounts: NewAccounts;
  readonly #waitLines: OutageLines;
  #waits = 0;
  /** Since when an account has had no miner. */
  readonly #emptySince = new Map<string, number>();
  /** What closed accounts leave to the sums. */
  #past = {
    traffic: NO_TRAFFIC,
    strayVerdicts: NO_STRAYS,
    moves: 0,
    outgrown: 0,
    outageMs: 0,
    brakeLoss: 0,
  };
  /** What closed accounts leave to the sums of each pool, by its number. */
  readonly #pastPools = new Map<number, PastPool>();
  /** What closed accounts counted, the one closed last at the end; at most as many as may be open. */
  readonly #closed = new Map<string, AccountCounts>();

  /** The single account opens at once, others with their first miner. */
  constructor(options: AccountsOptions) {
    this.#options = this.#settings = options;
    this.#newAccounts = new NewAccounts(options.now, options.newAccountsPerMinutePerIp);
    this.#waitLines = new OutageLines(options.now);
    if (!options.isMultiUser) this.#open.set(SINGLE, options.open(SINGLE));
  }

  /** How many accounts are open. */
  get count(): number {
    return this.#open.size;
  }

  /** How many miners were turned away because no more accounts may be open. */
  get refusals(): number {
    return this.#refusals;
  }

  /** How many miners had to wait because too many accounts were opened. */
  get waits(): number {
    return this.#waits;
  }

  /** Submitted shares that wait for a verdict, of all accounts. */
  get waitingShares(): number {
    return this.#sum((account) => account.mux.waitingShares);
  }

  /** Verdicts that found no miner waiting for them, of all accounts. */
  get strayVerdicts(): StrayVerdicts {
    return this.#open.values().reduce(
      (sum, { mux }) => sumOfStrays(sum, mux.strayVerdicts),
      this.#past.strayVerdicts,
    );
  }

  /** What passed between us and all pools. */
  get traffic(): Traffic {
    const open = this.#open.values().map(({ upstreams }) => upstreams.traffic);
    return sumOfTraffic([this.#past.traffic, ...open]);
  }

  /** How often a miner changed from one connection to another, in all accounts. */
  get moves(): number {
    return this.#past.moves + this.#sum((account) => account.mux.moves);
  }

  /** How often a miner was disconnected since no pool that serves has room for its extranonces. */
  get outgrown(): number {
    return this.#past.outgrown + this.#sum((account) => account.mux.outgrown);
  }

  /** How long accounts were open and no pool served them, all together, in milliseconds. */
  get outageMs(): number {
    return this.#past.outageMs + this.#sum((account) => account.mux.outageMs);
  }

  /** Work that pools do not count since miners were braked against floods, as difficulty. */
  get brakeLoss(): number {
    return this.#past.brakeLoss + this.#sum((account) => account.mux.brakeLoss);
  }

  /** What closed accounts counted of each pool, by its number. */
  get pastPools(): ReadonlyMap<number, PastPool> {
    return this.#pastPools;
  }

  /** Every account that is open. */
  get opened(): Iterable<Account> {
    return this.#open.values();
  }

  /** Every account that is open, then those that were lately. */
  *reports(): Generator<AccountReport> {
    for (const [name, open] of this.#open) {
      yield { name, open, ...joined(this.#closed.get(name), open.mux) };
    }
    for (const [name, counts] of this.#closed) {
      if (!this.#open.has(name)) yield { name, open: undefined, ...counts };
    }
  }

  /** Bytes that wait to be written to pools, of all accounts. */
  get waitingBytes(): number {
    return this.#sum((account) => account.upstreams.waitingBytes);
  }

  get holdsLayouts(): boolean {
    return this.#options.layouts.isHeld;
  }

  layoutFor(clientAgent: string): ExtranonceLayout {
    return this.#options.layouts.layoutFor(clientAgent);
  }

  leaseSession(): number | undefined {
    const sessionId = this.#options.sessionIds.lease();
    if (sessionId !== undefined) this.#options.counter.begin(sessionId);
    return sessionId;
  }

  releaseSession(sessionId: number): void {
    this.#options.sessionIds.release(sessionId);
    this.#options.counter.end(sessionId);
  }

  join(name: string, miner: Downstream, address: string): Seat | undefined {
    const { isMultiUser } = this.#options;
    const key = this.keyOf(name);
    if (isMultiUser && key === "") {
      miner.turnAway(
        stratumError(ERROR_CODE.accountEmpty),
        "its user name begins with no sub-account",
      );
      return undefined;
    }
    if (isMultiUser && key.length > MAX_ACCOUNT_BYTES) {
      // Cut, it could be somebody else's.
      const reason = `its sub-account has ${key.length} characters, at most ${MAX_ACCOUNT_BYTES}`;
      miner.turnAway(stratumError(ERROR_CODE.invalidUsername), reason);
      return undefined;
    }
    const account = this.#open.get(key);
    if (account !== undefined) return account.mux.join(miner);
    if (isMultiUser && !this.#newAccounts.mayOpen(address)) return this.#wait(key, miner, address);
    return this.#openFor(key, miner);
  }

  /** The name that reports have for the account of miners with the sub-account `name`. */
  keyOf(name: string): string {
    return this.#options.isMultiUser ? name : SINGLE;
  }

  countRefused({ leasedId, origin }: EarlySender, reason: EarlyRefusal, difficulty: number): void {
    this.#options.counter.refused(leasedId, origin, reason, difficulty);
  }

  /** Looks after every account and closes those left empty. To be called several times a second. */
  tick(): void {
    for (const [key, account] of this.#open) {
      // A fault of ours with one account must not stop the deadlines of the others.
      try {
        account.upstreams.tick();
        account.mux.tick();
        if (key !== SINGLE) this.#closeIfEmpty(key, account);
      } catch (error) {
        reportFault(log, error);
      }
    }
    for (const key of this.#newAccounts.due()) this.#openFor(key);
    const seconds = Math.round(this.#settings.graceMs / 1000);
    for (const { miner } of this.#newAccounts.longerThan(this.#settings.graceMs)) {
      miner.disconnect(`its sub-account could not be opened within ${seconds} s`);
    }
    this.#newAccounts.sweep();
  }

  left(seat: WaitingSeat): void {
    this.#newAccounts.leave(seat);
    this.releaseSession(seat.miner.sessionId);
  }

  refused({ miner }: WaitingSeat): void {
    this.#options.counter.refused(miner.sessionId, miner.origin, "refusedNoPool", 0);
  }

  /** Takes other settings, and has every open account take its own. */
  reconfigure(settings: AccountsSettings): void {
    this.#settings = settings;
    this.#newAccounts.reconfigure(settings.newAccountsPerMinutePerIp);
    for (const account of this.#open.values()) account.reconfigure();
  }

  /**
   * Prefers the pool with this number for every account from now on; `undefined` for the
   * configured order.
   *
   * @throws RangeError when there is no such pool.
   */
  pin(poolId: number | undefined): void {
    for (const { upstreams } of this.#open.values()) upstreams.pin(poolId);
    this.#pinned = poolId;
  }

  /** Writes out shares that wait for company. */
  flush(): void {
    for (const { upstreams } of this.#open.values()) upstreams.flush();
  }

  /** For a stop: see {@linkcode Multiplexer.awaited}. */
  awaited(silentMs: number, oldMs: number): Set<Downstream> {
    const miners = new Set<Downstream>();
    for (const { mux } of this.#open.values()) {
      for (const miner of mux.awaited(silentMs, oldMs)) miners.add(miner);
    }
    return miners;
  }

  /** Closes every pool connection. */
  stop(): void {
    for (const key of [...this.#open.keys()]) this.#close(key);
  }

  /** Opens an account for those that wait for it and for `miner`, or turns all of them away. */
  #openFor(key: string, miner?: Downstream): Seat | undefined {
    const { maxAccounts, accountsBound } = this.#settings;
    if (this.#open.size >= maxAccounts) this.#closeEmptiest();
    const waiting = this.#newAccounts.opened(key);
    if (this.#open.size >= maxAccounts) {
      const reason = `${maxAccounts} sub-accounts are open, which is ${accountsBound}`;
      const turnAway = (one: Downstream) => {
        this.#refusals++;
        one.turnAway(stratumError(ERROR_CODE.unknown), reason);
        return undefined;
      };
      for (const seat of waiting) seat.end(() => turnAway(seat.miner));
      return miner === undefined ? undefined : turnAway(miner);
    }
    const account = this.#options.open(key);
    if (this.#pinned !== undefined) account.upstreams.pin(this.#pinned);
    this.#open.set(key, account);
    for (const seat of waiting) seat.end(() => account.mux.join(seat.miner));
    return miner === undefined ? undefined : account.mux.join(miner);
  }

  /** Lets a miner wait until its account may be opened. */
  #wait(key: string, miner: Downstream, address: string): Seat {
    const seat = new WaitingSeat(this, miner, this.#options.now());
    this.#newAccounts.wait(key, address, seat);
    this.#waits++;
    if (this.#waitLines.failed("wait") !== undefined) {
      log.warn(
        "Many new sub-accounts at once: {miners} miners of {accounts} wait until theirs is opened. " +
          "Raise limits.new_accounts_per_minute_per_ip if that many of one address are real",
        { miners: this.#newAccounts.waiting, accounts: this.#newAccounts.wanted },
      );
    }
    return seat;
  }

  /** Makes room for a new account where one has had no miner for longest. */
  #closeEmptiest(): void {
    let emptiest: string | undefined;
    let since = Infinity;
    for (const [key, { mux }] of this.#open) {
      const emptySince = this.#emptySince.get(key) ?? this.#options.now();
      if (mux.miners > 0 || emptySince >= since) continue;
      emptiest = key;
      since = emptySince;
    }
    if (emptiest !== undefined) this.#close(emptiest);
  }

  #closeIfEmpty(key: string, account: Account): void {
    const time = this.#options.now();
    if (account.mux.miners > 0) {
      this.#emptySince.delete(key);
      return;
    }
    const since = this.#emptySince.get(key);
    if (since === undefined) this.#emptySince.set(key, time);
    else if (time - since >= EMPTY_ACCOUNT_MS) this.#close(key);
  }

  #close(key: string): void {
    const { mux, upstreams } = this.#open.get(key)!;
    upstreams.stop();
    this.#open.delete(key);
    this.#emptySince.delete(key);
    this.#past = {
      traffic: sumOfTraffic([this.#past.traffic, upstreams.traffic]),
      strayVerdicts: sumOfStrays(this.#past.strayVerdicts, mux.strayVerdicts),
      moves: this.#past.moves + mux.moves,
      outgrown: this.#past.outgrown + mux.outgrown,
      outageMs: this.#past.outageMs + mux.outageMs,
      brakeLoss: this.#past.brakeLoss + mux.brakeLoss,
    };
    for (const pool of upstreams.pools) {
      const past = this.#pastPools.get(pool.poolId) ?? NO_PAST;
      this.#pastPools.set(pool.poolId, {
        ...sumOfPoolCounts(past, pool),
        shares: sumOfShares(past.shares, mux.sharesAt(pool.poolId)),
        credited: past.credited + mux.creditedAt(pool.poolId),
        brakeLoss: past.brakeLoss + mux.brakeLossAt(pool.poolId),
      });
    }
    const counts = joined(this.#closed.get(key), mux);
    this.#closed.delete(key);
    this.#closed.set(key, counts);
    if (this.#closed.size > this.#settings.maxAccounts) {
      this.#closed.delete(this.#closed.keys().next().value!);
    }
  }

  #sum(count: (account: Account) => number): number {
    return this.#open.values().reduce((sum, account) => sum + count(account), 0);
  }
}

/** What an account counted before it was last closed, and since. */
function joined(past: AccountCounts | undefined, now: AccountCounts): AccountCounts {
  if (past === undefined) {
    return { shares: now.shares, moves: now.moves, outageMs: now.outageMs };
  }
  return {
    shares: sumOfShares(past.shares, now.shares),
    moves: past.moves + now.moves,
    outageMs: past.outageMs + now.outageMs,
  };
}
