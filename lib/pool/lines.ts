/**
 * The connections of one account, each with its role and its pool's place in the order.
 */

import type { Traffic, UpstreamRole } from "../mux/peers.ts";
import { UNWANTED, worstActivePool } from "./reconnect.ts";
import type { PoolSession } from "./agent/session.ts";
import type { PoolEntry } from "./settings.ts";

/** A connection and its role. */
export interface SessionLine {
  /** The pool, as the configuration had it when this was opened. */
  readonly entry: PoolEntry;
  /** Its place in the order of the moment, the best first, or {@linkcode UNWANTED}. */
  pool: number;
  /** When it was opened, in milliseconds, monotonic. */
  readonly openedAt: number;
  /** The connection itself. */
  readonly session: PoolSession;
  /** When it became ready. */
  readyAt: number;
  /** When it last handed its miners over to a better pool. */
  restedAt: number;
  /** Since when it serves miners; Infinity if it never did. */
  servesSince: number;
  /** Why miners leave it, though it is connected; `undefined` if they do not. */
  leftFor: string | undefined;
  /** Dialling or shaking hands; ready without miners; serving miners. */
  role: UpstreamRole;
}

/** See the head of this file. In the order in which they were opened. */
export class SessionLines {
  readonly #lines: SessionLine[] = [];

  /** All of them as they are now. */
  get all(): readonly SessionLine[] {
    return [...this.#lines];
  }

  /**
   * Those that count when the next is chosen: not those that are kept for their last verdicts, nor
   * silent spares while miners wait for one to serve them.
   */
  get counting(): readonly SessionLine[] {
    const areServed = this.withRole("active").length > 0;
    return this.#lines.filter(({ pool, role, session }) => {
      if (role === "active") return true;
      return pool !== UNWANTED && (areServed || role === "opening" || !session.isSilent);
    });
  }

  /** Whether one is ready. */
  get hasReady(): boolean {
    return this.#lines.some((line) => line.role !== "opening");
  }

  /** Spares that may serve, the best first: one that is silent may not before it speaks. */
  get spares(): readonly SessionLine[] {
    return this.withRole("spare").filter(({ pool, session }) =>
      pool !== UNWANTED && !session.isSilent
    ).sort((a, b) => a.pool - b.pool);
  }

  /** The last job that came to another of these pools or, of one pool, on another connection. */
  newsBeside(
    line: SessionLine,
    pools: number,
  ): { readonly at: number; readonly name: string } | undefined {
    let newest: { readonly at: number; readonly name: string } | undefined;
    for (const other of this.#lines) {
      if (other === line || other.role === "opening") continue;
      if (pools > 1 && other.entry.number === line.entry.number) continue;
      const at = other.session.workRecord.newsAt;
      if (newest === undefined || at > newest.at) newest = { at, name: other.session.name };
    }
    return newest;
  }

  /** The worst place in the order that serves; -1 when none does. */
  get worstPlace(): number {
    return worstActivePool(this.#lines);
  }

  /** Of those that serve, the last opened to the worst pool; there must be one. */
  get worst(): SessionLine {
    const worst = this.worstPlace;
    return this.withRole("active").findLast((line) => line.pool === worst)!;
  }

  /** Those with this role. */
  withRole(role: UpstreamRole): SessionLine[] {
    return this.#lines.filter((line) => line.role === role);
  }

  /** Those to the pool with this number. */
  to(pool: number): readonly SessionLine[] {
    return this.#lines.filter(({ entry }) => entry.number === pool);
  }

  /** The one of this session. */
  of(session: PoolSession): SessionLine {
    return this.#lines.find((line) => line.session === session)!;
  }

  /** What passed on all of them. */
  sum(count: keyof Traffic): number {
    return this.#lines.reduce((sum, { session }) => sum + session[count], 0);
  }

  /** A new one. */
  add(line: SessionLine): void {
    this.#lines.push(line);
  }

  /** One is gone. */
  remove(line: SessionLine): void {
    this.#lines.splice(this.#lines.indexOf(line), 1);
  }

  /** Every one learns its place in `order` anew, the best pool first. */
  putInOrder(order: readonly PoolEntry[]): void {
    for (const line of this.#lines) {
      if (line.leftFor !== undefined) continue;
      const { number, account } = line.entry;
      const place = order.findIndex((entry) =>
        entry.number === number && entry.account === account
      );
      line.pool = place === -1 ? UNWANTED : place;
    }
  }
}
