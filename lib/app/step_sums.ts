/**
 * What the farm, each pool and each sub-account did in a step of the history: how much every count
 * has grown since the step before, so that all steps together are what was counted.
 */

import type { Accounts } from "../mux/accounts.ts";
import {
  goodIn,
  type LedgerSnapshot,
  refusedIn,
  rejectedIn,
  type ShareCounter,
  unansweredIn,
} from "../mux/books/ledger.ts";
import type { CauseStep, SumStep } from "../observe/history/steps.ts";

/** What is read; a `Proxy` already fits. */
export interface SummedProxy {
  /** Where it is counted. */
  readonly parts: {
    readonly accounts: Pick<Accounts, "opened" | "reports" | "pastPools" | "traffic">;
    readonly counter: Pick<ShareCounter, "total" | "creditedDifficulty" | "lostDifficulty">;
    readonly watch: { readonly outageMs: number };
  };
  /** The name of a pool, `host:port`. */
  poolName(poolId: number): string;
}

/** Sums by name. */
export type SumsByName = ReadonlyMap<string, SumStep>;

/** What only grows. */
interface Counts {
  readonly good: number;
  readonly lost: number;
  readonly difficulty: number;
  readonly outageMs: number;
  readonly bytesUp: number;
  readonly bytesDown: number;
}

const COUNTS = ["good", "lost", "difficulty", "outageMs", "bytesUp", "bytesDown"] as const;

const NOTHING: Counts = {
  good: 0,
  lost: 0,
  difficulty: 0,
  outageMs: 0,
  bytesUp: 0,
  bytesDown: 0,
};

/** Reads sums of a proxy, step by step. */
export class StepSums {
  readonly #proxy: SummedProxy;
  #farm = NOTHING;
  #farmLostDifficulty = 0;
  /** By the pool's number, which no other pool gets. */
  readonly #pools = new Map<number, Counts>();
  /** By name; only of accounts that the proxy still reports. */
  #accounts = new Map<string, Counts>();
  /** Miners at every look of this step together: of pools by number, of accounts by name. */
  readonly #poolMiners = new Map<number, number>();
  readonly #accountMiners = new Map<string, number>();
  #farmMiners = 0;
  #looks = 0;

  /** Everything that was counted up to now belongs to the first step. */
  constructor(proxy: SummedProxy) {
    this.#proxy = proxy;
  }

  /** Counts miners, to know how many there were on average; once a minute, an account at a time. */
  *look(): Generator<void, void> {
    const { accounts } = this.#proxy.parts;
    for (const { name, open } of accounts.reports()) {
      yield;
      if (open === undefined) continue;
      const { mux, upstreams } = open;
      const { miners } = mux;
      this.#farmMiners += miners;
      addTo(this.#accountMiners, name, miners);
      for (const { upstream, miners } of mux.occupancies) {
        addTo(this.#poolMiners, upstream.poolId, miners);
      }
      for (const { poolId } of upstreams.pools) {
        addTo(this.#poolMiners, poolId, mux.minersOnOwn(poolId));
      }
    }
    this.#looks++;
  }

  /** The farm in the step that ends, of which `seconds` were observed; at one moment. */
  farm(seconds: number): SumStep {
    const { counter, accounts, watch } = this.#proxy.parts;
    const { bytesWritten, bytesRead } = accounts.traffic;
    const shares = counter.total.snapshot();
    const now: Counts = {
      good: goodIn(shares),
      lost: lostIn(shares),
      difficulty: counter.creditedDifficulty,
      outageMs: watch.outageMs,
      bytesUp: bytesWritten,
      bytesDown: bytesRead,
    };
    const lostDifficulty = counter.lostDifficulty - this.#farmLostDifficulty;
    this.#farmLostDifficulty = counter.lostDifficulty;
    const step = this.#stepOf(now, this.#farm, seconds, lostDifficulty, this.#farmMiners);
    this.#farm = now;
    return step;
  }

  /** Every pool in that step, an account at a time; `causes` have the work lost in it. */
  *pools(seconds: number, causes: readonly CauseStep[]): Generator<void, SumsByName> {
    const { accounts } = this.#proxy.parts;
    const totals = new Map<number, Counts>();
    for (const { mux, upstreams } of accounts.opened) {
      for (const { poolId, traffic } of upstreams.pools) {
        const { books } = mux;
        add(totals, poolId, poolCounts(books.sharesAt(poolId), books.creditedAt(poolId), traffic));
      }
      yield;
    }
    for (const [poolId, { shares, credited, traffic }] of accounts.pastPools) {
      add(totals, poolId, poolCounts(shares, credited, traffic));
    }
    const lostWork = lostWorkBy(causes, "pool");
    const steps = new Map<string, SumStep>();
    for (const [poolId, now] of totals) {
      const name = this.#proxy.poolName(poolId);
      const before = this.#pools.get(poolId) ?? NOTHING;
      // An account that closed between two looks may be missing: it is there at the next step.
      const grown = each((count) => Math.max(now[count], before[count]));
      const miners = this.#poolMiners.get(poolId) ?? 0;
      const step = this.#stepOf(grown, before, seconds, lostWork.get(name) ?? 0, miners);
      this.#pools.set(poolId, grown);
      // Two entries of the list may have one address.
      if (isAnything(step)) steps.set(name, together(steps.get(name), step));
    }
    return steps;
  }

  /** Every sub-account in that step, one at a time; none in single-user mode. */
  *accounts(seconds: number, causes: readonly CauseStep[]): Generator<void, SumsByName> {
    const lostWork = lostWorkBy(causes, "account");
    const steps = new Map<string, SumStep>();
    const seen = new Map<string, Counts>();
    for (const { name, open, shares, outageMs, credited } of this.#proxy.parts.accounts.reports()) {
      // What it is in single-user mode is the farm.
      if (name === "" || seen.has(name)) continue;
      const traffic = open?.upstreams.traffic;
      const now: Counts = {
        good: goodIn(shares),
        lost: lostIn(shares),
        difficulty: credited,
        outageMs,
        bytesUp: traffic?.bytesWritten ?? 0,
        bytesDown: traffic?.bytesRead ?? 0,
      };
      const before = this.#accounts.get(name) ?? NOTHING;
      seen.set(name, now);
      const miners = this.#accountMiners.get(name) ?? 0;
      const step = this.#stepOf(now, before, seconds, lostWork.get(name) ?? 0, miners);
      if (isAnything(step)) steps.set(name, step);
      yield;
    }
    this.#accounts = seen;
    return steps;
  }

  /** The next step begins. */
  next(): void {
    this.#poolMiners.clear();
    this.#accountMiners.clear();
    this.#farmMiners = this.#looks = 0;
  }

  #stepOf(
    now: Counts,
    before: Counts,
    seconds: number,
    lostDifficulty: number,
    miners: number,
  ): SumStep {
    const grown = each((count) =>
      // What is smaller began again: traffic does when an account is closed and opened.
      now[count] >= before[count] ? now[count] - before[count] : now[count]
    );
    return {
      seconds,
      difficulty: grown.difficulty,
      good: grown.good,
      lost: grown.lost,
      lostDifficulty,
      miners: this.#looks === 0 ? 0 : miners / this.#looks,
      outageSeconds: Math.min(seconds, grown.outageMs / 1000),
      bytesUp: grown.bytesUp,
      bytesDown: grown.bytesDown,
    };
  }
}

function lostIn(shares: LedgerSnapshot): number {
  return refusedIn(shares) + rejectedIn(shares) + unansweredIn(shares) + shares.outage;
}

function poolCounts(
  shares: LedgerSnapshot,
  credited: number,
  traffic: { readonly bytesWritten: number; readonly bytesRead: number },
): Counts {
  return {
    good: goodIn(shares),
    lost: lostIn(shares),
    difficulty: credited,
    outageMs: 0,
    bytesUp: traffic.bytesWritten,
    bytesDown: traffic.bytesRead,
  };
}

function lostWorkBy(
  causes: readonly CauseStep[],
  by: "pool" | "account",
): ReadonlyMap<string, number> {
  const sums = new Map<string, number>();
  for (const cause of causes) {
    if (cause.reason !== "good") addTo(sums, cause[by], cause.work);
  }
  return sums;
}

/** The lost work of a step comes with causes, and so perhaps after the shares. */
function isAnything({ miners, good, lost, lostDifficulty, bytesUp, bytesDown }: SumStep): boolean {
  return miners > 0 || good > 0 || lost > 0 || lostDifficulty > 0 || bytesUp > 0 || bytesDown > 0;
}

function together(one: SumStep | undefined, other: SumStep): SumStep {
  if (one === undefined) return other;
  return {
    ...other,
    difficulty: one.difficulty + other.difficulty,
    good: one.good + other.good,
    lost: one.lost + other.lost,
    miners: one.miners + other.miners,
    bytesUp: one.bytesUp + other.bytesUp,
    bytesDown: one.bytesDown + other.bytesDown,
  };
}

function add(totals: Map<number, Counts>, poolId: number, more: Counts): void {
  const before = totals.get(poolId) ?? NOTHING;
  totals.set(poolId, each((count) => before[count] + more[count]));
}

function addTo<K>(sums: Map<K, number>, key: K, more: number): void {
  sums.set(key, (sums.get(key) ?? 0) + more);
}

function each(valueOf: (count: typeof COUNTS[number]) => number): Counts {
  const counts: Partial<Record<typeof COUNTS[number], number>> = {};
  for (const count of COUNTS) counts[count] = valueOf(count);
  return counts as Counts;
}
