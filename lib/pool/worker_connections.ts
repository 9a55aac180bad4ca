/**
 * The connections of single workers at a pool whose entry says `workers: "connection"`, in addition
 * to the shared connections of an account.
 *
 * Miners never wait for such a connection: before it is ready, and when it is lost, they work on
 * the shared connection. So nothing here is urgent: connections are opened at a bounded rate,
 * checked a few at a time, and given up if a pool does not accept them.
 */

import { formatAddress } from "../base/peer_address.ts";
import type { Random } from "../base/clock.ts";
import type { Traffic } from "../mux/books/traffic.ts";
import { sumOfTraffic } from "../mux/books/traffic.ts";
import type { UpstreamEvents } from "../mux/upstream.ts";
import type { WorkerConnectionCounts } from "../mux/upstreams.ts";
import { type ConnectLimiter, URGENCY } from "../net/pools/connect_limiter.ts";
import type { EndCause, PoolConnection, PoolConnectionOwner, ReadyUpstream } from "./connection.ts";
import type { ReadyEntry } from "./entries.ts";
import type { HalfDeadBounds } from "./half_dead.ts";
import { PROVEN_MS } from "./health.ts";
import type { PoolBook } from "./pool_book.ts";
import { UNWANTED } from "./roles.ts";
import { type ListedPool, servesAs } from "./settings.ts";
import type { PoolTroubleLog } from "./trouble_log.ts";
import { logGivenUp, logWorkersBegin, logWorkersFull } from "./worker_log.ts";
import type { WorkerQuota } from "./worker_quota.ts";
import { WorkerTrials } from "./worker_trials.ts";

/** What {@linkcode WorkerConnections} works with. */
export interface WorkerConnectionsParts {
  /** A worker's name at the pool, from the configured user and the worker's name. */
  readonly workerUser: (user: string, workerName: string) => string;
  /** Opens a connection to a pool under this name. */
  readonly open: (pool: ListedPool, user: string, owner: PoolConnectionOwner) => PoolConnection;
  /** The account's multiplexer. */
  readonly mux: UpstreamEvents;
  /** The names of all workers that have a miner. */
  readonly workerNames: () => ReadonlySet<string>;
  /** How many miners work on a connection. */
  readonly minersAt: (upstream: ReadyUpstream) => number;
  /** When miners leave a connection that does no work. */
  readonly halfDead: () => HalfDeadBounds;
  /** Counts these connections together with the pool's others. */
  readonly book: PoolBook;
  /** Shared by everything that connects to pools. */
  readonly connects: ConnectLimiter;
  /** Shared by all accounts. */
  readonly quota: WorkerQuota;
  /** Shared by all accounts: the log lines about those that fail. */
  readonly troubles: PoolTroubleLog;
  /** Monotonic time. */
  readonly now: () => number;
  /** For the length of waits. */
  readonly random: Random;
}

/** Workers and connections are checked this often, in milliseconds. */
const LOOK_MS = 1_000;

/** A connection is kept this long without a miner, in milliseconds. */
const EMPTY_MS = 60_000;

/**
 * A connection that handed over its miners is kept this long for its last verdicts, in
 * milliseconds.
 */
const LINGER_MS = 5_000;

/** The most connections closed, and the most whose miners move to shared ones, in one tick. */
const CLOSED_AT_ONCE = 64;
const LEFT_AT_ONCE = 256;

/** Connections lost within this time of each other are lost together, in milliseconds. */
const TOGETHER_MS = 2_000;

/** Each connection has its turn once in this number of ticks: there may be thousands. */
const TICKS_A_TURN = 4;

/** One worker's connection. */
interface OwnConnection {
  readonly pool: ListedPool;
  /** The worker's name at the pool. */
  readonly user: string;
  /** The workers' names here: several may have the same name at the pool. */
  readonly names: Set<string>;
  readonly openedAt: number;
  /** Connections are checked in turns: the tick in which this one is. */
  readonly turn: number;
  connection: PoolConnection;
  ready: { readonly upstream: ReadyUpstream; readonly at: number } | undefined;
  /** When the last miner of these workers left; `undefined` while there is one. */
  emptySince: number | undefined;
  /** Since when it is no longer wanted; `undefined` while it is. */
  leftSince: number | undefined;
}

/** The single workers' connections of one account. Times are monotonic, in milliseconds. */
export class WorkerConnections implements PoolConnectionOwner {
  readonly #parts: WorkerConnectionsParts;
  /** The pool where each worker should have its own; `undefined` for none. */
  #pool: ListedPool | undefined;
  /** Those that are wanted, by the worker's name at the pool. */
  readonly #byUser = new Map<string, OwnConnection>();
  /** Connections to an earlier pool, whose miners have not moved yet. */
  readonly #former: OwnConnection[] = [];
  /** All of them. */
  readonly #all = new Map<PoolConnection, OwnConnection>();
  /** Which connections are worth trying, by the pool's number. */
  readonly #trials = new Map<number, WorkerTrials>();
  /** The pools for which it was logged that such connections begin. */
  readonly #said = new Set<number>();
  /** The names at the pool of workers that have a miner, by their names here. */
  #users = new Map<string, string>();
  /** Workers without a connection, by their names at the pool. */
  #missing = new Map<string, Set<string>>();
  #lookedAt = -Infinity;
  /** Whether the shared connection leads to the pool. */
  #isThere = false;
  /** When a connection was last lost, and last opened. */
  #lostAt = -Infinity;
  #openedAt = -Infinity;
  #opened = 0;
  #ticks = 0;

  /** Opens nothing before the first tick. */
  constructor(parts: WorkerConnectionsParts) {
    this.#parts = parts;
  }

  /** The traffic on open connections. */
  get traffic(): Traffic {
    return sumOfTraffic([...this.#all.keys()]);
  }

  /** The traffic on those to the pool with this number. */
  trafficTo(poolId: number): Traffic {
    const there = [...this.#all.values()].filter(({ pool }) => pool.poolId === poolId);
    return sumOfTraffic(there.map(({ connection }) => connection));
  }

  /** Bytes that wait to be written. */
  get waitingBytes(): number {
    return this.#all.keys().reduce((sum, { waitingBytes }) => sum + waitingBytes, 0);
  }

  /** How many of them lead to the pool with this number. */
  countsAt(poolId: number): WorkerConnectionCounts {
    const counts = { ready: 0, opening: 0 };
    for (const { pool, ready } of this.#all.values()) {
      if (pool.poolId === poolId) counts[ready === undefined ? "opening" : "ready"]++;
    }
    return counts;
  }

  /**
   * Looks after all of them. Call this several times a second.
   *
   * @param best The best connection that serves miners; `undefined` while none does. Workers get
   * their own connections to its pool, if the pool's entry says so, and keep them until another
   * pool serves.
   * @param isBetter Whether a pool is wanted and better than that one: then they also keep their
   * connections there, since a shared connection has nothing to do there and pools close idle ones.
   */
  tick(best: ReadyEntry | undefined, isBetter: (pool: ListedPool) => boolean): void {
    const time = this.#parts.now();
    this.#ticks = (this.#ticks + 1) % TICKS_A_TURN;
    // One that ends here leaves the list.
    for (const own of [...this.#all.values()]) {
      if (own.turn !== this.#ticks) continue;
      own.connection.tick();
      this.#judge(own, best, time);
    }
    const isThere = best !== undefined && this.#pool !== undefined &&
      servesAs(this.#pool, best.pool);
    if (this.#isThere && !isThere) this.#noteLoss(time);
    this.#isThere = isThere;
    if (best !== undefined && !isThere && !this.#mayStay(isBetter)) {
      const pool = wantsOwn(best) ? best.pool : undefined;
      if (pool !== undefined || this.#pool !== undefined) this.#moveTo(pool);
    }
    if (time - this.#lookedAt >= LOOK_MS) this.#look(time);
    for (const own of this.#former.splice(0, LEFT_AT_ONCE)) this.#leave(own, time);
    this.#closeLeft(time);
    const pool = this.#pool;
    if (pool === undefined || best === undefined || best.rank === UNWANTED) return;
    if (servesAs(pool, best.pool)) this.#openMissing(pool, best, time);
  }

  /** Whether workers stay where they are although the shared connection leads elsewhere. */
  #mayStay(isBetter: (pool: ListedPool) => boolean): boolean {
    if (this.#pool === undefined || !isBetter(this.#pool)) return false;
    return this.#byUser.values().some(({ ready }) => ready !== undefined);
  }

  /** The operator changed something: tries again what was given up. */
  retry(): void {
    this.#trials.clear();
    this.#said.clear();
  }

  /** Closes all. */
  stop(): void {
    this.#pool = undefined;
    for (const own of [...this.#all.values()]) this.#close(own);
  }

  ready(connection: PoolConnection, upstream: ReadyUpstream): void {
    const own = this.#all.get(connection)!;
    const { mux, book, now } = this.#parts;
    own.ready = { upstream, at: now() };
    book.connected(own.pool.poolId, "stratum");
    this.#trialsOf(own.pool).succeeded();
    mux.upstreamReady(upstream);
    mux.jobArrived(upstream, upstream.latestJob);
    if (!this.#isWanted(own)) return;
    for (const name of own.names) mux.dedicated(upstream, name);
  }

  ended(connection: PoolConnection, reason: string, cause: EndCause): void {
    this.#ended(
      this.#all.get(connection)!,
      reason,
      cause === "refusal" || cause === "accountRefusal",
    );
  }

  #ended(own: OwnConnection, reason: string, isRefusal: boolean): void {
    const { mux, book, now, troubles } = this.#parts;
    const { pool, user, openedAt, ready, connection } = own;
    const time = now();
    const isWanted = this.#isWanted(own);
    this.#forget(own);
    if (ready !== undefined) this.#lostAt = time;
    if (ready === undefined) book.failed(pool.poolId, reason);
    else book.lost(pool.poolId, reason);
    if (isWanted) {
      const isProven = ready !== undefined && time - ready.at >= PROVEN_MS && !isRefusal;
      const trials = this.#trialsOf(pool);
      troubles.ofWorker({ name: connection.name, pool, reason }, user);
      if (isProven) trials.proven(user);
      else if (trials.failed({ user, openedAt, isRefusal }, time)) {
        const others = this.countsAt(pool.poolId).ready;
        logGivenUp(connection.name, { reason, user: pool.account, others });
      }
    }
    if (ready !== undefined) mux.upstreamLost(ready.upstream);
  }

  /** Workers have their own connections elsewhere from now on, or nowhere. */
  #moveTo(pool: ListedPool | undefined): void {
    this.#former.push(...this.#byUser.values());
    this.#byUser.clear();
    this.#pool = pool;
    this.#users.clear();
    this.#missing.clear();
    this.#lookedAt = -Infinity;
  }

  /**
   * No shared connection leads to the pool any more: the pool may have closed them because of
   * these.
   */
  #noteLoss(time: number): void {
    const pool = this.#pool!;
    const trials = this.#trialsOf(pool);
    trials.excused();
    const isOfAll = time - this.#lostAt < TOGETHER_MS && time - this.#openedAt < PROVEN_MS;
    if (!isOfAll || !trials.struck(time)) return;
    const reason = "it closes all connections when they are opened";
    const others = this.countsAt(pool.poolId).ready;
    logGivenUp(nameOf(pool), { reason, user: pool.account, others });
  }

  /** A connection is no longer wanted: its miners move to shared ones, then it is closed. */
  #leave(own: OwnConnection, time: number): void {
    // The connection may have ended meanwhile.
    if (!this.#all.has(own.connection)) return;
    own.leftSince = time;
    if (this.#isWanted(own)) this.#byUser.delete(own.user);
    if (own.ready === undefined) this.#close(own);
    else this.#parts.mux.moved(own.ready.upstream, undefined);
  }

  #closeLeft(time: number): void {
    let closed = 0;
    for (const own of this.#all.values()) {
      const { leftSince, ready } = own;
      if (leftSince === undefined || time - leftSince < LINGER_MS) continue;
      if (ready !== undefined && this.#parts.minersAt(ready.upstream) > 0) continue;
      this.#close(own);
      if (++closed === CLOSED_AT_ONCE) return;
    }
  }

  /** Finds the present workers, and connections that no worker needs. */
  #look(time: number): void {
    this.#lookedAt = time;
    if (this.#pool === undefined) return;
    const { account } = this.#pool;
    const users = new Map<string, string>();
    const missing = new Map<string, Set<string>>();
    const present = new Set<string>();
    for (const name of this.#parts.workerNames()) {
      const user = this.#users.get(name) ?? this.#parts.workerUser(account, name);
      users.set(name, user);
      present.add(user);
      const own = this.#byUser.get(user);
      if (own === undefined) addTo(missing, user, name);
      else this.#join(own, name);
    }
    this.#users = users;
    this.#missing = missing;
    for (const own of this.#byUser.values()) {
      if (present.has(own.user)) own.emptySince = undefined;
      else own.emptySince ??= time;
      if (own.emptySince !== undefined && time - own.emptySince >= EMPTY_MS) this.#leave(own, time);
    }
  }

  /** Notes that one more worker here has the same name at the pool. */
  #join(own: OwnConnection, name: string): void {
    if (own.names.has(name)) return;
    own.names.add(name);
    if (own.ready !== undefined) this.#parts.mux.dedicated(own.ready.upstream, name);
  }

  /** Judges a ready connection by its work. */
  #judge(own: OwnConnection, best: ReadyEntry | undefined, time: number): void {
    if (own.ready === undefined || !this.#isWanted(own)) return;
    const { watch: { record, refusals } } = own.ready.upstream;
    const news = best &&
      { at: best.ready.upstream.watch.record.newsAt, name: best.connection.name };
    const sign = record.sign(this.#parts.halfDead(), news, time);
    const run = refusals.take(time);
    // Low difficulty comes from a change of difficulty, or the pool hides what it demands.
    const isBarred = run !== undefined && run.reason !== "lowDifficulty" &&
      run.refused === run.judged;
    const reason = isBarred
      ? `it rejected all ${run.judged} shares: ${run.status} "${run.text}"`
      : sign;
    if (reason === undefined) return;
    own.connection.close();
    this.#ended(own, reason, true);
  }

  #openMissing(pool: ListedPool, best: ReadyEntry, time: number): void {
    const { connects, quota, now } = this.#parts;
    if (this.#missing.size === 0) return;
    const trials = this.#trialsOf(pool);
    let left = trials.mostOpening(time) - this.countsAt(pool.poolId).opening;
    for (const [user, names] of this.#missing) {
      if (left <= 0) return;
      if (!trials.mayTry(user, time)) continue;
      if (!quota.hasRoom) {
        const { most } = quota;
        if (quota.takeSaying()) logWorkersFull(best.connection.name, { most, user: pool.account });
        return;
      }
      if (!connects.mayConnect(pool, this, URGENCY.crowd)) return;
      this.#sayBegin(pool, best, user);
      connects.connects(pool, this, URGENCY.crowd);
      left--;
      this.#missing.delete(user);
      quota.take();
      this.#openedAt = time;
      const turn = this.#opened++ % TICKS_A_TURN;
      const connection = this.#parts.open(pool, user, this);
      const own: OwnConnection = {
        pool,
        user,
        names,
        openedAt: now(),
        turn,
        connection,
        ready: undefined,
        emptySince: undefined,
        leftSince: undefined,
      };
      this.#byUser.set(user, own);
      this.#all.set(connection, own);
    }
  }

  #sayBegin(pool: ListedPool, best: ReadyEntry, user: string): void {
    if (this.#said.has(pool.poolId)) return;
    this.#said.add(pool.poolId);
    logWorkersBegin(best.connection.name, { example: user, user: pool.account });
  }

  /** Whether miners should work on it. */
  #isWanted(own: OwnConnection): boolean {
    return this.#byUser.get(own.user) === own;
  }

  /** Closes a connection that we no longer want. */
  #close(own: OwnConnection): void {
    this.#forget(own);
    own.connection.close();
    if (own.ready !== undefined) this.#parts.mux.upstreamLost(own.ready.upstream);
  }

  #forget(own: OwnConnection): void {
    const { book, quota } = this.#parts;
    this.#all.delete(own.connection);
    if (this.#isWanted(own)) this.#byUser.delete(own.user);
    book.closed(own.pool.poolId, own.connection);
    quota.give();
  }

  #trialsOf({ poolId }: ListedPool): WorkerTrials {
    let trials = this.#trials.get(poolId);
    if (trials === undefined) {
      this.#trials.set(poolId, trials = new WorkerTrials(this.#parts.random));
    }
    return trials;
  }
}

function nameOf({ host, port }: ListedPool): string {
  return formatAddress({ hostname: host, port });
}

/** Whether workers should have their own connections to the pool of this one. */
function wantsOwn({ pool, connection }: ReadyEntry): boolean {
  return pool.workers === "connection" && (connection.kind ?? pool.kind) === "stratum";
}

function addTo(sets: Map<string, Set<string>>, key: string, value: string): void {
  const set = sets.get(key);
  if (set === undefined) sets.set(key, new Set([value]));
  else set.add(value);
}
