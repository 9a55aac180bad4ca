/**
 * The view of a running proxy: values read from its parts.
 */

import type { Now } from "../base/clock.ts";
import type { AttendedClock } from "../base/attended_clock.ts";
import { formatAddress, type PeerAddress } from "../base/peer_address.ts";
import type { Config } from "../config/schema.ts";
import type { MinerReport } from "../miner/report.ts";
import type { Miners } from "../miner/miners.ts";
import type { Account, Accounts } from "../mux/accounts.ts";
import {
  goodIn,
  type LedgerSnapshot,
  refusedIn,
  rejectedIn,
  type ShareCounter,
} from "../mux/books/ledger.ts";
import type { CertificateReport } from "../net/tls/miner_tls.ts";
import type { Counts } from "../observe/chart_samples.ts";
import type { Mark } from "../observe/marks.ts";
import type { KnownPool } from "../pool/pool_ids.ts";
import { causeSentence } from "../workers/cause_sentence.ts";
import { OTHER_POOLS } from "../workers/cause_table.ts";
import { causesOf, lossesOf } from "../workers/causes.ts";
import type { Losses } from "../workers/losses.ts";
import { OTHERS } from "../workers/origins.ts";
import type { Window } from "../workers/step_counts.ts";
import type { FarmWatch } from "./farm_watch.ts";
import type { WorkerBook } from "../workers/worker_book.ts";
import type { Condition } from "../workers/worker_state.ts";
import {
  connectionCondition,
  workerSums,
  type WorkerView,
  workerView,
  workerViews,
} from "../workers/worker_view.ts";
import type {
  AccountView,
  CausesReport,
  FarmHealth,
  FarmSummary,
  FarmView,
  LossReport,
  MinerView,
  Moment,
  OpenAccountView,
  PoolOfList,
  PoolView,
} from "./farm_view.ts";

/** Without any pool, the reason is looked up only this often, in milliseconds. */
const HEALTH_MS = 1_000;

/** What is read; all of it may change from one reading to the next. */
export interface ViewedProxy {
  /** What everything in it is judged by. */
  readonly clock: AttendedClock;
  /** The time of day, in milliseconds since 1970. */
  readonly wallNow: Now;
  /** How many files may be open; `undefined` if that is not known. */
  readonly openFiles: number | undefined;
  /** The settings in force. */
  readonly config: Config;
  /** The pools of the configuration, in its order. */
  readonly pools: readonly KnownPool[];
  /** The place in the list, from 0, of the pool that is pinned; `undefined` for none. */
  readonly pinnedPool: number | undefined;
  /** Where miners connect to. */
  readonly addresses: readonly PeerAddress[];
  /** The certificates shown to miners. */
  readonly certificates: readonly CertificateReport[];
  /** The number of times that each bound of what miners may ask was reached. */
  readonly limitCounts: Readonly<Record<string, number>>;
  /** Where everything else is. */
  readonly parts: {
    readonly miners: Miners;
    readonly accounts: Accounts;
    readonly counter: ShareCounter;
    readonly losses: Losses;
    readonly watch: FarmWatch;
    readonly workers: WorkerBook;
  };
  /** The name of a pool that is or was in the list, `host:port`; empty for any other number. */
  poolName(poolId: number): string;
}

/** Reads the values of a running proxy. To be created when the proxy has just started. */
export class ProxyView implements FarmView {
  readonly #proxy: ViewedProxy;
  readonly #startedAt: number;
  readonly #startedReal: number;
  /** The outage that was found most recently. */
  #outage: { readonly seenAt: number; readonly health: FarmHealth } | undefined;

  /** Looks at `proxy`. */
  constructor(proxy: ViewedProxy) {
    this.#proxy = proxy;
    this.#startedAt = proxy.wallNow();
    this.#startedReal = proxy.clock.realNow();
  }

  get moment(): Moment {
    const { now, realNow } = this.#proxy.clock;
    return { time: now(), realTime: realNow() };
  }

  get config(): Config {
    return this.#proxy.config;
  }

  get pools(): readonly PoolOfList[] {
    const { pools, pinnedPool, parts: { accounts } } = this.#proxy;
    return pools.map(({ poolId, host, port, kind }, place) => ({
      poolId,
      address: formatAddress({ hostname: host, port }),
      kind,
      isPinned: place === pinnedPool,
      past: accounts.pastPools.get(poolId),
    }));
  }

  *summary(): Generator<void, FarmSummary> {
    const { parts: { miners, accounts, counter, workers: book }, clock } = this.#proxy;
    const { states, rolling } = yield* miners.census();
    const poolSockets = yield* this.#poolSockets();
    const { traffic } = accounts;
    yield;
    const { moves, outgrown, outageMs } = accounts;
    yield;
    const { strayVerdicts } = accounts;
    const workers = yield* workerSums(book, clock.now());
    yield;
    const { attention } = this.#proxy.parts.watch;
    yield;
    const hour = yield* this.#lossReport("hour");
    yield;
    const day = yield* this.#lossReport("day");
    yield;
    // From here on, all values are of one moment.
    const { openFiles, pinnedPool, addresses, certificates, limitCounts } = this.#proxy;
    const connected = Object.values(states).reduce((sum, count) => sum + count, 0);
    const realTime = clock.realNow();
    return {
      startedAt: this.#startedAt,
      wallTime: this.#proxy.wallNow(),
      uptimeMs: realTime - this.#startedReal,
      health: this.health(),
      miners: {
        connected,
        most: miners.most,
        states,
        rolling,
        silentConnections: miners.silentConnections,
        healthChecks: miners.healthChecks,
        bytesRead: miners.bytesRead,
        bytesWritten: miners.bytesWritten,
        fanout: miners.fanout,
      },
      accounts: accounts.count,
      pinnedPool,
      hashrates: counter.work.hashrates(0, this.#startedReal, realTime),
      creditedDifficulty: counter.creditedDifficulty,
      brakeLoss: accounts.brakeLoss,
      shares: counter.total.snapshot(),
      strayVerdicts,
      verdictLatency: counter.verdictLatency.snapshot(),
      traffic,
      moves,
      outgrown,
      outageMs,
      attention,
      losses: { hour, day },
      workers,
      nominalHashrate: this.config.workers.nominal_hashrate,
      limitCounts,
      certificates,
      sockets: connected + poolSockets + addresses.length,
      openFilesLimit: openFiles,
    };
  }

  *counts(): Generator<void, Counts> {
    const { miners, accounts, counter } = this.#proxy.parts;
    const { states } = yield* miners.census();
    const { traffic } = accounts;
    yield;
    const shares = counter.total.snapshot();
    return {
      miners: states.working,
      accepted: goodIn(shares),
      rejected: rejectedIn(shares) + refusedIn(shares),
      difficulty: counter.creditedDifficulty,
      bytesUp: traffic.bytesWritten,
      bytesDown: traffic.bytesRead,
    };
  }

  health(): FarmHealth {
    const { miners, accounts } = this.#proxy.parts;
    if (miners.isDraining) return { kind: "stopping" };
    if (isAnyServed(accounts.opened)) {
      this.#outage = undefined;
      return { kind: "served" };
    }
    // With many sub-accounts it takes a while to find that none is served: once a second is enough.
    const time = this.#proxy.clock.realNow();
    if (this.#outage === undefined || time - this.#outage.seenAt >= HEALTH_MS) {
      const health = { kind: "outage", trouble: firstTrouble(accounts.opened) } as const;
      this.#outage = { seenAt: time, health };
    }
    return this.#outage.health;
  }

  *causes(): Generator<void, Readonly<Record<Window, CausesReport>>> {
    const hour = yield* this.#causesReport("hour");
    yield;
    return { hour, day: yield* this.#causesReport("day") };
  }

  get marks(): readonly Mark[] {
    return this.#proxy.parts.watch.marks;
  }

  get markChanges(): number {
    return this.#proxy.parts.watch.markChanges;
  }

  *miners(): Generator<MinerView> {
    for (const report of this.#proxy.parts.miners.reports()) yield this.#minerView(report);
  }

  miner(sessionId: number): MinerView | undefined {
    const report = this.#proxy.parts.miners.reportOf(sessionId);
    return report === undefined ? undefined : this.#minerView(report);
  }

  minerShares(sessionId: number | undefined): LedgerSnapshot {
    return this.#proxy.parts.counter.minerShares(sessionId);
  }

  minerHashrate(
    sessionId: number | undefined,
    windowMs: number,
    since: number,
    realTime: number,
  ): number {
    return this.#proxy.parts.counter.minerHashrate(sessionId, windowMs, since, realTime);
  }

  minerCondition(attendance: number, time: number): Condition | undefined {
    return connectionCondition(this.#proxy.parts.workers, attendance, time);
  }

  workers(): Iterable<WorkerView> {
    return workerViews(this.#proxy.parts.workers, this.#proxy.clock.now());
  }

  worker(id: number): WorkerView | undefined {
    return workerView(this.#proxy.parts.workers, id, this.#proxy.clock.now());
  }

  *poolsByAccount(): Generator<readonly PoolView[]> {
    for (const account of this.#proxy.parts.accounts.opened) yield poolViews(account);
  }

  *accounts(): Generator<AccountView> {
    const seen = new Set<string>();
    for (const { open, ...counts } of this.#proxy.parts.accounts.reports()) {
      const { name } = counts;
      // A sub-account that closes meanwhile would come a second time, as a closed one.
      if (seen.has(name)) continue;
      seen.add(name);
      yield { ...counts, open: open && accountView(open) };
    }
  }

  *#lossReport(window: Window): Generator<void, LossReport> {
    const endings = yield* this.#proxy.parts.losses.endingsInSteps(window);
    yield;
    return {
      ...lossesOf(endings),
      sentence: causeSentence(endings, window, (poolId) => this.#poolName(poolId)),
    };
  }

  *#causesReport(window: Window): Generator<void, CausesReport> {
    const endings = yield* this.#proxy.parts.losses.endingsInSteps(window);
    yield;
    const poolName = (poolId: number) => this.#poolName(poolId);
    const sentence = causeSentence(endings, window, poolName);
    return { ...causesOf(endings, poolName), sentence };
  }

  #poolName(poolId: number): string {
    return poolId === OTHER_POOLS ? OTHERS : this.#proxy.poolName(poolId);
  }

  #minerView(report: MinerReport): MinerView {
    const { accounts, workers } = this.#proxy.parts;
    return {
      ...report,
      account: accounts.keyOf(report.account),
      workerId: workers.idOf(report.attendance),
    };
  }

  /** How many sockets connect to pools, whatever they are for. */
  *#poolSockets(): Generator<void, number> {
    let count = 0;
    for (const { upstreams } of this.#proxy.parts.accounts.opened) {
      for (const { connections, workerConnections: { ready, opening } } of upstreams.pools) {
        count += connections.length + ready + opening;
      }
      yield;
    }
    return count;
  }
}

function accountView(account: Account): OpenAccountView {
  const { miners, waitingMiners, books: { hashrates } } = account.mux;
  return { miners, waitingMiners, hashrates, pools: poolViews(account) };
}

function poolViews({ mux, upstreams }: Account): PoolView[] {
  const occupancies = new Map(mux.occupancies.map((there) => [there.upstream.name, there]));
  return upstreams.pools.map((report) => ({
    ...report,
    connections: report.connections.map((connection) => {
      const { miners = 0, jobAt, poolDifficulty } = occupancies.get(connection.name) ?? {};
      return { ...connection, miners, jobAt, poolDifficulty };
    }),
    minersOnOwn: mux.minersOnOwn(report.poolId),
    shares: mux.books.sharesAt(report.poolId),
    credited: mux.books.creditedAt(report.poolId),
    brakeLoss: mux.books.brakeLossAt(report.poolId),
  }));
}

function isAnyServed(open: Iterable<Account>): boolean {
  let isNoneOpen = true;
  for (const { upstreams } of open) {
    isNoneOpen = false;
    for (const { connections } of upstreams.pools) {
      if (connections.some(({ role }) => role === "active")) return true;
    }
  }
  // In multi-user mode there are no connections before the first miner: that is fine.
  return isNoneOpen;
}

/** The first pool that fails, and why. */
function firstTrouble(
  open: Iterable<Account>,
): { readonly address: string; readonly reason: string } | undefined {
  for (const { upstreams } of open) {
    for (const { address, trouble: reason } of upstreams.pools) {
      if (reason !== undefined) return { address, reason };
    }
  }
  return undefined;
}
