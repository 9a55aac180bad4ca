/**
 * The pool connections of one account: opens them, replaces them when they break, and returns to a
 * better pool once it has been healthy.
 *
 * In addition to the serving connections, a spare to the best other pool is kept ready, so that
 * failover is only a change of roles.
 */

import { sumOfTraffic, type Traffic } from "../mux/books/traffic.ts";
import type { PoolReport, Upstreams } from "../mux/upstreams.ts";
import { URGENCY } from "../net/pools/connect_limiter.ts";
import { CLOSES_UNTIL_COLD, ColdSpares } from "./cold_spares.ts";
import type { EndCause, PoolConnection, PoolConnectionOwner, ReadyUpstream } from "./connection.ts";
import { type ReadyEntry, RosterEntries, type RosterEntry } from "./entries.ts";
import { PoolHealth } from "./health.ts";
import { Openings } from "./openings.ts";
import { PoolBook } from "./pool_book.ts";
import { PoolOrder } from "./pool_order.ts";
import { kindOf, poolReport } from "./pool_report.ts";
import { Refusals } from "./refusals.ts";
import { nextRank, UNWANTED } from "./roles.ts";
import { logConnected, logFull } from "./roster_log.ts";
import type { RosterOptions } from "./roster_options.ts";
import { Serving } from "./serving.ts";
import type { ListedPool, RosterSettings } from "./settings.ts";
import { Standby } from "./standby.ts";
import { TurnGate } from "./turn_gate.ts";
import { WorkWatch } from "./work_watch.ts";
import { WorkerConnections } from "./worker_connections.ts";

/** Why a pool gets no warm spare, in words. */
const COLD = `it closed ${CLOSES_UNTIL_COLD} idle spare connections, so it gets no more: ` +
  "connecting to it only when it is needed";

/** The connections of one account, and which of them serve. */
export class PoolRoster implements PoolConnectionOwner, Upstreams {
  readonly #options: Omit<RosterOptions, keyof RosterSettings>;
  #settings: RosterSettings;
  readonly #order: PoolOrder;
  readonly #health: PoolHealth;
  readonly #entries = new RosterEntries();
  readonly #standby: Standby;
  readonly #cold = new ColdSpares();
  readonly #refusals = new Refusals();
  readonly #book = new PoolBook();
  readonly #openings: Openings;
  readonly #serving: Serving;
  readonly #work: WorkWatch;
  readonly #workers: WorkerConnections;
  /** Whether it was logged that no more connections are opened for miners without a place. */
  #isFullSaid = false;
  #isStopped = false;

  /** Opens nothing before the first tick. */
  constructor(options: RosterOptions) {
    this.#options = options;
    this.#settings = options;
    const order = this.#order = new PoolOrder(options.pools);
    const health = this.#health = new PoolHealth(options.time.random);
    const { standbyIntervalMs: intervalMs, mux, now, time, troubles } = options;
    const standby = this.#standby = new Standby({
      intervalMs,
      mux,
      now,
      wallNow: time.wallNow,
      troubles,
    });
    const settings = () => this.#settings;
    const shared = { options, settings, entries: this.#entries, order, health, book: this.#book };
    const cold = this.#cold;
    const refusals = this.#refusals;
    this.#openings = new Openings({ ...shared, cold, refusals, owner: this });
    this.#serving = new Serving({ ...shared, cold, standby });
    this.#work = new WorkWatch({ ...shared, now });
    const { need, connects, quota, workerUser } = options;
    const gate = new TurnGate(time);
    this.#workers = new WorkerConnections({
      workerUser,
      open: (pool, user, owner) =>
        this.#openings.connect(pool, {
          kind: "stratum",
          account: user,
          isOfOneWorker: true,
          gate,
          owner,
        }),
      mux,
      workerNames: () => need().workerNames(),
      minersAt: (upstream) => need().minersAt(upstream),
      halfDead: () => this.#settings.halfDead,
      book: this.#book,
      connects,
      quota,
      troubles,
      now,
      random: time.random,
    });
  }

  get pools(): readonly PoolReport[] {
    const { listed, gone } = this.#order;
    return [
      ...listed.map((pool) => this.#report(pool, true)),
      ...gone.map((pool) => this.#report(pool, false)),
    ];
  }

  get traffic(): Traffic {
    return sumOfTraffic([this.#book.traffic, this.#entries.traffic, this.#workers.traffic]);
  }

  get waitingBytes(): number {
    return this.#entries.ready.reduce(
      (sum, { connection }) => sum + connection.waitingBytes,
      this.#workers.waitingBytes,
    );
  }

  /** Looks after every connection. Call this several times a second. */
  tick(): void {
    // A connection that ends here leaves the list.
    for (const { connection } of this.#entries.all) connection.tick();
    this.#work.tick();
    this.#standby.tick();
    this.#reconsider();
    const { best } = this.#serving;
    this.#workers.tick(best, (pool) => this.#serving.isBetter(pool, best));
  }

  /**
   * Applies other settings. Some pools are no longer wanted: those that left the list, and those
   * with a new account, password, kind or use of TLS. Miners leave them as soon as a wanted
   * connection is ready; no miner is disconnected.
   */
  reconfigure(settings: RosterSettings): void {
    this.#settings = settings;
    this.#standby.reconfigure(settings.standbyIntervalMs);
    // The change may have fixed what made pools fail.
    this.#health.retryAll();
    this.#cold.forget();
    this.#refusals.forget();
    this.#workers.retry();
    this.#isFullSaid = false;
    this.#order.list(settings.pools);
    this.#entries.putInOrder(this.#order.ranked);
    for (const entry of this.#entries.all) {
      if (entry.ready === undefined && entry.rank === UNWANTED) this.#remove(entry);
    }
    this.#reconsider();
  }

  /**
   * Prefers the pool with this id to all others until the next call; `undefined` for the configured
   * order. Miners move to it as soon as it is ready, and to others only while it fails.
   *
   * @throws RangeError when there is no such pool in the list.
   */
  pin(poolId: number | undefined): void {
    this.#order.pin(poolId);
    this.#health.retryAll();
    this.#entries.putInOrder(this.#order.ranked);
    this.#reconsider();
  }

  /** Writes out shares that wait to be sent together, on every connection. */
  flush(): void {
    for (const { connection } of this.#entries.all) connection.flush();
  }

  /** Closes every connection and opens no more. */
  stop(): void {
    this.#isStopped = true;
    this.#openings.stop();
    this.#workers.stop();
    for (const entry of this.#entries.all) this.#remove(entry);
    this.#standby.end();
  }

  ready(connection: PoolConnection, upstream: ReadyUpstream): void {
    const entry = this.#entries.of(connection);
    const { mux, now, troubles } = this.#options;
    const { poolId, account } = entry.pool;
    const ready = entry.makeReady(upstream, now());
    const kind = kindOf(entry.pool, connection);
    this.#book.connected(poolId, kind);
    this.#refusals.taken();
    this.#health.ready(poolId, now());
    troubles.connected(entry.pool);
    logConnected(upstream, kind, account, now() - entry.openedAt);
    mux.upstreamReady(upstream);
    mux.jobArrived(upstream, upstream.latestJob);
    this.#replaceBy(entry);
    upstream.watch.hearsJob = (job, time) => this.#work.jobCame(ready, job, time);
    this.#work.jobCame(ready, upstream.latestJob, now());
    this.#reconsider();
  }

  replace(connection: PoolConnection): boolean {
    const entry = this.#entries.of(connection);
    const { ready, rank } = entry;
    if (ready === undefined || rank === UNWANTED || ready.isToBeReplaced) return false;
    if (!this.#openings.mayDial(rank, false)) return false;
    ready.isToBeReplaced = true;
    this.#openings.open(rank);
    return true;
  }

  ended(connection: PoolConnection, reason: string, cause: EndCause): void {
    const entry = this.#entries.of(connection);
    const { mux, now, troubles } = this.#options;
    const { pool, ready } = entry;
    this.#forget(entry);
    if (ready === undefined) {
      // It may have been opened in place of another, which may ask again.
      for (const { ready } of this.#entries.to(pool.poolId)) {
        if (ready !== undefined) ready.isToBeReplaced = false;
      }
      this.#book.failed(pool.poolId, reason);
      const isOfAccount = cause === "accountRefusal";
      this.#health.failed(pool.poolId, now(), isOfAccount);
      this.#refusals.failed(pool.poolId, isOfAccount);
      const trouble = { name: connection.name, pool, reason, next: this.#openings.nextTry(entry) };
      if (cause === "refusal" || isOfAccount) troubles.refused(trouble, isOfAccount);
      else troubles.notReached(trouble);
      this.#noteRefusal();
    } else {
      const heldMs = now() - ready.at;
      this.#book.lost(pool.poolId, reason);
      this.#health.lost(pool.poolId, now(), heldMs);
      if (cause === "close" && this.#wasIdle(entry)) this.#cold.closed(pool.poolId, heldMs);
      const trouble = { name: connection.name, pool, reason, next: this.#openings.nextTry(entry) };
      troubles.lost(trouble, ready.isServing ? "serving" : "spare");
      if (this.#cold.isCold(pool.poolId)) this.#keepCold(pool);
      this.#standby.remember(ready.upstream);
      mux.upstreamLost(ready.upstream);
    }
    this.#reconsider();
  }

  /** Miners leave connections of this pool that it wants to be replaced. */
  #replaceBy(successor: RosterEntry): void {
    for (const entry of this.#entries.to(successor.pool.poolId)) {
      if (entry === successor || entry.ready?.isToBeReplaced !== true) continue;
      entry.ready.leftFor = "the pool asked for another connection";
      entry.rank = UNWANTED;
    }
  }

  /** Whether a spare never served and is not about to. */
  #wasIdle({ rank, ready }: RosterEntry): boolean {
    return ready?.servesSince === Infinity && rank !== UNWANTED &&
      rank >= this.#entries.worstRank;
  }

  /** Stops keeping spares at a pool, and logs it. */
  #keepCold(pool: ListedPool): void {
    this.#book.troubled(pool.poolId, COLD);
    this.#options.troubles.cold(pool, CLOSES_UNTIL_COLD);
  }

  #report(pool: ListedPool, isListed: boolean): PoolReport {
    const { poolId } = pool;
    return poolReport(pool, {
      isListed,
      isCold: this.#cold.isCold(poolId),
      retryInMs: this.#openings.retryInMs(pool),
      entries: this.#entries.to(poolId),
      workerConnections: this.#workers.countsAt(poolId),
      workerTraffic: this.#workers.trafficTo(poolId),
      record: this.#book.of(poolId),
      time: this.#options.now(),
    });
  }

  /** Tells the mux once every pool has failed and they refuse the account's name. */
  #noteRefusal(): void {
    const { listed } = this.#order;
    if (this.#entries.ready.length > 0 || !this.#refusals.areEnough(listed.length)) return;
    if (listed.every(({ poolId }) => this.#health.hasFailed(poolId))) {
      this.#options.mux.accountRefused();
    }
  }

  /** Gives roles to ready connections, then opens missing ones. */
  #reconsider(): void {
    if (this.#isStopped) return;
    this.#serving.assign();
    for (const entry of this.#serving.surplus()) {
      if (this.#serving.isOver(entry)) this.#remove(entry);
    }
    if (this.#entries.serving.length === 0) this.#standby.begin();
    this.#openForRoom();
    const { connections } = this.#settings;
    const wishes = {
      pools: this.#order.ranked.length,
      active: connections ?? 1,
      spare: connections === undefined && this.#options.maySpare(),
      isCold: (rank: number) => this.#isCold(rank),
    };
    const mayDial = (rank: number, isOutage: boolean) => this.#openings.mayDial(rank, isOutage);
    for (;;) {
      const rank = nextRank(this.#entries.counting, wishes, mayDial, this.#options.now());
      if (rank === undefined) return;
      this.#openings.open(rank);
    }
  }

  /** Whether the pool of a rank gets no spare: it closes them, and none is needed yet. */
  #isCold(rank: number): boolean {
    const isNeeded = this.#entries.serving.some(({ ready }) => ready.upstream.isSilent);
    return !isNeeded && this.#cold.isCold(this.#order.ranked[rank]!.poolId);
  }

  /** Opens more connections to a pool that serves, if it has too little room for the miners. */
  #openForRoom(): void {
    const { serving, worstRank } = this.#entries;
    if (serving.length === 0 || worstRank === UNWANTED) return;
    const coming = this.#entries.all.filter((entry) =>
      entry.rank === worstRank && entry.role !== "active"
    );
    const missing = this.#serving.wanted - serving.length - coming.length;
    for (let opened = 0; opened < missing; opened++) {
      if (!this.#openings.mayDial(worstRank, false, URGENCY.crowd)) return;
      this.#openings.open(worstRank, URGENCY.crowd);
    }
    if (serving.length >= this.#settings.mostConnections) this.#sayFull(serving[0]!);
  }

  #sayFull({ connection, pool }: ReadyEntry): void {
    const { roomless } = this.#options.need();
    if (roomless === 0 || this.#isFullSaid) return;
    this.#isFullSaid = true;
    const { mostConnections: connections } = this.#settings;
    logFull(connection.name, { connections, waiting: roomless, pool });
  }

  /** Closes a connection that we no longer want. */
  #remove(entry: RosterEntry): void {
    this.#forget(entry);
    const { connection, pool: { poolId }, ready } = entry;
    connection.close();
    if (ready === undefined) return;
    const { now } = this.#options;
    if (ready.leftFor !== undefined) this.#book.lost(poolId, ready.leftFor);
    this.#health.closed(poolId, now(), now() - ready.at);
    this.#options.mux.upstreamLost(ready.upstream);
  }

  #forget(entry: RosterEntry): void {
    this.#entries.remove(entry);
    this.#book.closed(entry.pool.poolId, entry.connection);
  }
}
