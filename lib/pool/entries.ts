/**
 * The connections of one account, each with its role and its pool's rank.
 */

import { sumOfTraffic, type Traffic } from "../mux/books/traffic.ts";
import type { UpstreamRole } from "../mux/upstreams.ts";
import type { PoolConnection, ReadyUpstream } from "./connection.ts";
import { type Ranked, UNWANTED, worstActiveRank } from "./roles.ts";
import { type ListedPool, servesAs } from "./settings.ts";

/** A connection whose handshake is done: what the mux has of it, and how it is used. */
export interface ReadyPart {
  /** What the mux has of it. */
  readonly upstream: ReadyUpstream;
  /** When it became ready, in milliseconds, monotonic. */
  readonly at: number;
  /** Whether miners work here. */
  isServing: boolean;
  /** When it last handed its miners over to a better pool. */
  restedAt: number;
  /** Since when it serves miners; Infinity if it never did. */
  servesSince: number;
  /** Whether its pool asked for another connection in its place, which is being opened. */
  isToBeReplaced: boolean;
  /** Why miners leave it, though it is connected; `undefined` if they do not. */
  leftFor: string | undefined;
}

/** A connection and its role. */
export class RosterEntry implements Ranked {
  /** The pool, as the configuration had it when this was opened. */
  readonly pool: ListedPool;
  /** When it was opened, in milliseconds, monotonic. */
  readonly openedAt: number;
  /** The connection itself. */
  readonly connection: PoolConnection;
  /** The pool's current place in the order, 0 the best, or {@linkcode UNWANTED}. */
  rank: number;
  /** `undefined` while it dials or shakes hands. */
  ready: ReadyPart | undefined = undefined;

  /** A connection that was just opened. */
  constructor(pool: ListedPool, rank: number, openedAt: number, connection: PoolConnection) {
    this.pool = pool;
    this.rank = rank;
    this.openedAt = openedAt;
    this.connection = connection;
  }

  /** The handshake is done at `time`; it serves nobody yet. */
  makeReady(upstream: ReadyUpstream, time: number): ReadyEntry {
    const ready: ReadyPart = {
      upstream,
      at: time,
      isServing: false,
      restedAt: -Infinity,
      servesSince: Infinity,
      isToBeReplaced: false,
      leftFor: undefined,
    };
    return Object.assign(this, { ready });
  }

  /** Dialling or shaking hands; ready without miners; serving miners. */
  get role(): UpstreamRole {
    if (this.ready === undefined) return "opening";
    return this.ready.isServing ? "active" : "spare";
  }
}

/** An entry whose handshake is done. */
export type ReadyEntry = RosterEntry & { readonly ready: ReadyPart };

/** All connections of an account, in the order in which they were opened. */
export class RosterEntries {
  readonly #entries: RosterEntry[] = [];

  /** All connections now. */
  get all(): readonly RosterEntry[] {
    return [...this.#entries];
  }

  /** Those that are ready. */
  get ready(): readonly ReadyEntry[] {
    return this.#entries.filter(isReady);
  }

  /** Those that serve miners. */
  get serving(): readonly ReadyEntry[] {
    return this.ready.filter(({ ready }) => ready.isServing);
  }

  /** Those that are ready and serve nobody. */
  get idle(): readonly ReadyEntry[] {
    return this.ready.filter(({ ready }) => !ready.isServing);
  }

  /**
   * Connections that count when the next one is chosen: not those that are kept only for their last
   * verdicts, nor silent spares while miners wait for a pool.
   */
  get counting(): readonly RosterEntry[] {
    const areServed = this.serving.length > 0;
    return this.#entries.filter(({ rank, ready }) => {
      if (ready?.isServing) return true;
      return rank !== UNWANTED && (areServed || ready === undefined || !ready.upstream.isSilent);
    });
  }

  /** Spares that may serve, the best first: a silent spare may not, until it sends something. */
  get spares(): readonly ReadyEntry[] {
    return this.idle.filter(({ rank, ready }) => rank !== UNWANTED && !ready.upstream.isSilent)
      .sort((a, b) => a.rank - b.rank);
  }

  /** The last job that came to another of these pools or, of one pool, on another connection. */
  newsBeside(
    entry: RosterEntry,
    pools: number,
  ): { readonly at: number; readonly name: string } | undefined {
    let newest: { readonly at: number; readonly name: string } | undefined;
    // Called for each connection, and there may be a thousand.
    for (const other of this.#entries) {
      if (other === entry || other.ready === undefined) continue;
      if (pools > 1 && other.pool.poolId === entry.pool.poolId) continue;
      const at = other.ready.upstream.watch.record.newsAt;
      if (newest === undefined || at > newest.at) newest = { at, name: other.connection.name };
    }
    return newest;
  }

  /** The worst rank that serves; -1 when none does. */
  get worstRank(): number {
    return worstActiveRank(this.#entries);
  }

  /** Of those that serve, the last opened to the worst pool; `undefined` when none does. */
  get worst(): ReadyEntry | undefined {
    const worst = this.worstRank;
    return this.serving.findLast((entry) => entry.rank === worst);
  }

  /** Connections to the pool with this id. */
  to(poolId: number): readonly RosterEntry[] {
    return this.#entries.filter(({ pool }) => pool.poolId === poolId);
  }

  /** The entry of this connection. */
  of(connection: PoolConnection): RosterEntry {
    const entry = this.#entries.find((entry) => entry.connection === connection);
    if (entry === undefined) throw new RangeError(`Connection ${connection.name} has no entry`);
    return entry;
  }

  /** The traffic on all connections. */
  get traffic(): Traffic {
    return sumOfTraffic(this.#entries.map(({ connection }) => connection));
  }

  /** Adds a connection. */
  add(entry: RosterEntry): void {
    this.#entries.push(entry);
  }

  /** Removes a connection. */
  remove(entry: RosterEntry): void {
    this.#entries.splice(this.#entries.indexOf(entry), 1);
  }

  /** Gives every connection its rank in `order`, which has the best pool first. */
  putInOrder(order: readonly ListedPool[]): void {
    for (const entry of this.#entries) {
      if (entry.ready?.leftFor !== undefined) continue;
      const rank = order.findIndex((pool) => servesAs(entry.pool, pool));
      entry.rank = rank === -1 ? UNWANTED : rank;
    }
  }
}

function isReady(entry: RosterEntry): entry is ReadyEntry {
  return entry.ready !== undefined;
}
