/**
 * The pool connections of one account: opens them, replaces them when they break, and returns to a
 * better pool once it has been healthy.
 *
 * In addition to the serving connections, a spare to the best other pool is kept ready, so that
 * failover is only a change of roles.
 */

import type { AttendedNow, RateClock } from "../base/attended_clock.ts";
import type { Time } from "../base/clock.ts";
import { sumOfTraffic, type Traffic } from "../mux/books/traffic.ts";
import type { Upstream, UpstreamEvents } from "../mux/upstream.ts";
import { placesOn } from "../mux/terms.ts";
import type { PoolReport, Upstreams } from "../mux/upstreams.ts";
import { type ConnectLimiter, URGENCY, type Urgency } from "../net/pools/connect_limiter.ts";
import type { Job } from "../protocol/stratum/job.ts";
import { CLOSES_UNTIL_COLD, ColdSpares } from "./cold_spares.ts";
import type {
  EndCause,
  OpenConnection,
  PoolConnection,
  PoolConnectionOptions,
  PoolConnectionOwner,
  ReadyUpstream,
} from "./connection.ts";
import { type ReadyEntry, RosterEntries, RosterEntry } from "./entries.ts";
import { Leavings } from "./half_dead.ts";
import { JobEvents } from "./job_events.ts";
import { PoolHealth } from "./health.ts";
import { PoolBook } from "./pool_book.ts";
import { PoolOrder } from "./pool_order.ts";
import { kindOf, poolReport } from "./pool_report.ts";
import { SaidOfPools } from "./refusal_watch.ts";
import { Refusals } from "./refusals.ts";
import { isBesideActive, nextRank, UNWANTED } from "./roles.ts";
import {
  logConnected,
  logFull,
  logHalfDead,
  logMove,
  logRefusals,
  logServes,
  type MoveReason,
} from "./roster_log.ts";
import { type ListedPool, type RosterSettings, servesAs } from "./settings.ts";
import { Standby } from "./standby.ts";
import type { PoolTroubleLog } from "./trouble_log.ts";
import { TurnGate } from "./turn_gate.ts";
import { WorkerConnections } from "./worker_connections.ts";
import type { WorkerQuota } from "./worker_quota.ts";

/** What the connections of an account are made of. */
export interface RosterOptions extends RosterSettings {
  /** Opens one connection. */
  readonly open: OpenConnection;
  /** What a Stratum pool calls a worker, by the configured user and the worker's name. */
  readonly workerUser: (user: string, workerName: string) => string;
  /** The version of btcagent. */
  readonly version: string;
  /** The account's multiplexer. */
  readonly mux: UpstreamEvents;
  /** Monotonic time. */
  readonly now: AttendedNow;
  /** The clock that rates of pools are judged by. */
  readonly rateClock: RateClock;
  /** For randomness, timers and the times of made-up jobs. */
  readonly time: Time;
  /** Shared by everything that connects to pools. */
  readonly connects: ConnectLimiter;
  /** Shared by all accounts: the log lines about pools that fail. */
  readonly troubles: PoolTroubleLog;
  /** Shared by all accounts: how many connections of single workers there may be. */
  readonly quota: WorkerQuota;
  /** What the account's miners need of its connections. */
  readonly need: () => ConnectionNeed;
  /** Whether a warm spare may be opened yet, where one is wanted. */
  readonly maySpare: () => boolean;
}

/**
 * A connection that handed over its miners is kept this long, in milliseconds, to write its last
 * shares and read their verdicts.
 */
const LINGER_MS = 5_000;

/** Why a pool gets no warm spare, in words. */
const COLD = `it closed ${CLOSES_UNTIL_COLD} idle spare connections, so it gets no more: ` +
  "connecting to it only when it is needed";

/** What miners need of their connections. */
export interface ConnectionNeed {
  /** How many of them have no place because no connection has room. */
  readonly roomless: number;
  /** How many work on a connection. */
  readonly minersAt: (upstream: Upstream) => number;
  /** The names of all workers that have a miner. */
  readonly workerNames: () => ReadonlySet<string>;
  /** The difficulty that suits all of them together; `undefined` if that is unknown, or not wanted. */
  readonly suggestedDifficulty: number | undefined;
}

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
  readonly #leavings = new Leavings();
  readonly #said = new SaidOfPools();
  readonly #book = new PoolBook();
  readonly #jobs = new JobEvents(this.#book, this.#said);
  readonly #workers: WorkerConnections;
  #opened = 0;
  /** Whether it was logged that no more connections are opened for miners without a place. */
  #isFullSaid = false;
  #isStopped = false;

  /** Opens nothing before the first tick. */
  constructor(options: RosterOptions) {
    this.#options = options;
    this.#settings = options;
    this.#order = new PoolOrder(options.pools);
    this.#health = new PoolHealth(options.time.random);
    const { standbyIntervalMs: intervalMs, mux, now, time, troubles } = options;
    this.#standby = new Standby({ intervalMs, mux, now, wallNow: time.wallNow, troubles });
    const { need, connects, quota, workerUser } = options;
    const gate = new TurnGate(time);
    this.#workers = new WorkerConnections({
      workerUser,
      open: (pool, user, owner) =>
        this.#connect(pool, { kind: "stratum", account: user, isOfOneWorker: true, gate, owner }),
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

  /** Looks after every connection. To be called several times a second. */
  tick(): void {
    // A connection that ends here leaves the list.
    for (const { connection } of this.#entries.all) connection.tick();
    this.#jobs.tick(this.#entries.ready, this.#options.now());
    for (const entry of this.#entries.ready) this.#judgeWork(entry);
    this.#standby.tick();
    this.#reconsider();
    const best = this.#best;
    this.#workers.tick(best, (pool) => this.#isBetter(pool, best));
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
    this.#options.connects.forget(this);
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
    upstream.watch.hearsJob = (job, time) => this.#jobCame(ready, job, time);
    this.#jobCame(ready, upstream.latestJob, now());
    this.#reconsider();
  }

  ended(connection: PoolConnection, reason: string, cause: EndCause): void {
    const entry = this.#entries.of(connection);
    const { mux, now, troubles } = this.#options;
    const { pool, ready } = entry;
    this.#forget(entry);
    if (ready === undefined) {
      this.#book.failed(pool.poolId, reason);
      const isOfAccount = cause === "accountRefusal";
      this.#health.failed(pool.poolId, now(), isOfAccount);
      this.#refusals.failed(pool.poolId, isOfAccount);
      const trouble = { name: connection.name, pool, reason, next: this.#nextTry(entry) };
      if (cause === "refusal" || isOfAccount) troubles.refused(trouble, isOfAccount);
      else troubles.notReached(trouble);
      this.#noteRefusal();
    } else {
      const heldMs = now() - ready.at;
      this.#book.lost(pool.poolId, reason);
      this.#health.lost(pool.poolId, now(), heldMs);
      if (cause === "close" && this.#wasIdle(entry)) this.#cold.closed(pool.poolId, heldMs);
      const trouble = { name: connection.name, pool, reason, next: this.#nextTry(entry) };
      troubles.lost(trouble, ready.isServing ? "serving" : "spare");
      if (this.#cold.isCold(pool.poolId)) this.#keepCold(pool);
      this.#standby.remember(ready.upstream);
      mux.upstreamLost(ready.upstream);
    }
    this.#reconsider();
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
      retryInMs: this.#retryInMs(pool),
      entries: this.#entries.to(poolId),
      workerConnections: this.#workers.countsAt(poolId),
      workerTraffic: this.#workers.trafficTo(poolId),
      record: this.#book.of(poolId),
      time: this.#options.now(),
    });
  }

  /** When the pool of a connection that ended is tried again, in words. */
  #nextTry({ rank, pool }: RosterEntry): string {
    if (rank === UNWANTED) return "it is no longer in use";
    if (this.#cold.isCold(pool.poolId)) return "connecting to it when it is needed";
    const seconds = (this.#retryInMs(pool) / 1000).toFixed(1);
    return seconds === "0.0" ? "retrying now" : `retrying in ${seconds} s`;
  }

  #retryInMs(pool: ListedPool): number {
    const { connects, now } = this.#options;
    const wait = this.#health.wait(pool.poolId, now(), this.#entries.ready.length === 0);
    return Math.max(0, wait, connects.waitMs(pool));
  }

  /** How urgently miners need a connection to this pool. */
  #urgency(poolId: number): Urgency {
    // A name that a pool refuses must not delay the connections of other names.
    if (this.#entries.ready.length > 0 || this.#refusals.isBy(poolId)) return URGENCY.more;
    return this.#refusals.wasTaken ? URGENCY.outage : URGENCY.first;
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
    this.#assignRoles();
    if (this.#entries.serving.length === 0) this.#standby.begin();
    this.#openForRoom();
    const { connections } = this.#settings;
    const wishes = {
      pools: this.#order.ranked.length,
      active: connections ?? 1,
      spare: connections === undefined && this.#options.maySpare(),
      isCold: (rank: number) => this.#isCold(rank),
    };
    const mayDial = (rank: number, isOutage: boolean) => this.#mayDial(rank, isOutage);
    for (;;) {
      const rank = nextRank(this.#entries.counting, wishes, mayDial, this.#options.now());
      if (rank === undefined) return;
      this.#open(rank);
    }
  }

  /** Whether the pool of a rank gets no spare: it closes them, and none is needed yet. */
  #isCold(rank: number): boolean {
    const isNeeded = this.#entries.serving.some(({ ready }) => ready.upstream.isSilent);
    return !isNeeded && this.#cold.isCold(this.#order.ranked[rank]!.poolId);
  }

  /** A serving connection to the best pool; `undefined` when none serves. */
  get #best(): ReadyEntry | undefined {
    const [best] = this.#entries.serving.toSorted((a, b) => a.rank - b.rank);
    return best;
  }

  /** Whether a pool is wanted, does its work, and is better than the one that serves. */
  #isBetter(pool: ListedPool, best: ReadyEntry | undefined): boolean {
    const rank = this.#order.ranked.findIndex((listed) => servesAs(pool, listed));
    return rank !== -1 && best !== undefined && rank < best.rank &&
      !this.#health.isLeftAlone(pool.poolId, this.#options.now());
  }

  /** How many connections should serve: more if one has room for few miners only. */
  get #wanted(): number {
    const usual = this.#settings.connections ?? 1;
    const { serving } = this.#entries;
    const best = this.#best;
    const places = best === undefined ? Infinity : placesOn(best.ready.upstream.terms);
    if (places === Infinity) return usual;
    const { roomless, minersAt } = this.#options.need();
    const used = serving.filter(({ ready }) => minersAt(ready.upstream) > 0).length;
    const more = roomless === 0 ? 0 : serving.length + Math.ceil(roomless / places);
    return Math.min(this.#settings.mostConnections, Math.max(usual, used, more));
  }

  /** The serving connection to take out of use: one without miners, else the worst. */
  get #leastUseful(): ReadyEntry | undefined {
    const { minersAt } = this.#options.need();
    const { serving, worst, worstRank } = this.#entries;
    const isEmpty = ({ rank, ready }: ReadyEntry) =>
      rank === worstRank && minersAt(ready.upstream) === 0;
    return serving.findLast(isEmpty) ?? worst;
  }

  /** Opens more connections to a pool that serves, if it has too little room for the miners. */
  #openForRoom(): void {
    const { serving, worstRank } = this.#entries;
    if (serving.length === 0 || worstRank === UNWANTED) return;
    const coming = this.#entries.all.filter((entry) =>
      entry.rank === worstRank && entry.role !== "active"
    );
    const missing = this.#wanted - serving.length - coming.length;
    for (let opened = 0; opened < missing; opened++) {
      if (!this.#mayDial(worstRank, false, URGENCY.crowd)) return;
      this.#open(worstRank, URGENCY.crowd);
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

  #mayDial(rank: number, isOutage: boolean, urgency?: Urgency): boolean {
    const pool = this.#order.ranked[rank]!;
    const { poolId } = pool;
    // One connection is enough to find out whether the pool works again.
    const isTried = this.#health.hasFailed(poolId) && this.#entries.to(poolId).length > 0;
    return !isTried && this.#health.mayDial(poolId, this.#options.now(), isOutage) &&
      this.#options.connects.mayConnect(pool, this, urgency ?? this.#urgency(poolId));
  }

  #assignRoles(): void {
    const { now } = this.#options;
    const { connections } = this.#settings;
    while (this.#entries.serving.length < this.#wanted) {
      const [best] = this.#entries.spares;
      if (best === undefined) break;
      // The serving pool needs more room; a spare of another pool stays a spare.
      const isEnough = this.#entries.serving.length >= (connections ?? 1);
      if (isEnough && best.rank > this.#entries.worstRank) break;
      this.#move(undefined, best);
    }
    const better = this.#entries.spares.find((entry) => this.#mayReturnTo(entry));
    const { worst } = this.#entries;
    if (better !== undefined && worst !== undefined) {
      logMove(worst.connection.name, better.connection.name, this.#whyItMoves(worst, better));
      this.#move(worst, better);
    }
    while (this.#entries.serving.length > this.#wanted) this.#move(this.#leastUseful, undefined);
    // A second spare is useful only on the way to a better pool.
    const { worstRank } = this.#entries;
    const { spares, serving } = this.#entries;
    const kept = connections === undefined
      ? spares.find((entry) => !isBesideActive(entry, serving)) ?? spares[0]
      : undefined;
    const surplus = spares.filter((entry) => entry !== kept);
    const unwanted = this.#entries.idle.filter((entry) => entry.rank === UNWANTED);
    for (const entry of [...surplus, ...unwanted]) {
      const { restedAt, upstream } = entry.ready;
      // Miners stay until there is room for them elsewhere.
      const isEmpty = this.#options.need().minersAt(upstream) === 0;
      if (entry.rank >= worstRank && now() - restedAt >= LINGER_MS && isEmpty) this.#remove(entry);
    }
  }

  #whyItMoves(worst: ReadyEntry, better: ReadyEntry): MoveReason {
    if (worst.ready.leftFor !== undefined) return "halfDead";
    if (worst.rank === UNWANTED) return "unwanted";
    if (this.#order.isPinned(better.pool.poolId)) return "pinned";
    return { healthyForMs: this.#settings.returnAfterMs };
  }

  /** Moves miners; the connection they leave is kept for its last verdicts. */
  #move(from: ReadyEntry | undefined, to: ReadyEntry | undefined): void {
    const time = this.#options.now();
    if (to !== undefined) {
      this.#standby.end();
      to.ready.isServing = true;
      to.ready.servesSince = time;
      this.#cold.served(to.pool.poolId);
      this.#book.activated(to.pool.poolId);
      logServes(to.connection.name);
    }
    if (from !== undefined) {
      from.ready.isServing = false;
      from.ready.restedAt = time;
    }
    this.#options.mux.moved(from?.ready.upstream, to?.ready.upstream);
  }

  #mayReturnTo(spare: ReadyEntry): boolean {
    const { worstRank } = this.#entries;
    if (spare.rank >= worstRank) return false;
    const { poolId } = spare.pool;
    return worstRank === UNWANTED || this.#order.isPinned(poolId) ||
      this.#health.healthyFor(poolId, this.#options.now()) >= this.#settings.returnAfterMs;
  }

  /** Judges a connection by its verdicts and jobs, even if it is connected. */
  #judgeWork(entry: ReadyEntry): void {
    const { pool: { poolId }, ready: { upstream, servesSince } } = entry;
    const time = this.#options.now();
    const { record, refusals } = upstream.watch;
    const run = refusals.take(time);
    if (run !== undefined && this.#said.maySay(poolId, run.kind, time)) {
      logRefusals(upstream, run);
    }
    if (entry.rank === UNWANTED) return;
    const news = this.#entries.newsBeside(entry, this.#order.ranked.length);
    const sign = record.sign(this.#settings.halfDead, news, time);
    if (sign === undefined || !this.#leavings.mayLeave(poolId, servesSince, time)) return;
    this.#leave(entry, sign, time);
  }

  /** Examines a job, which miners already have, and logs what is unusual about it. */
  #jobCame(entry: ReadyEntry, job: Job, time: number): void {
    const change = this.#jobs.jobCame(entry, job, time);
    if (change === undefined || !this.#settings.leavesOnPayoutChange) return;
    const { pool: { poolId }, rank, ready: { servesSince } } = entry;
    if (rank === UNWANTED || !this.#leavings.mayLeave(poolId, servesSince, time)) return;
    this.#leave(entry, change, time);
  }

  /**
   * A pool does no work. Its miners leave it as soon as another connection is ready, and it is
   * retried later. If it is the only pool, it gets a new connection.
   */
  #leave(entry: ReadyEntry, sign: string, time: number): void {
    const { poolId } = entry.pool;
    const aloneMs = this.#leavings.left(poolId, time);
    const isOnly = this.#order.ranked.length === 1;
    if (!isOnly) this.#health.leaveAlone(poolId, time + aloneMs);
    logHalfDead(entry.connection.name, entry.role, sign, isOnly, aloneMs);
    const leftFor = `half dead: ${sign}`;
    entry.ready.leftFor = leftFor;
    entry.rank = UNWANTED;
    this.#book.troubled(poolId, leftFor);
  }

  #open(rank: number, urgency?: Urgency): void {
    const { now, connects } = this.#options;
    const pool = this.#order.ranked[rank]!;
    connects.connects(pool, this, urgency ?? this.#urgency(pool.poolId));
    const { kind, account } = pool;
    const { suggestedDifficulty } = this.#options.need();
    const connection = this.#connect(pool, {
      ...suggestedDifficulty === undefined ? {} : { suggestedDifficulty },
      kind,
      account,
      owner: this,
    });
    this.#entries.add(new RosterEntry(pool, rank, now(), connection));
  }

  /** Starts a connection to a pool, for all miners or for those of one worker. */
  #connect(
    pool: ListedPool,
    use:
      & Pick<PoolConnectionOptions, "kind" | "account" | "owner">
      & Pick<PoolConnectionOptions, "isOfOneWorker" | "gate" | "suggestedDifficulty">,
  ): PoolConnection {
    const { poolId, host, port, usesTls, password, workers, minersPerConnection } = pool;
    const { open, version, mux, now, rateClock, time, connects } = this.#options;
    return open({
      ...this.#settings.connection,
      ...use,
      name: `${host}:${port} #${++this.#opened}`,
      poolId,
      address: { host, port, usesTls },
      connectsAgain: () => connects.connectsAgain(pool),
      password,
      workers,
      minersPerConnection,
      version,
      now,
      rateClock,
      timers: time,
      mux,
    });
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
