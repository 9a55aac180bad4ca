/**
 * Which of our jobs stands for which of a pool's, on one upstream connection.
 *
 * Holds a job for as long as the pool may still take shares for it (agent.md "Jobs and the
 * coinbase"): 256 of them, and the last four before a clean one. Every connection has its own
 * book, so a share can never be sent for another connection's job. A job that miners are given
 * again has a number more.
 */

import type { DifficultyTable } from "./difficulties.ts";
import type { PoolJob } from "./peers.ts";

/** A pool keeps this many job ids of a connection. */
const MAX_JOBS = 256;

/**
 * At a clean job the pool keeps its last 4. One more is kept here, since sending a share the pool
 * then refuses costs less than refusing one it would have taken.
 */
const KEPT_AT_CLEAN = 5;

/** Numbers of one job: with one each 35 s the last ten minutes of them. */
const MAX_NUMBERS = 18;

/** A pool's job, and what each miner's difficulty was when the pool sent it. */
export interface BookedJob extends PoolJob {
  /** See {@linkcode DifficultyTable}. */
  readonly difficulties: DifficultyTable;
}

/** The jobs of one upstream connection. */
export class JobBook {
  readonly #jobs = new Map<number, BookedJob>();
  /** The pool's jobs in it, the oldest first: each with the numbers it was given under. */
  readonly #numbers: { readonly job: BookedJob; readonly numbers: number[] }[] = [];

  /** How many of the pool's jobs can still be submitted for. */
  get size(): number {
    return this.#numbers.length;
  }

  /** Notes that our job `number` is the pool's `job`, forgetting what the pool forgets with it. */
  add(number: number, job: BookedJob, isClean: boolean): void {
    // An id that comes round again now means the new job.
    const again = this.#numbers.findIndex(({ job: { poolJobId } }) => poolJobId === job.poolJobId);
    if (again >= 0) this.#forget(again, 1);
    const keep = isClean ? KEPT_AT_CLEAN - 1 : MAX_JOBS - 1;
    this.#forget(0, this.#numbers.length - keep);
    this.#numbers.push({ job, numbers: [number] });
    this.#jobs.set(number, job);
  }

  /** Notes that our job `number` is the pool's newest once more. */
  addAgain(number: number): void {
    const { job, numbers } = this.#numbers.at(-1)!;
    // The first stays: it may be what miners have that were slow to take the others.
    if (numbers.length === MAX_NUMBERS) this.#jobs.delete(numbers.splice(1, 1)[0]!);
    numbers.push(number);
    this.#jobs.set(number, job);
  }

  /** The pool's job for our job `number`, or `undefined` when no share for it can be taken. */
  find(number: number): BookedJob | undefined {
    return this.#jobs.get(number);
  }

  /** The difficulties of all jobs that can be submitted for. */
  *tables(): Generator<DifficultyTable> {
    for (const { job } of this.#numbers) yield job.difficulties;
  }

  #forget(from: number, count: number): void {
    for (const { numbers } of this.#numbers.splice(from, Math.max(0, count))) {
      for (const number of numbers) this.#jobs.delete(number);
    }
  }
}
