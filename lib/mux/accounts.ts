/**
 * The accounts: one multiplexer for each sub-account, with session ids and counters shared by all.
 *
 * In single-user mode all miners belong to one account, and the pool list names its sub-account. In
 * multi-user mode a miner's name says which account it belongs to: the account's pool connections
 * open with its first miner and close when it has had no miner for a while.
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
import type { Awaited } from "./share_ends.ts";
import type { ExtranonceLayout } from "./terms.ts";
import type { Upstreams } from "./upstreams.ts";
import { type WaitingRoom, WaitingSeat } from "./waiting_seat.ts";

/** An account without miners keeps its pool connections this long, in milliseconds. */
export const EMPTY_ACCOUNT_MS = 60_000;

const log = areaLog("mux");

/** The one account of single-user mode; no miner can name it. */
const SINGLE = "";

/** Settings that may change while accounts are open. */
export interface AccountsSettings {
  /** The most accounts at a time. */
  readonly maxAccounts: number;
  /** The name of that limit, for messages. */
  readonly accountsBound: string;
  /** Accounts that the miners of one address may open in a minute; 0 for no limit. */
  readonly newAccountsPerMinutePerIp: number;
  /** A miner waits this long for its account to be opened, in milliseconds. */
  readonly graceMs: number;
}

/** Options of {@linkcode Accounts}. */
export interface AccountsOptions extends AccountsSettings {
  /** Whether miners' names say which account they belong to. */
  readonly isMultiUser: boolean;
  /** The layouts of miners' extranonces. */
  readonly layouts: Pick<Layouts, "isHeld" | "layoutFor">;
  /** The ids of all miners. */
  readonly sessionIds: SessionIds;
  /** Counts all shares. */
  readonly counter: ShareCounter;
  /**
   * Opens an account: `name` is the sub-account as miners spell it, empty for the single account.
   */
  readonly open: (name: string) => Account;
  /** Monotonic time. */
  readonly now: Now;
}

/** An account that is open. */
export interface Account {
  /** The sub-account as its miners spell it; empty for the one of single-user mode. */
  readonly name: string;
  /** Its miners. */
  readonly mux: Multiplexer;
  /** Its pool connections. */
  readonly upstreams: Upstreams;
  /** Applies the current settings. */
  reconfigure(): void;
}

/** Counts of an account since it was first opened. */
export interface AccountCounts {
  /** Its shares. */
  readonly shares: LedgerSnapshot;
  /** The number of times that one of its miners moved to another connection. */
  readonly moves: number;
  /** How long it was open without a pool that serves it, in milliseconds. */
  readonly outageMs: number;
  /** The difficulties of its good shares together. */
  readonly credited: number;
}

/** Counts of closed accounts for one pool. */
export interface PastPool extends PoolCounts {
  /** Shares on its connections. */
  readonly shares: LedgerSnapshot;
  /** The sum of the difficulties that the pool counts for shares it accepted. */
  readonly credited: number;
  /** Work that the pool does not count because miners were braked, as difficulty. */
  readonly brakeLoss: number;
}

const NO_PAST: PastPool = { ...NO_POOL_COUNTS, shares: NO_SHARES, credited: 0, brakeLoss: 0 };

/** An open or closed account at one moment. */
export interface AccountReport extends AccountCounts {
  /** The sub-account as its miners spell it; empty for the one of single-user mode. */
  readonly name: string;
  /** The account itself while it is open. */
  readonly open: Account | undefined;
}

/** All accounts, and the miners that wait for one. */
export class Accounts implements Mux, WaitingRoom {
  readonly #options: Omit<AccountsOptions, keyof AccountsSettings>;
  #settings: AccountsSettings;
  /**
   * By name as miners spell it: at some pools `Alice` and `alice` are two sub-accounts, and pools
   * do not say so. At other pools this only costs one more connection.
   */
  readonly #open = new Map<string, Account>();
  #pinned: number | undefined;
  #refusals = 0;
  readonly #newAccounts: NewAccounts;
  readonly #waitLines: OutageLines;
  #waits = 0;
  /** Since when each account without miners has had none. */
  readonly #emptySince = new Map<string, number>();
  /** Sums over closed accounts. */
  #past = {
    traffic: NO_TRAFFIC,
    strayVerdicts: NO_STRAYS,
    moves: 0,
    outgrown: 0,
    outageMs: 0,
    brakeLoss: 0,
  };
  /** Sums over closed accounts for each pool, by its number. */
  readonly #pastPools = new Map<number, PastPool>();
  /** Counts of closed accounts, the one closed last at the end; at most as many as may be open. */
  readonly #closed = new Map<string, AccountCounts>();

  /** Opens the single account at once; others open with their first miner. */
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

  /** How many miners were turned away because the most accounts were open. */
  get refusals(): number {
    return this.#refusals;
  }

  /** How many miners had to wait because too many accounts were being opened. */
  get waits(): number {
    return this.#waits;
  }

  /** How many shares' miners wait for a verdict, in all accounts. */
  get waitingShares(): number {
    return this.#sum((account) => account.mux.waitingShares);
  }

  /** Verdicts for all accounts that no miner was waiting for. */
  get strayVerdicts(): StrayVerdicts {
    return this.#open.values().reduce(
      (sum, { mux }) => sumOfStrays(sum, mux.books.strayVerdicts),
      this.#past.strayVerdicts,
    );
  }

  /** The traffic with all pools. */
  get traffic(): Traffic {
    const open = this.#open.values().map(({ upstreams }) => upstreams.traffic);
    return sumOfTraffic([this.#past.traffic, ...open]);
  }

  /** The number of times that a miner moved to another connection, in all accounts. */
  get moves(): number {
    return this.#past.moves + this.#sum((account) => account.mux.moves);
  }

  /**
   * The number of times that a miner was disconnected because no serving pool had room for its
   * extranonces.
   */
  get outgrown(): number {
    return this.#past.outgrown + this.#sum((account) => account.mux.outgrown);
  }

  /** How long accounts were open without a pool that serves them, all added up, in milliseconds. */
  get outageMs(): number {
    return this.#past.outageMs + this.#sum((account) => account.mux.books.outageMs);
  }

  /** Work that pools do not count because miners were braked against floods, as difficulty. */
  get brakeLoss(): number {
    return this.#past.brakeLoss + this.#sum((account) => account.mux.books.brakeLoss);
  }

  /** Counts of closed accounts for each pool, by its number. */
  get pastPools(): ReadonlyMap<number, PastPool> {
    return this.#pastPools;
  }

  /** Every account that is open. */
  get opened(): Iterable<Account> {
    return this.#open.values();
  }

  /** All open accounts, then those closed lately. */
  *reports(): Generator<AccountReport> {
    for (const [name, open] of this.#open) {
      yield { name, open, ...joined(this.#closed.get(name), open) };
    }
    for (const [name, counts] of this.#closed) {
      if (!this.#open.has(name)) yield { name, open: undefined, ...counts };
    }
  }

  /** Bytes of all accounts that wait to be written to pools. */
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
        "its user name does not begin with a sub-account",
      );
      return undefined;
    }
    if (isMultiUser && key.length > MAX_ACCOUNT_BYTES) {
      // A cut name could be that of another sub-account.
      const reason = `its sub-account has ${key.length} characters, at most ${MAX_ACCOUNT_BYTES}`;
      miner.turnAway(stratumError(ERROR_CODE.invalidUsername), reason);
      return undefined;
    }
    const account = this.#open.get(key);
    if (account !== undefined) return account.mux.join(miner);
    if (isMultiUser && !this.#newAccounts.mayOpen(address)) return this.#wait(key, miner, address);
    return this.#openFor(key, miner);
  }

  /** The name in reports of the account for miners with the sub-account `name`. */
  keyOf(name: string): string {
    return this.#options.isMultiUser ? name : SINGLE;
  }

  countRefused({ leasedId, origin }: EarlySender, reason: EarlyRefusal, difficulty: number): void {
    this.#options.counter.refused(leasedId, origin, reason, difficulty);
  }

  /** Checks every account and closes those left empty. Call it several times a second. */
  tick(): void {
    for (const [key, account] of this.#open) {
      // An error in one account must not stop the deadlines of the others.
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

  /** Changes the settings, and lets every open account apply its own. */
  reconfigure(settings: AccountsSettings): void {
    this.#settings = settings;
    this.#newAccounts.reconfigure(settings.newAccountsPerMinutePerIp);
    for (const account of this.#open.values()) account.reconfigure();
  }

  /**
   * Makes every account prefer the pool with this number from now on; `undefined` for the
   * configured order.
   *
   * @throws RangeError if there is no such pool.
   */
  pin(poolId: number | undefined): void {
    for (const { upstreams } of this.#open.values()) upstreams.pin(poolId);
    this.#pinned = poolId;
  }

  /** Writes shares that wait to be sent together with others. */
  flush(): void {
    for (const { upstreams } of this.#open.values()) upstreams.flush();
  }

  /** Used at a stop: see {@linkcode ShareEnds.awaited}. */
  awaited(silentMs: number, oldMs: number): Awaited {
    const miners = new Set<Downstream>();
    let shares = 0;
    for (const { mux } of this.#open.values()) {
      const awaited = mux.awaited(silentMs, oldMs);
      for (const miner of awaited.miners) miners.add(miner);
      shares += awaited.shares;
    }
    return { miners, shares };
  }

  /** Closes every pool connection. */
  stop(): void {
    for (const key of [...this.#open.keys()]) this.#close(key);
  }

  /** Opens an account for `miner` and those that wait for it, or turns them all away. */
  #openFor(key: string, miner?: Downstream): Seat | undefined {
    const { maxAccounts, accountsBound } = this.#settings;
    if (this.#open.size >= maxAccounts) this.#closeEmptiest();
    const waiting = this.#newAccounts.opened(key);
    if (this.#open.size >= maxAccounts) {
      const reason = `too many sub-accounts: at most ${maxAccounts}, by ${accountsBound}`;
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
        "Many new sub-accounts at once, waiting to be opened: {accounts}, with {miners|miner}. " +
          "If one address really has that many, raise limits.new_accounts_per_minute_per_ip",
        { miners: this.#newAccounts.waiting, accounts: this.#newAccounts.wanted },
      );
    }
    return seat;
  }

  /** Makes room for a new account by closing the one that has had no miner for longest. */
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
    const account = this.#open.get(key)!;
    const { mux, upstreams } = account;
    upstreams.stop();
    this.#open.delete(key);
    this.#emptySince.delete(key);
    this.#past = {
      traffic: sumOfTraffic([this.#past.traffic, upstreams.traffic]),
      strayVerdicts: sumOfStrays(this.#past.strayVerdicts, mux.books.strayVerdicts),
      moves: this.#past.moves + mux.moves,
      outgrown: this.#past.outgrown + mux.outgrown,
      outageMs: this.#past.outageMs + mux.books.outageMs,
      brakeLoss: this.#past.brakeLoss + mux.books.brakeLoss,
    };
    for (const pool of upstreams.pools) {
      const past = this.#pastPools.get(pool.poolId) ?? NO_PAST;
      this.#pastPools.set(pool.poolId, {
        ...sumOfPoolCounts(past, pool),
        shares: sumOfShares(past.shares, mux.books.sharesAt(pool.poolId)),
        credited: past.credited + mux.books.creditedAt(pool.poolId),
        brakeLoss: past.brakeLoss + mux.books.brakeLossAt(pool.poolId),
      });
    }
    const counts = joined(this.#closed.get(key), account);
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

/** Adds the counts of an account from before it was last closed to its current counts. */
function joined(past: AccountCounts | undefined, { mux }: Account): AccountCounts {
  const { moves, books: { shares, outageMs, credited } } = mux;
  if (past === undefined) return { shares, moves, outageMs, credited };
  return {
    shares: sumOfShares(past.shares, shares),
    moves: past.moves + moves,
    outageMs: past.outageMs + outageMs,
    credited: past.credited + credited,
  };
}
