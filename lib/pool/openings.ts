/**
 * The opening of connections to the pools of an account: whether a pool may be dialed now, how soon
 * it is tried again, and what a connection is made of.
 *
 * Invariant: every dial for all miners is asked of the limiter of connects first, and told to it.
 */

import type { AttendedNow } from "../base/attended_clock.ts";
import { URGENCY, type Urgency } from "../net/pools/connect_limiter.ts";
import type { ColdSpares } from "./cold_spares.ts";
import type { PoolConnection, PoolConnectionOptions, PoolConnectionOwner } from "./connection.ts";
import { type RosterEntries, RosterEntry } from "./entries.ts";
import type { PoolHealth } from "./health.ts";
import type { PoolOrder } from "./pool_order.ts";
import type { Refusals } from "./refusals.ts";
import { UNWANTED } from "./roles.ts";
import type { RosterOptions } from "./roster_options.ts";
import type { ListedPool, RosterSettings } from "./settings.ts";

/** The parts that {@linkcode Openings} needs. */
export interface OpeningParts {
  /** What connections are made of. */
  readonly options: Pick<
    RosterOptions,
    "open" | "version" | "mux" | "now" | "rateClock" | "time" | "connects" | "need"
  >;
  /** The current settings. */
  readonly settings: () => RosterSettings;
  /** All connections. */
  readonly entries: RosterEntries;
  /** The pools by rank. */
  readonly order: PoolOrder;
  /** How the pools have done. */
  readonly health: PoolHealth;
  /** Which pools get no spare. */
  readonly cold: ColdSpares;
  /** Which pools refuse the account. */
  readonly refusals: Refusals;
  /** Hears of the connections for all miners; the limiter knows the account by it. */
  readonly owner: PoolConnectionOwner;
}

/** What one connection is for. */
export type ConnectionUse =
  & Pick<PoolConnectionOptions, "kind" | "account" | "owner">
  & Pick<PoolConnectionOptions, "isOfOneWorker" | "gate" | "suggestedDifficulty">;

/** Opens the connections of one account. */
export class Openings {
  readonly #parts: OpeningParts;
  readonly #now: AttendedNow;
  #opened = 0;

  /** Opens nothing by itself. */
  constructor(parts: OpeningParts) {
    this.#parts = parts;
    this.#now = parts.options.now;
  }

  /**
   * Whether the pool of a rank may be dialed now, sooner in an outage. The limiter takes a yes for a
   * dial that follows.
   */
  mayDial(rank: number, isOutage: boolean, urgency?: Urgency): boolean {
    const { order, health, entries, options: { connects }, owner } = this.#parts;
    const pool = order.ranked[rank]!;
    const { poolId } = pool;
    // One connection is enough to find out whether the pool works again.
    const isTried = health.hasFailed(poolId) && entries.to(poolId).length > 0;
    return !isTried && health.mayDial(poolId, this.#now(), isOutage) &&
      connects.mayConnect(pool, owner, urgency ?? this.#urgency(poolId));
  }

  /** Opens a connection for all miners to the pool of a rank. */
  open(rank: number, urgency?: Urgency): void {
    const { order, entries, options: { connects, need }, owner } = this.#parts;
    const pool = order.ranked[rank]!;
    connects.connects(pool, owner, urgency ?? this.#urgency(pool.poolId));
    const { kind, account } = pool;
    const { suggestedDifficulty } = need();
    const connection = this.connect(pool, {
      ...suggestedDifficulty === undefined ? {} : { suggestedDifficulty },
      kind,
      account,
      owner,
    });
    entries.add(new RosterEntry(pool, rank, this.#now(), connection));
  }

  /** Starts a connection to a pool, for all miners or for those of one worker. */
  connect(pool: ListedPool, use: ConnectionUse): PoolConnection {
    const { poolId, host, port, usesTls, authorityKey } = pool;
    const { password, workers, minersPerConnection } = pool;
    const { settings, options } = this.#parts;
    const { open, version, mux, now, rateClock, time, connects, need } = options;
    return open({
      ...settings().connection,
      ...use,
      name: `${host}:${port} #${++this.#opened}`,
      poolId,
      address: { host, port, usesTls, authorityKey },
      hashrateFor: (upstream) => need().hashrateFor(upstream),
      connectsAgain: () => connects.connectsAgain(pool),
      password,
      workers,
      minersPerConnection,
      version,
      now,
      rateClock,
      wallNow: time.wallNow,
      timers: time,
      mux,
    });
  }

  /** How long until a pool may be dialed, in milliseconds. */
  retryInMs(pool: ListedPool): number {
    const { health, entries, options: { connects } } = this.#parts;
    const wait = health.wait(pool.poolId, this.#now(), entries.ready.length === 0);
    return Math.max(0, wait, connects.waitMs(pool));
  }

  /** When the pool of a connection that ended is tried again, in words. */
  nextTry({ rank, pool }: RosterEntry): string {
    if (rank === UNWANTED) return "it is no longer in use";
    if (this.#parts.cold.isCold(pool.poolId)) return "connecting to it when it is needed";
    const seconds = (this.retryInMs(pool) / 1000).toFixed(1);
    return seconds === "0.0" ? "retrying now" : `retrying in ${seconds} s`;
  }

  /** Opens no more: its turn is for others. */
  stop(): void {
    this.#parts.options.connects.forget(this.#parts.owner);
  }

  /** How urgently miners need a connection to this pool. */
  #urgency(poolId: number): Urgency {
    const { entries, refusals } = this.#parts;
    // A name that a pool refuses must not delay the connections of other names.
    if (entries.ready.length > 0 || refusals.isBy(poolId)) return URGENCY.more;
    return refusals.wasTaken ? URGENCY.outage : URGENCY.first;
  }
}
