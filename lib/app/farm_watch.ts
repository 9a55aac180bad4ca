/**
 * What happens to the farm as a whole, as it happens: whether any pool serves, which one, since
 * when it is not the one wanted, and what the farm usually does.
 *
 * It looks once a second, and keeps what it has seen under monotonic time.
 */

import type { Now } from "../base/clock.ts";
import type { Multiplexer } from "../mux/multiplexer.ts";
import type { Upstreams } from "../mux/upstreams.ts";
import { startOfLocalDay } from "../observe/local_time.ts";
import { type Mark, Marks } from "../observe/marks.ts";
import { OutageTime } from "../observe/outage_time.ts";
import { UsualHashrate } from "../observe/usual_hashrate.ts";

/** A sub-account; an `Account` already fits. */
export interface WatchedAccount {
  /** Its miners. */
  readonly mux: Pick<Multiplexer, "miners" | "servingPool">;
  /** Its pools. */
  readonly upstreams: Pick<Upstreams, "pools">;
}

/** What is watched. */
export interface FarmWatchParts {
  /** Every sub-account that is open. */
  readonly accounts: () => Iterable<WatchedAccount>;
  /** The pool that is pinned, or the first of the list. */
  readonly wantedPool: () => number | undefined;
  /** The name of the pool with this number, `host:port`. */
  readonly poolName: (poolId: number) => string;
  /** The difficulties of all good shares together. */
  readonly creditedDifficulty: () => number;
  /** Real time, monotonic. */
  readonly realNow: Now;
  /** The time of day. */
  readonly wallNow: Now;
}

/** Miners work for another pool than the one wanted. */
export interface Backup {
  /** Where, `host:port`. */
  readonly pool: string;
  /** Since when, in milliseconds since 1970. */
  readonly since: number;
  /** Where they are wanted. */
  readonly insteadOf: string;
  /** Why they are not there; empty if that is not known. */
  readonly reason: string;
}

/** What is to be known of the farm at a glance. */
export interface FarmAttention {
  /** Of the sub-account that has the most miners at a backup; `undefined` for none. */
  readonly backup: Backup | undefined;
  /** When the outage began, in milliseconds since 1970; `undefined` while there is none. */
  readonly outageSince: number | undefined;
  /** How long there was one since midnight, in milliseconds. */
  readonly outageTodayMs: number;
  /** In hashes a second; `undefined` as long as it is not known. */
  readonly usualHashrate: number | undefined;
}

/** What was last seen of a sub-account. */
interface Seen {
  /** The pool that served it last. */
  poolId: number | undefined;
  /** Since when that is not the one wanted. */
  backupSince: number | undefined;
}

/** Watches the farm as a whole. */
export class FarmWatch {
  readonly #parts: FarmWatchParts;
  readonly #seen = new WeakMap<WatchedAccount, Seen>();
  readonly #marks = new Marks();
  readonly #outage = new OutageTime();
  readonly #usual = new UsualHashrate();

  /** Begins with a mark of the start. */
  constructor(parts: FarmWatchParts, version: string) {
    this.#parts = parts;
    this.#marks.add("start", `btcagent ${version} started`, parts.realNow());
  }

  /** Looks at it. To be called once a second. */
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
    // Miners that are sent away, or go, do not end it.
    const isOutage = !isAnyServed && isAnyOpen && (miners > 0 || this.#outage.since !== undefined);
    this.#noteOutage(isOutage ? unserved : undefined, time);
    this.#usual.note(time, creditedDifficulty(), servedMiners > 0);
  }

  /** The configuration was read again. */
  reloaded(): void {
    this.#marks.add("reload", "The configuration was read again", this.#parts.realNow());
  }

  /** What is to be known now. */
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

  /** What there is to be marked in charts, with times in milliseconds since 1970. */
  get marks(): readonly Mark[] {
    const { realNow, wallNow } = this.#parts;
    const time = realNow();
    const ahead = wallNow() - time;
    return this.#marks.list(time).map((mark) => ({ ...mark, time: mark.time + ahead }));
  }

  /** How often there was something new in them. */
  get markChanges(): number {
    return this.#marks.changes;
  }

  /** @returns whether a pool serves it. */
  #lookAt(
    account: WatchedAccount,
    servingPool: number | undefined,
    miners: number,
    time: number,
  ): boolean {
    let seen = this.#seen.get(account);
    if (seen === undefined) {
      this.#seen.set(account, seen = { poolId: undefined, backupSince: undefined });
    }
    const wanted = this.#parts.wantedPool();
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
    this.#marks.add(isBack ? "back" : "failover", about, time);
  }

  /** There is an outage if a sub-account, that is `unserved`, suffers from it. */
  #noteOutage(unserved: WatchedAccount | undefined, time: number): void {
    const { since } = this.#outage;
    this.#outage.note(unserved !== undefined, time);
    if (unserved !== undefined && since === undefined) {
      const failing = unserved.upstreams.pools.find(({ trouble }) => trouble !== undefined);
      const why = failing === undefined ? "" : `; ${failing.address}: ${failing.trouble}`;
      this.#marks.add("outage", `No pool serves any miner${why}`, time);
    } else if (unserved === undefined && since !== undefined) {
      const seconds = Math.round((time - since) / 1000);
      this.#marks.add("outage_end", `The outage ended after ${seconds} s`, time);
    }
  }

  /** `ahead` is what the clock on the wall is ahead of monotonic time. */
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

/** Why a pool does not serve; empty if that is not known. */
function troubleOf({ upstreams }: WatchedAccount, poolId: number): string {
  return upstreams.pools.find((pool) => pool.poolId === poolId)?.trouble ?? "";
}
