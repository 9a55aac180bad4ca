/**
 * Which of our jobs stands for which of a pool's, on one upstream connection.
 *
 * Holds a job for as long as the pool may still take shares for it (agent.md "Jobs and the
 * coinbase"): 256 of them, and the last three before a clean one. Every connection has its own
 * book, so a share can never be sent for another connection's job.
 */

import type { PoolJob } from "./peers.ts";

/** A pool keeps this many job ids of a connection. */
const MAX_JOBS = 256;

/**
 * At a clean job the pool keeps three older ones. One more is kept here, since sending a share the
 * pool then refuses costs less than refusing one it would have taken.
 */
const KEPT_AT_CLEAN = 4;

/** The jobs of one upstream connection. */
export class JobBook {
  readonly #jobs = new Map<number, PoolJob>();

  /** How many jobs can still be submitted for. */
  get size(): number {
    return this.#jobs.size;
  }

  /** Notes that our job `number` is the pool's `job`, forgetting what the pool forgets with it. */
  add(number: number, job: PoolJob, isClean: boolean): void {
    const keep = isClean ? KEPT_AT_CLEAN : MAX_JOBS - 1;
    for (const [older, { poolJobId }] of this.#jobs) {
      // An id that comes round again now means the new job.
      if (this.#jobs.size > keep || poolJobId === job.poolJobId) this.#jobs.delete(older);
    }
    this.#jobs.set(number, job);
  }

  /** The pool's job for our job `number`, or `undefined` when no share for it can be taken. */
  find(number: number): PoolJob | undefined {
    return this.#jobs.get(number);
  }
}
