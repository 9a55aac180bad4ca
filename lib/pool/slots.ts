/**
 * The upstream connections of one account: opened, replaced when they break, moved back to a
 * better pool when it has proved healthy.
 *
 * A spare is ready beside the connections that serve, to the best pool that is not serving, so
 * that failover is only a change of roles.
 */

import type { Now } from "../base/clock.ts";
import type { PoolReport, Traffic, UpstreamEvents, Upstreams } from "../mux/peers.ts";
import type { PoolAddress } from "../net/connection.ts";
import { formatAddress } from "../net/engine.ts";
import { areaLog } from "../observe/log.ts";
import { type LineWishes, nextPool, PoolHealth, worstActivePool } from "./reconnect.ts";
import { PoolSession, type PoolSessionOptions, type PoolSessionOwner } from "./session.ts";
import { Standby } from "./standby.ts";

/** One entry of the pool list. */
export interface PoolEntry extends PoolAddress {
  /** The sub-account to authorize as. */
  readonly account: string;
}

/** What the connections of an account are made of. */
export interface PoolSlotsOptions {
  /** In order, the best first. */
  readonly pools: readonly PoolEntry[];
  /** How many connections serve miners; `undefined` for one and a warm spare. */
  readonly connections: number | undefined;
  /** What a pool hears of us in `mining.subscribe`. */
  readonly clientAgent: string;
  /** Whether verdicts are wanted. */
  readonly wantsVerdicts: boolean;
  /** A better pool must have been healthy this long before miners return to it, in milliseconds. */
  readonly returnAfterMs: number;
  /**
   * How often miners get a made-up job while no pool answers, in milliseconds; `undefined` for
   * never: then they wait.
   */
  readonly standbyIntervalMs: number | undefined;
  /** Passed on to each session. */
  readonly session: Pick<
    PoolSessionOptions,
    "dial" | "handshakeTimeoutMs" | "readTimeoutMs" | "shareWindowMs"
  >;
  /** The account's multiplexer. */
  readonly mux: UpstreamEvents;
  /** Monotonic time. */
  readonly now: Now;
  /** As `Math.random`. */
  readonly random: () => number;
}

/** What is counted of one pool of the list. */
interface PoolRecord {
  /** Of the connections that are gone. */
  bytesRead: number;
  bytesWritten: number;
  framesRead: number;
  framesWritten: number;
  trouble: string | undefined;
  connects: number;
  failures: number;
  losses: number;
  activations: number;
}

/** A connection and its role. */
interface SessionLine {
  /** The pool's place in the configuration. */
  readonly entry: number;
  /** Its place in the order of the moment, the best first: a pinned pool is the best. */
  pool: number;
  readonly openedAt: number;
  readonly session: PoolSession;
  readyAt: number;
  /** When it last handed its miners over to a better pool. */
  restedAt: number;
  role: "opening" | "spare" | "active";
}

/**
 * A connection that handed its miners over is kept this long, in milliseconds: its last shares
 * are still to be written, and their verdicts to come.
 */
const LINGER_MS = 5_000;

const log = areaLog("pool");

/** See the head of this file. */
export class PoolSlots implements PoolSessionOwner, Upstreams {
  readonly #options: PoolSlotsOptions;
  readonly #wishes: LineWishes;
  readonly #health: PoolHealth;
  /** The same by place in the order. */
  readonly #healthInOrder: Pick<PoolHealth, "mayDial"> = {
    mayDial: (place, time, isOutage) => this.#health.mayDial(this.#order[place]!, time, isOutage),
  };
  readonly #lines: SessionLine[] = [];
  readonly #standby: Standby | undefined;
  /** Pools whose last word on the account, since one took it, was a refusal. */
  readonly #refusedBy = new Set<number>();
  /** Whether a pool ever took the account. */
  #wasTaken = false;
  /** By place in the list. */
  readonly #records: readonly PoolRecord[];
  #opened = 0;
  #isStopped = false;
  /** Places in the configuration, the best first. */
  #order: readonly number[];
  #pinned: number | undefined;

  /** Opens nothing before the first tick. */
  constructor(options: PoolSlotsOptions) {
    this.#options = options;
    this.#health = new PoolHealth(options.pools.length, options.random);
    this.#order = options.pools.map((_, entry) => entry);
    this.#records = options.pools.map(() => ({
      bytesRead: 0,
      bytesWritten: 0,
      framesRead: 0,
      framesWritten: 0,
      trouble: undefined,
      connects: 0,
      failures: 0,
      losses: 0,
      activations: 0,
    }));
    this.#wishes = {
      pools: options.pools.length,
      active: options.connections ?? 1,
      spare: options.connections === undefined,
    };
    const { standbyIntervalMs: intervalMs, mux, now } = options;
    if (intervalMs !== undefined) this.#standby = new Standby({ intervalMs, mux, now });
  }

  get pools(): readonly PoolReport[] {
    const time = this.#options.now();
    return this.#options.pools.map(({ host, port, account }, pool) => {
      const lines = this.#lines.filter((line) => line.entry === pool);
      return {
        ...this.#records[pool]!,
        bytesRead: this.#sum("bytesRead", pool),
        bytesWritten: this.#sum("bytesWritten", pool),
        framesRead: this.#sum("framesRead", pool),
        framesWritten: this.#sum("framesWritten", pool),
        address: formatAddress({ hostname: host, port }),
        account,
        retryInMs: this.#retryInMs(pool),
        connections: lines.map(({ role, session, openedAt, readyAt }) => ({
          name: session.name,
          role,
          ageMs: time - (role === "opening" ? openedAt : readyAt),
          agreed: role === "opening" ? undefined : session,
        })),
      };
    });
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
    const ready = this.#lines.filter((line) => line.role !== "opening");
    return ready.reduce((sum, { session }) => sum + session.waitingBytes, 0);
  }

  /** Looks after every connection. To be called several times a second. */
  tick(): void {
    // A session that ends here leaves the list.
    for (const { session } of [...this.#lines]) session.tick();
    this.#standby?.tick();
    this.#reconsider();
  }

  /**
   * Prefers one pool of the configuration, counted from 0, to all others until told otherwise;
   * `undefined` for the configured order. Miners move to it as soon as it is ready, and to others
   * only while it fails.
   *
   * @throws RangeError when there is no such pool.
   */
  pin(entry: number | undefined): void {
    const entries = this.#options.pools.map((_, i) => i);
    if (entry !== undefined && !entries.includes(entry)) {
      throw new RangeError(`Cannot pin pool ${entry}: there are ${entries.length}, from 0 on`);
    }
    this.#pinned = entry;
    this.#order = entry === undefined
      ? entries
      : [entry, ...entries.filter((other) => other !== entry)];
    for (const line of this.#lines) line.pool = this.#order.indexOf(line.entry);
    this.#reconsider();
  }

  /** Writes out shares that wait for company, on every connection. */
  flush(): void {
    for (const { session } of this.#lines) session.flush();
  }

  /** Closes every connection and opens no more. */
  stop(): void {
    this.#isStopped = true;
    for (const line of [...this.#lines]) this.#remove(line);
    this.#standby?.end();
  }

  sessionReady(session: PoolSession): void {
    const line = this.#lineOf(session);
    const { mux, now } = this.#options;
    line.role = "spare";
    line.readyAt = now();
    const record = this.#records[line.entry]!;
    record.connects++;
    record.trouble = undefined;
    this.#refusedBy.clear();
    this.#wasTaken = true;
    this.#health.ready(line.entry, now());
    log.info(
      "Pool {pool} connected as sub-account {account} after {ms} ms: {verdicts}, {mask}",
      {
        pool: session.name,
        account: this.#options.pools[line.entry]!.account,
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
    const line = this.#lineOf(session);
    const { mux, now } = this.#options;
    this.#forget(line);
    const record = this.#records[line.entry]!;
    record.trouble = reason;
    if (line.role === "opening") {
      record.failures++;
      const isRefusal = code !== undefined;
      const isOfAccount = code === "authorize-refused";
      this.#health.failed(line.entry, now(), isOfAccount);
      if (isOfAccount) this.#refusedBy.add(line.entry);
      else if (this.#wasTaken) this.#refusedBy.delete(line.entry);
      const outcome = isRefusal
        ? "Pool {pool} refused: {reason}; next try in {seconds} s"
        : "Pool {pool} not reached: {reason}; next try in {seconds} s";
      const seconds = this.#secondsToNextTry(line.entry);
      log.warn(outcome, { pool: session.name, reason, seconds });
      this.#noteRefusal();
    } else {
      record.losses++;
      this.#health.lost(line.entry, now(), now() - line.readyAt);
      log.warn("Pool {pool} lost ({role}): {reason}; next try in {seconds} s", {
        pool: session.name,
        role: line.role === "active" ? "serving" : "spare",
        reason,
        seconds: this.#secondsToNextTry(line.entry),
      });
      this.#standby?.remember(session);
      mux.upstreamLost(session);
    }
    this.#reconsider();
  }

  #secondsToNextTry(pool: number): string {
    return (this.#retryInMs(pool) / 1000).toFixed(1);
  }

  #retryInMs(pool: number): number {
    const isOutage = this.#lines.every((line) => line.role === "opening");
    return Math.max(0, this.#health.wait(pool, this.#options.now(), isOutage));
  }

  /**
   * Tells the mux once every pool has failed and one of them for the account's name. An account
   * that was good before is refused only when all say so: one may be mistaken, or have trouble.
   */
  #noteRefusal(): void {
    const { pools, mux } = this.#options;
    const isServed = this.#lines.some((line) => line.role !== "opening");
    const enough = this.#wasTaken ? pools.length : 1;
    if (isServed || this.#refusedBy.size < enough) return;
    if (pools.every((_, pool) => this.#health.hasFailed(pool))) mux.accountRefused();
  }

  /** Gives roles to what is ready, then opens what is missing. */
  #reconsider(): void {
    if (this.#isStopped) return;
    this.#assignRoles();
    if (this.#withRole("active").length === 0) this.#standby?.begin();
    const { now } = this.#options;
    for (;;) {
      const place = nextPool(this.#lines, this.#wishes, this.#healthInOrder, now());
      if (place === undefined) return;
      this.#open(place);
    }
  }

  #assignRoles(): void {
    const { mux, now } = this.#options;
    while (this.#withRole("active").length < this.#wishes.active) {
      const [best] = this.#sparesInOrder();
      if (best === undefined) break;
      this.#activate(best);
    }
    const better = this.#sparesInOrder().find((line) => this.#mayReturnTo(line));
    if (better !== undefined) {
      const worst = this.#withRole("active").findLast((line) =>
        line.pool === worstActivePool(this.#lines)
      )!;
      if (better.entry === this.#pinned) {
        log.info("Pool {pool} is pinned: miners move to it", { pool: better.session.name });
      } else {
        log.info("Pool {pool} has been healthy for {seconds} s: miners return to it", {
          pool: better.session.name,
          seconds: Math.round(this.#options.returnAfterMs / 1000),
        });
      }
      // The new place first, so that the miners of the old one have where to go.
      this.#activate(better);
      worst.role = "spare";
      worst.restedAt = now();
      mux.upstreamRested(worst.session);
    }
    // A spare beyond the one wanted is of use only on the way to a better pool.
    const worst = worstActivePool(this.#lines);
    for (const line of this.#sparesInOrder().slice(this.#wishes.spare ? 1 : 0)) {
      if (line.pool >= worst && now() - line.restedAt >= LINGER_MS) this.#remove(line);
    }
  }

  #activate(line: SessionLine): void {
    this.#standby?.end();
    line.role = "active";
    this.#records[line.entry]!.activations++;
    log.info("Pool {pool} serves miners", { pool: line.session.name });
    this.#options.mux.upstreamActivated(line.session);
  }

  #mayReturnTo(spare: SessionLine): boolean {
    const { returnAfterMs, now } = this.#options;
    if (spare.pool >= worstActivePool(this.#lines)) return false;
    return spare.entry === this.#pinned ||
      this.#health.healthyFor(spare.entry, now()) >= returnAfterMs;
  }

  #sparesInOrder(): SessionLine[] {
    return this.#withRole("spare").sort((a, b) => a.pool - b.pool);
  }

  #withRole(role: SessionLine["role"]): SessionLine[] {
    return this.#lines.filter((line) => line.role === role);
  }

  #open(place: number): void {
    const { pools, clientAgent, wantsVerdicts, session, mux, now } = this.#options;
    const entry = this.#order[place]!;
    const { host, port, account } = pools[entry]!;
    const serial = ++this.#opened;
    this.#lines.push({
      entry,
      pool: place,
      openedAt: now(),
      readyAt: 0,
      restedAt: -Infinity,
      role: "opening",
      session: new PoolSession({
        ...session,
        name: `${host}:${port} #${serial}`,
        pool: entry,
        address: { host, port },
        introduction: { clientAgent, account, wantsVerdicts },
        now,
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
    this.#health.closed(line.entry);
    this.#options.mux.upstreamLost(line.session);
  }

  #forget(line: SessionLine): void {
    this.#lines.splice(this.#lines.indexOf(line), 1);
    const record = this.#records[line.entry]!;
    record.bytesRead += line.session.bytesRead;
    record.bytesWritten += line.session.bytesWritten;
    record.framesRead += line.session.framesRead;
    record.framesWritten += line.session.framesWritten;
  }

  /** What passed on all connections, gone ones included, or on those to one pool. */
  #sum(count: keyof Traffic, pool?: number): number {
    const past = pool === undefined ? this.#records : [this.#records[pool]!];
    return past.reduce((sum, record) => sum + record[count], 0) +
      this.#lines.reduce(
        (sum, line) => pool === undefined || line.entry === pool ? sum + line.session[count] : sum,
        0,
      );
  }

  #lineOf(session: PoolSession): SessionLine {
    return this.#lines.find((line) => line.session === session)!;
  }
}
