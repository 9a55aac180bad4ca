/**
 * Remembers which pools accept workers by name, among those that should see every worker. It is
 * kept while the process runs, so that a new connection does not try again what was refused.
 */

import { areaLog } from "../../observe/log.ts";
import type { KnownPool } from "../pool_ids.ts";
import { WORTH_OF_FIGURES } from "./worker_figures.ts";

/** The connection on which something was found out. */
export interface WorkersPlace {
  /** As in {@linkcode Upstream.poolId}. */
  readonly poolId: number;
  /** The pool's host and port, for the log. */
  readonly pool: string;
  /** The name that was configured. */
  readonly user: string;
}

const log = areaLog("pool");

/**
 * For this long, in milliseconds, other connections wait for the answer to the first name on one of
 * them.
 */
export const ASKING_MS = 10_000;

/** What is known about each pool. One for all accounts of the process. */
export class WorkersAtPools {
  /** For pools about which nothing is known, when a first name was last asked for. */
  readonly #askedAt = new Map<number, number>();
  readonly #found = new Map<number, "each" | "one">();
  #listed = new Map<number, KnownPool>();

  /** Takes the pools of the configuration: one whose entry has changed may be tried again. */
  list(pools: readonly KnownPool[]): void {
    const listed = new Map(pools.map((pool) => [pool.poolId, pool]));
    for (const [poolId, before] of this.#listed) {
      const pool = listed.get(poolId);
      if (pool !== undefined && isSame(before, pool)) continue;
      this.#found.delete(poolId);
      this.#askedAt.delete(poolId);
    }
    this.#listed = listed;
  }

  /** Whether the pool sees one worker, whatever its entry says. */
  isOne(poolId: number): boolean {
    return this.#found.get(poolId) === "one";
  }

  /**
   * Whether another connection has just asked the pool and waits for the answer. `time` is
   * monotonic.
   */
  isAsked(poolId: number, time: number): boolean {
    if (this.#found.has(poolId)) return false;
    return time - (this.#askedAt.get(poolId) ?? -Infinity) < ASKING_MS;
  }

  /** The first name of a connection was asked for. */
  asked(poolId: number, time: number): void {
    this.#askedAt.set(poolId, time);
  }

  /** The pool accepted a worker's name. Logged once. */
  tookWorker({ poolId, pool, user }: WorkersPlace, example: string): void {
    if (this.#found.has(poolId)) return;
    this.#found.set(poolId, "each");
    log.info(
      "Pool {pool} accepts workers by name, so it sees each of them, such as {example}; " +
        "{worth}",
      {
        pool,
        user,
        example,
        worth: WORTH_OF_FIGURES,
      },
    );
  }

  /** The pool accepts one name only; `what` says in words what it did. Logged once. */
  tookNone({ poolId, pool, user }: WorkersPlace, what: string): void {
    if (this.isOne(poolId)) return;
    this.#found.set(poolId, "one");
    log.warn(
      "Pool {pool} does not accept workers by name: it {what}; from now on it sees one worker, " +
        "{user}. " +
        'With "workers": "connection" it would see each; with "one", btcagent does not try this',
      { pool, user, what },
    );
  }
}

function isSame(before: KnownPool, pool: KnownPool): boolean {
  const fields = Object.keys(before) as (keyof KnownPool)[];
  return fields.every((field) => before[field] === pool[field]);
}
