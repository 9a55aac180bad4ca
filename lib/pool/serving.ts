/**
 * Which of an account's ready connections serve its miners.
 *
 * Invariants: miners move to a better pool only once it has been healthy, and leave a connection
 * only if another one serves.
 */

import { placesOn } from "../mux/terms.ts";
import type { ColdSpares } from "./cold_spares.ts";
import type { ReadyEntry, RosterEntries } from "./entries.ts";
import type { PoolHealth } from "./health.ts";
import type { PoolBook } from "./pool_book.ts";
import type { PoolOrder } from "./pool_order.ts";
import { isBesideActive, UNWANTED } from "./roles.ts";
import { logMove, logServes, type MoveReason } from "./roster_log.ts";
import type { RosterOptions } from "./roster_options.ts";
import { type ListedPool, type RosterSettings, servesAs } from "./settings.ts";
import type { Standby } from "./standby.ts";

/**
 * A connection that handed over its miners is kept this long, in milliseconds, to write its last
 * shares and read their verdicts.
 */
const LINGER_MS = 5_000;

/** The parts that {@linkcode Serving} needs. */
export interface ServingParts {
  /** The mux, the clock, and what miners need. */
  readonly options: Pick<RosterOptions, "mux" | "now" | "need">;
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
  /** What is counted of pools. */
  readonly book: PoolBook;
  /** Serves while no pool does. */
  readonly standby: Standby;
}

/** Decides which connections of one account serve. */
export class Serving {
  readonly #parts: ServingParts;
  readonly #entries: RosterEntries;

  /** No connection serves yet. */
  constructor(parts: ServingParts) {
    this.#parts = parts;
    this.#entries = parts.entries;
  }

  /** A serving connection to the best pool; `undefined` when none serves. */
  get best(): ReadyEntry | undefined {
    const [best] = this.#entries.serving.toSorted((a, b) => a.rank - b.rank);
    return best;
  }

  /** Whether a pool is wanted, does its work, and is better than the one that serves. */
  isBetter(pool: ListedPool, best: ReadyEntry | undefined): boolean {
    const { order, health, options: { now } } = this.#parts;
    const rank = order.ranked.findIndex((listed) => servesAs(pool, listed));
    return rank !== -1 && best !== undefined && rank < best.rank &&
      !health.isLeftAlone(pool.poolId, now());
  }

  /** How many connections should serve: more if one has room for few miners only. */
  get wanted(): number {
    const { settings, options } = this.#parts;
    const { connections, mostConnections } = settings();
    const usual = connections ?? 1;
    const { serving } = this.#entries;
    const { best } = this;
    const places = best === undefined ? Infinity : placesOn(best.ready.upstream.terms);
    if (places === Infinity) return usual;
    const { roomless, minersAt } = options.need();
    const used = serving.filter(({ ready }) => minersAt(ready.upstream) > 0).length;
    const more = roomless === 0 ? 0 : serving.length + Math.ceil(roomless / places);
    return Math.min(mostConnections, Math.max(usual, used, more));
  }

  /** Gives miners to as many connections as are wanted, to the best that are ready. */
  assign(): void {
    const { connections } = this.#parts.settings();
    while (this.#entries.serving.length < this.wanted) {
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
    while (this.#entries.serving.length > this.wanted) this.#move(this.#leastUseful, undefined);
  }

  /** Connections that are for nothing any more; each may be closed once it {@linkcode isOver}. */
  surplus(): ReadyEntry[] {
    const { connections } = this.#parts.settings();
    const { spares, serving, idle } = this.#entries;
    // A second spare is useful only on the way to a better pool.
    const kept = connections === undefined
      ? spares.find((entry) => !isBesideActive(entry, serving)) ?? spares[0]
      : undefined;
    return [
      ...spares.filter((entry) => entry !== kept),
      ...idle.filter((entry) => entry.rank === UNWANTED),
    ];
  }

  /** Whether a surplus connection has no miners and no verdicts to wait for. */
  isOver({ rank, ready: { restedAt, upstream } }: ReadyEntry): boolean {
    const { now, need } = this.#parts.options;
    // Miners stay until there is room for them elsewhere.
    const isEmpty = need().minersAt(upstream) === 0;
    return rank >= this.#entries.worstRank && now() - restedAt >= LINGER_MS && isEmpty;
  }

  /** The serving connection to take out of use: one without miners, else the worst. */
  get #leastUseful(): ReadyEntry | undefined {
    const { minersAt } = this.#parts.options.need();
    const { serving, worst, worstRank } = this.#entries;
    const isEmpty = ({ rank, ready }: ReadyEntry) =>
      rank === worstRank && minersAt(ready.upstream) === 0;
    return serving.findLast(isEmpty) ?? worst;
  }

  #mayReturnTo(spare: ReadyEntry): boolean {
    const { order, health, settings, options: { now } } = this.#parts;
    const { worstRank } = this.#entries;
    if (spare.rank >= worstRank) return false;
    const { poolId } = spare.pool;
    return worstRank === UNWANTED || order.isPinned(poolId) ||
      health.healthyFor(poolId, now()) >= settings().returnAfterMs;
  }

  #whyItMoves(worst: ReadyEntry, better: ReadyEntry): MoveReason {
    const { order, settings } = this.#parts;
    if (worst.ready.isToBeReplaced) return "replaced";
    if (worst.ready.leftFor !== undefined) return "halfDead";
    if (worst.rank === UNWANTED) return "unwanted";
    if (order.isPinned(better.pool.poolId)) return "pinned";
    return { healthyForMs: settings().returnAfterMs };
  }

  /** Moves miners; the connection they leave is kept for its last verdicts. */
  #move(from: ReadyEntry | undefined, to: ReadyEntry | undefined): void {
    const { standby, cold, book, options: { mux, now } } = this.#parts;
    const time = now();
    if (to !== undefined) {
      standby.end();
      to.ready.isServing = true;
      to.ready.servesSince = time;
      cold.served(to.pool.poolId);
      book.activated(to.pool.poolId);
      logServes(to.connection.name);
    }
    if (from !== undefined) {
      from.ready.isServing = false;
      from.ready.restedAt = time;
    }
    mux.moved(from?.ready.upstream, to?.ready.upstream);
  }
}
