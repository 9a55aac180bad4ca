/**
 * The upstream connections of one account: opened, replaced when they break, moved back to a
 * better pool when it has proved healthy.
 *
 * A spare is ready beside the connections that serve, to the best pool that is not serving, so
 * that failover is only a change of roles.
 */

import type { RateClock } from "../base/attended_clock.ts";
import type { Now } from "../base/clock.ts";
import type { PoolReport, Traffic, UpstreamEvents, Upstreams } from "../mux/peers.ts";
import { type ConnectLimiter, URGENCY, type Urgency } from "../net/pools/connect_limiter.ts";
import { areaLog } from "../observe/log.ts";
import { Leavings } from "./half_dead.ts";
import { type SessionLine, SessionLines } from "./lines.ts";
import { PoolBook } from "./pool_book.ts";
import { poolReport } from "./pool_report.ts";
import { nextPool, PoolHealth, UNWANTED } from "./reconnect.ts";
import { likelyCause, SaidOfPools } from "./refusal_watch.ts";
import { Refusals } from "./refusals.ts";
import { PoolSession, type PoolSessionOwner } from "./agent/session.ts";
import type { PoolEntry, PoolSlotsSettings } from "./settings.ts";
import { Standby } from "./standby.ts";
import type { PoolTroubleLog } from "./trouble_log.ts";

/** What the connections of an account are made of. */
export interface PoolSlotsOptions extends PoolSlotsSettings {
  /** What a pool hears of us in `mining.subscribe`. */
  readonly clientAgent: string;
  /** The account's multiplexer. */
  readonly mux: UpstreamEvents;
  /** Monotonic time. */
  readonly now: Now;
  /** What rates of pools are judged by. */
  readonly rateClock: RateClock;
  /** As `Math.random`. */
  readonly random: () => number;
  /** Shared by everything that connects to pools. */
  readonly connects: ConnectLimiter;
  /** Shared by all accounts: what is said of pools that fail. */
  readonly troubles: PoolTroubleLog;
  /** Whether a warm spare may be opened yet, where one is wanted. */
  readonly maySpare: () => boolean;
}

/**
 * A connection that handed its miners over is kept this long, in milliseconds: its last shares
 * are still to be written, and their verdicts to come.
 */
const LINGER_MS = 5_000;

const log = areaLog("pool");

/** See the head of this file. */
export class PoolSlots implements PoolSessionOwner, Upstreams {
  readonly #options: Omit<PoolSlotsOptions, keyof PoolSlotsSettings>;
  #settings: PoolSlotsSettings;
  readonly #health: PoolHealth;
  /** The same by place in the order. */
  readonly #healthInOrder: Pick<PoolHealth, "mayDial"> = {
    mayDial: (place, time, isOutage) => {
      const entry = this.#order[place]!;
      const { number } = entry;
      // One finds out whether it is well again as well as several would.
      const isTried = this.#health.hasFailed(number) && this.#lines.to(number).length > 0;
      return !isTried && this.#health.mayDial(number, time, isOutage) &&
        this.#options.connects.mayConnect(entry, this, this.#urgency(number));
    },
  };
  readonly #lines = new SessionLines();
  readonly #standby: Standby;
  readonly #refusals = new Refusals();
  readonly #leavings = new Leavings();
  readonly #said = new SaidOfPools();
  readonly #book = new PoolBook();
  /** Every pool that is or was in the list, by its number. */
  readonly #known = new Map<number, PoolEntry>();
  #opened = 0;
  #isStopped = false;
  /** The pools, the best first: a pinned one is the best. */
  #order: readonly PoolEntry[];
  #pinned: number | undefined;

  /** Opens nothing before the first tick. */
  constructor(options: PoolSlotsOptions) {
    this.#options = options;
    this.#settings = options;
    this.#health = new PoolHealth(options.random);
    this.#order = this.#orderOf(options.pools);
    const { standbyIntervalMs: intervalMs, mux, now, troubles } = options;
    this.#standby = new Standby({ intervalMs, mux, now, troubles });
  }

  get pools(): readonly PoolReport[] {
    const listed = this.#settings.pools;
    const gone = [...this.#known.values()].filter(({ number }) => !isAmong(listed, number));
    return [
      ...listed.map((entry) => this.#report(entry, true)),
      ...gone.map((entry) => this.#report(entry, false)),
    ];
  }

  get bytesRead(): number {
    return this.#sum("bytesRead");
  }

  get bytesWritten(): number {
    return this.#sum("bytesWritten");
  }

  get framesRead(): number {
    return this.#sum("framesRead");
  }

  get framesWritten(): number {
    return this.#sum("framesWritten");
  }

  get waitingBytes(): number {
    const ready = this.#lines.all.filter((line) => line.role !== "opening");
    return ready.reduce((sum, { session }) => sum + session.waitingBytes, 0);
  }

  /** Looks after every connection. To be called several times a second. */
  tick(): void {
    // A session that ends here leaves the list.
    for (const { session } of this.#lines.all) session.tick();
    for (const line of this.#lines.all) this.#judgeWork(line);
    this.#standby.tick();
    this.#reconsider();
  }

  /**
   * Takes other settings. Miners leave a pool that is gone from the list, or that now has another
   * account, as soon as one that is wanted is ready; nobody is disconnected.
   */
  reconfigure(settings: PoolSlotsSettings): void {
    this.#settings = settings;
    this.#standby.reconfigure(settings.standbyIntervalMs);
    // What was in the way may be what was mended.
    this.#health.retryAll();
    this.#refusals.forget();
    this.#putInOrder();
    for (const line of this.#lines.all) {
      if (line.role === "opening" && line.pool === UNWANTED) this.#remove(line);
    }
    this.#reconsider();
  }

  /**
   * Prefers the pool with this number to all others until told otherwise; `undefined` for the
   * configured order. Miners move to it as soon as it is ready, and to others only while it fails.
   *
   * @throws RangeError when there is no such pool in the list.
   */
  pin(pool: number | undefined): void {
    const { pools } = this.#settings;
    if (pool !== undefined && !isAmong(pools, pool)) {
      throw new RangeError(`Cannot pin pool ${pool}: it is not in the list`);
    }
    this.#pinned = pool;
    this.#health.retryAll();
    this.#putInOrder();
    this.#reconsider();
  }

  /** Writes out shares that wait for company, on every connection. */
  flush(): void {
    for (const { session } of this.#lines.all) session.flush();
  }

  /** Closes every connection and opens no more. */
  stop(): void {
    this.#isStopped = true;
    this.#options.connects.forget(this);
    for (const line of this.#lines.all) this.#remove(line);
    this.#standby.end();
  }

  sessionReady(session: PoolSession): void {
    const line = this.#lines.of(session);
    const { mux, now, troubles } = this.#options;
    const { number, account } = line.entry;
    line.role = "spare";
    line.readyAt = now();
    this.#book.connected(number);
    this.#refusals.taken();
    this.#health.ready(number, now());
    troubles.connected(line.entry);
    log.info(
      "Pool {pool} connected as sub-account {account} after {ms} ms: {verdicts}, {mask}",
      {
        pool: session.name,
        account,
        ms: Math.round(now() - line.openedAt),
        verdicts: session.shareFate === "judged" ? "verdicts on each share" : "no verdicts",
        mask: session.versionMask === 0
          ? "no version rolling"
          : `version mask ${session.versionMask.toString(16).padStart(8, "0")}`,
      },
    );
    mux.upstreamReady(session);
    mux.jobArrived(session, session.latestJob);
    this.#reconsider();
  }

  sessionEnded(session: PoolSession, reason: string, code: string | undefined): void {
    const line = this.#lines.of(session);
    const { mux, now, troubles } = this.#options;
    const { number } = line.entry;
    this.#forget(line);
    if (line.role === "opening") {
      this.#book.failed(number, reason);
      const isOfAccount = code === "authorize-refused";
      this.#health.failed(number, now(), isOfAccount);
      this.#refusals.failed(number, isOfAccount);
      const trouble = { name: session.name, entry: line.entry, reason, next: this.#nextTry(line) };
      if (code === undefined) troubles.notReached(trouble);
      else troubles.refused(trouble, isOfAccount);
      this.#noteRefusal();
    } else {
      this.#book.lost(number, reason);
      this.#health.lost(number, now(), now() - line.readyAt);
      const trouble = { name: session.name, entry: line.entry, reason, next: this.#nextTry(line) };
      troubles.lost(trouble, line.role === "active" ? "serving" : "spare");
      this.#standby.remember(session);
      mux.upstreamLost(session);
    }
    this.#reconsider();
  }

  #report(entry: PoolEntry, isListed: boolean): PoolReport {
    const { number } = entry;
    return poolReport(entry, {
      isListed,
      retryInMs: this.#retryInMs(number),
      lines: this.#lines.to(number),
      record: this.#book.of(number),
      time: this.#options.now(),
    });
  }

  /** The pools in the order of preference. */
  #orderOf(pools: readonly PoolEntry[]): readonly PoolEntry[] {
    for (const entry of pools) this.#known.set(entry.number, entry);
    const pinned = pools.filter(({ number }) => number === this.#pinned);
    return [...pinned, ...pools.filter(({ number }) => number !== this.#pinned)];
  }

  #putInOrder(): void {
    this.#order = this.#orderOf(this.#settings.pools);
    this.#lines.putInOrder(this.#order);
  }

  /** When the pool of a connection that ended is tried again, in words. */
  #nextTry({ pool, entry }: SessionLine): string {
    if (pool === UNWANTED) return "it is not wanted any more";
    const seconds = (this.#retryInMs(entry.number) / 1000).toFixed(1);
    return seconds === "0.0" ? "trying again now" : `next try in ${seconds} s`;
  }

  #retryInMs(pool: number): number {
    const { connects, now } = this.#options;
    const wait = this.#health.wait(pool, now(), !this.#lines.hasReady);
    return Math.max(0, wait, connects.waitMs(this.#known.get(pool)!));
  }

  /** How much miners need a connection to this pool. */
  #urgency(pool: number): Urgency {
    // A name that a pool refuses must not keep others from it.
    if (this.#lines.hasReady || this.#refusals.isBy(pool)) return URGENCY.more;
    return this.#refusals.wasTaken ? URGENCY.outage : URGENCY.first;
  }

  /** Tells the mux once every pool has failed and they refuse the account's name. */
  #noteRefusal(): void {
    const { pools } = this.#settings;
    if (this.#lines.hasReady || !this.#refusals.areEnough(pools.length)) return;
    if (pools.every(({ number }) => this.#health.hasFailed(number))) {
      this.#options.mux.accountRefused();
    }
  }

  /** Gives roles to what is ready, then opens what is missing. */
  #reconsider(): void {
    if (this.#isStopped) return;
    this.#assignRoles();
    if (this.#lines.withRole("active").length === 0) this.#standby.begin();
    const { connections } = this.#settings;
    const wishes = {
      pools: this.#order.length,
      active: connections ?? 1,
      spare: connections === undefined && this.#options.maySpare(),
    };
    for (;;) {
      const { now } = this.#options;
      const place = nextPool(this.#lines.counting, wishes, this.#healthInOrder, now());
      if (place === undefined) return;
      this.#open(place);
    }
  }

  #assignRoles(): void {
    const { now } = this.#options;
    const { connections } = this.#settings;
    while (this.#lines.withRole("active").length < (connections ?? 1)) {
      const [best] = this.#lines.spares;
      if (best === undefined) break;
      this.#activate(best);
    }
    const better = this.#lines.spares.find((line) => this.#mayReturnTo(line));
    if (better !== undefined) {
      const worst = this.#lines.worst;
      this.#sayWhyItMoves(worst, better);
      // The new place first, so that the miners of the old one have where to go.
      this.#activate(better);
      this.#rest(worst);
    }
    while (this.#lines.withRole("active").length > (connections ?? 1)) {
      this.#rest(this.#lines.worst);
    }
    // A spare beyond the one wanted is of use only on the way to a better pool.
    const worst = this.#lines.worstPlace;
    const surplus = this.#lines.spares.slice(connections === undefined ? 1 : 0);
    const unwanted = this.#lines.withRole("spare").filter((line) => line.pool === UNWANTED);
    for (const line of [...surplus, ...unwanted]) {
      if (line.pool >= worst && now() - line.restedAt >= LINGER_MS) this.#remove(line);
    }
  }

  #sayWhyItMoves(worst: SessionLine, better: SessionLine): void {
    const pool = better.session.name;
    if (worst.leftFor !== undefined) {
      log.info("Miners leave half-dead pool {before} and move to {pool}", {
        before: worst.session.name,
        pool,
      });
    } else if (worst.pool === UNWANTED) {
      log.info("Pool {before} is not wanted any more: miners move to {pool}", {
        before: worst.session.name,
        pool,
      });
    } else if (better.entry.number === this.#pinned) {
      log.info("Pool {pool} is pinned: miners move to it", { pool });
    } else {
      log.info("Pool {pool} has been healthy for {seconds} s: miners return to it", {
        pool,
        seconds: Math.round(this.#settings.returnAfterMs / 1000),
      });
    }
  }

  /** Looks at the verdicts and jobs of a connection, however well it is connected. */
  #judgeWork(line: SessionLine): void {
    if (line.role === "opening") return;
    const { number } = line.entry;
    const { session } = line;
    const time = this.#options.now();
    const run = session.refusals.take(time);
    if (run !== undefined && this.#said.maySay(number, run.kind, time)) {
      log.warn(
        "Pool {pool} refuses most shares: {refused} of {judged} in {seconds} s with {status} " +
          '"{text}". Likely cause: {cause}',
        {
          pool: session.name,
          ...run,
          seconds: Math.round(run.ms / 1000),
          cause: likelyCause(run),
        },
      );
    }
    if (line.pool === UNWANTED) return;
    const news = this.#lines.newsBeside(line, this.#order.length);
    const sign = session.workRecord.sign(this.#settings.halfDead, news, time);
    if (sign === undefined || !this.#leavings.mayLeave(number, line.servesSince, time)) return;
    this.#leave(line, sign, time);
  }

  /**
   * A pool does no work. Its miners leave it as soon as another connection is ready, and a while
   * later it may prove itself again; the only pool there is gets a new connection.
   */
  #leave(line: SessionLine, sign: string, time: number): void {
    const { number } = line.entry;
    const aloneMs = this.#leavings.left(number, time);
    const isOnly = this.#order.length === 1;
    if (!isOnly) this.#health.leaveAlone(number, time + aloneMs);
    log.warn(
      isOnly
        ? "Pool {pool} is half dead ({role}): {sign}. There is no other pool: a new connection to " +
          "it is used instead"
        : "Pool {pool} is half dead ({role}): {sign}. Another pool is used instead as soon as one " +
          "is ready; this one is tried again in {minutes} min",
      {
        pool: line.session.name,
        role: line.role === "active" ? "serving" : "spare",
        sign,
        minutes: Math.ceil(aloneMs / 60_000),
      },
    );
    line.leftFor = `half dead: ${sign}`;
    line.pool = UNWANTED;
    this.#book.troubled(number, line.leftFor);
  }

  #activate(line: SessionLine): void {
    this.#standby.end();
    line.role = "active";
    line.servesSince = this.#options.now();
    this.#book.activated(line.entry.number);
    log.info("Pool {pool} serves miners", { pool: line.session.name });
    this.#options.mux.upstreamActivated(line.session);
  }

  /** Takes the miners of a connection elsewhere; it lingers for its last verdicts. */
  #rest(line: SessionLine): void {
    line.role = "spare";
    line.restedAt = this.#options.now();
    this.#options.mux.upstreamRested(line.session);
  }

  #mayReturnTo(spare: SessionLine): boolean {
    const worst = this.#lines.worstPlace;
    if (spare.pool >= worst) return false;
    const { number } = spare.entry;
    return worst === UNWANTED || number === this.#pinned ||
      this.#health.healthyFor(number, this.#options.now()) >= this.#settings.returnAfterMs;
  }

  #open(place: number): void {
    const { clientAgent, mux, now, rateClock, connects } = this.#options;
    const { wantsVerdicts, session } = this.#settings;
    const entry = this.#order[place]!;
    connects.connects(entry, this, this.#urgency(entry.number));
    const { number, host, port, account } = entry;
    const serial = ++this.#opened;
    this.#lines.add({
      entry,
      pool: place,
      openedAt: now(),
      readyAt: 0,
      restedAt: -Infinity,
      servesSince: Infinity,
      leftFor: undefined,
      role: "opening",
      session: new PoolSession({
        ...session,
        name: `${host}:${port} #${serial}`,
        pool: number,
        address: { host, port },
        introduction: { clientAgent, account, wantsVerdicts },
        now,
        rateClock,
        mux,
        owner: this,
      }),
    });
  }

  /** Closes a connection of our own accord. */
  #remove(line: SessionLine): void {
    this.#forget(line);
    line.session.close();
    if (line.role === "opening") return;
    const { now } = this.#options;
    if (line.leftFor !== undefined) this.#book.lost(line.entry.number, line.leftFor);
    this.#health.closed(line.entry.number, now(), now() - line.readyAt);
    this.#options.mux.upstreamLost(line.session);
  }

  #forget(line: SessionLine): void {
    this.#lines.remove(line);
    this.#book.closed(line.entry.number, line.session);
  }

  /** What passed on all connections, gone ones included. */
  #sum(count: keyof Traffic): number {
    return this.#book.sum(count) + this.#lines.sum(count);
  }
}

function isAmong(pools: readonly PoolEntry[], number: number): boolean {
  return pools.some((entry) => entry.number === number);
}
