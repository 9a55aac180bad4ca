/**
 * Watches the farm as a whole: outages, miners that work for a backup pool, and the usual hashrate.
 *
 * It looks once a second. Inside, all times are monotonic.
 */

import type { Now } from "../base/clock.ts";
import type { Multiplexer } from "../mux/multiplexer.ts";
import type { Upstreams } from "../mux/upstreams.ts";
import { startOfLocalDay } from "../observe/local_time.ts";
import { type Mark, type MarkKind, Marks } from "../observe/marks.ts";
import { OutageTime } from "../observe/outage_time.ts";
import { UsualHashrate } from "../observe/usual_hashrate.ts";

/** The parts of an `Account` that are watched. */
export interface WatchedAccount {
  /** The sub-account as its miners spell it; empty for the one of single-user mode. */
  readonly name: string;
  /** Its miners. */
  readonly mux: Pick<Multiplexer, "miners" | "servingPool">;
  /** Its pools. */
  readonly upstreams: Pick<Upstreams, "pools">;
}

/** What the watch needs. */
export interface FarmWatchParts {
  /** Every open sub-account. */
  readonly accounts: () => Iterable<WatchedAccount>;
  /** The pool that miners should work for: the pinned one, else the first of the list. */
  readonly wantedPool: () => number | undefined;
  /** The name of the pool with this number, `host:port`. */
  readonly poolName: (poolId: number) => string;
  /** The sum of the difficulties of all good shares. */
  readonly creditedDifficulty: () => number;
  /** Gets each mark that is new, to keep it for longer. */
  readonly marked?: ((kind: MarkKind, about: string) => void) | undefined;
  /** Real time, monotonic. */
  readonly realNow: Now;
  /** The time of day. */
  readonly wallNow: Now;
}

/** Miners work for a backup pool instead of the wanted one. */
export interface Backup {
  /** The backup pool, `host:port`. */
  readonly pool: string;
  /** When they moved to it, in milliseconds since 1970. */
  readonly since: number;
  /** The wanted pool, `host:port`. */
  readonly insteadOf: string;
  /** Why the wanted pool does not serve them; empty if that is not known. */
  readonly reason: string;
}

/** What needs attention in the farm. */
export interface FarmAttention {
  /** The backup pool of the sub-account with the most miners on one; `undefined` if none has. */
  readonly backup: Backup | undefined;
  /** When the outage began, in milliseconds since 1970; `undefined` while there is none. */
  readonly outageSince: number | undefined;
  /** How long outages lasted since midnight, in milliseconds. */
  readonly outageTodayMs: number;
  /** The farm's usual hashrate in hashes a second; `undefined` while it is not known. */
  readonly usualHashrate: number | undefined;
}

/** What was last seen of a sub-account. */
interface Seen {
  /** The pool that served it last. */
  poolId: number | undefined;
  /** When it moved to a backup pool; `undefined` while it works for the wanted one. */
  backupSince: number | undefined;
  /** Whether no pool serves it, and miners wanted one since that began. */
  isUnserved: boolean;
}

/** Watches the farm as a whole. */
export class FarmWatch {
  readonly #parts: FarmWatchParts;
  readonly #seen = new WeakMap<WatchedAccount, Seen>();
  readonly #marks = new Marks();
  readonly #outage = new OutageTime();
  readonly #usual = new UsualHashrate();

  /** Marks the start of btcagent. */
  constructor(parts: FarmWatchParts, version: string) {
    this.#parts = parts;
    this.#mark("start", `btcagent ${version} started`, parts.realNow());
  }

  /** The farm's usual hashrate before this start, in hashes a second. */
  recallUsualHashrate(usual: number): void {
    this.#usual.recall(usual);
  }

  /** Looks at every sub-account. Call it once a second. */
  look(): void {
    const { accounts, realNow, creditedDifficulty } = this.#parts;
    const time = realNow();
    let [miners, servedMiners] = [0, 0];
    let [isAnyOpen, isAnyServed] = [false, false];
    let unserved: WatchedAccount | undefined;
    for (const account of accounts()) {
      isAnyOpen = true;
      const its = account.mux.miners;
      miners += its;
      const { servingPool } = account.mux;
      const isServed = this.#lookAt(account, servingPool, its, time);
      isAnyServed ||= isServed;
      if (isServed) servedMiners += its;
      else unserved ??= account;
    }
    // Once there is an outage, it does not end when the last miner leaves.
    const isOutage = !isAnyServed && isAnyOpen && (miners > 0 || this.#outage.since !== undefined);
    this.#noteOutage(isOutage ? unserved : undefined, time);
    this.#usual.note(time, creditedDifficulty(), servedMiners > 0);
  }

  /** Every open sub-account whose miners have no pool. In single-user mode none: it is an outage. */
  *unserved(): Generator<WatchedAccount> {
    for (const account of this.#parts.accounts()) {
      if (this.#seen.get(account)?.isUnserved === true) yield account;
    }
  }

  /** How long no pool served any miner since the start, in milliseconds. */
  get outageMs(): number {
    this.#outage.note(this.#outage.since !== undefined, this.#parts.realNow());
    return this.#outage.totalMs;
  }

  /** The configuration was read again. */
  reloaded(): void {
    this.#mark("reload", "The configuration was read again", this.#parts.realNow());
  }

  /** What needs attention now. */
  get attention(): FarmAttention {
    const { realNow, wallNow } = this.#parts;
    const [time, wallTime] = [realNow(), wallNow()];
    const { since } = this.#outage;
    const midnight = time - (wallTime - startOfLocalDay(wallTime));
    return {
      backup: this.#backup(wallTime - time),
      outageSince: since === undefined ? undefined : wallTime - (time - since),
      outageTodayMs: this.#outage.sum(midnight, time),
      usualHashrate: this.#usual.median,
    };
  }

  /** The marks in charts, with times in milliseconds since 1970. */
  get marks(): readonly Mark[] {
    const { realNow, wallNow } = this.#parts;
    const time = realNow();
    const ahead = wallNow() - time;
    return this.#marks.list(time).map((mark) => ({ ...mark, time: mark.time + ahead }));
  }

  /** The number of times that the marks have changed. */
  get markChanges(): number {
    return this.#marks.changes;
  }

  /** Notes which pool serves a sub-account. @returns whether any does. */
  #lookAt(
    account: WatchedAccount,
    servingPool: number | undefined,
    miners: number,
    time: number,
  ): boolean {
    let seen = this.#seen.get(account);
    if (seen === undefined) {
      seen = { poolId: undefined, backupSince: undefined, isUnserved: false };
      this.#seen.set(account, seen);
    }
    const wanted = this.#parts.wantedPool();
    // A miner opened it, even if that was turned away at once. As for the farm: once it has started,
    // it does not end when the last miner leaves.
    const isWanted = miners > 0 || seen.isUnserved || seen.poolId === undefined;
    seen.isUnserved = account.name !== "" && servingPool === undefined && isWanted;
    // An outage in between, or a while without miners, is not the end of it.
    if (servingPool === undefined) return false;
    seen.backupSince = servingPool === wanted ? undefined : seen.backupSince ?? time;
    if (seen.poolId !== undefined && seen.poolId !== servingPool && miners > 0) {
      this.#markMove(account, seen.poolId, servingPool, servingPool === wanted, time);
    }
    seen.poolId = servingPool;
    return true;
  }

  #markMove(
    account: WatchedAccount,
    from: number,
    to: number,
    isBack: boolean,
    time: number,
  ): void {
    const { poolName } = this.#parts;
    const reason = isBack ? "" : troubleOf(account, from);
    const about = `From ${poolName(from)} to ${poolName(to)}${reason === "" ? "" : `: ${reason}`}`;
    this.#mark(isBack ? "back" : "failover", about, time);
  }

  /** Notes an outage while there is an `unserved` sub-account, and its end after that. */
  #noteOutage(unserved: WatchedAccount | undefined, time: number): void {
    const { since } = this.#outage;
    this.#outage.note(unserved !== undefined, time);
    if (unserved !== undefined && since === undefined) {
      const why = failureOf(unserved);
      this.#mark("outage", `No pool serves any miner${why === "" ? "" : `; ${why}`}`, time);
    } else if (unserved === undefined && since !== undefined) {
      const seconds = Math.round((time - since) / 1000);
      this.#mark("outage_end", `The outage ended after ${seconds} s`, time);
    }
  }

  #mark(kind: MarkKind, about: string, time: number): void {
    if (this.#marks.add(kind, about, time)) this.#parts.marked?.(kind, about);
  }

  /** `ahead` is the difference of the time of day and monotonic time. */
  #backup(ahead: number): Backup | undefined {
    const { accounts, wantedPool, poolName } = this.#parts;
    const wanted = wantedPool();
    let most: { account: WatchedAccount; seen: Seen; miners: number } | undefined;
    for (const account of accounts()) {
      const seen = this.#seen.get(account);
      const { miners, servingPool } = account.mux;
      if (seen?.backupSince === undefined || servingPool === undefined || miners === 0) continue;
      if (most === undefined || miners > most.miners) most = { account, seen, miners };
    }
    if (most === undefined || wanted === undefined) return undefined;
    const { account, seen } = most;
    return {
      pool: poolName(seen.poolId!),
      since: seen.backupSince! + ahead,
      insteadOf: poolName(wanted),
      reason: troubleOf(account, wanted),
    };
  }
}

/** The first pool that fails for a sub-account, and why; empty if none does. */
export function failureOf({ upstreams }: Pick<WatchedAccount, "upstreams">): string {
  const failing = upstreams.pools.find(({ trouble }) => trouble !== undefined);
  return failing === undefined ? "" : `${failing.address}: ${failing.trouble}`;
}

/** Why a pool does not serve; empty if that is not known. */
function troubleOf({ upstreams }: WatchedAccount, poolId: number): string {
  return upstreams.pools.find((pool) => pool.poolId === poolId)?.trouble ?? "";
}
