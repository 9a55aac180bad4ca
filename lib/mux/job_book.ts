/**
 * Which of our jobs stands for which of a pool's, on one upstream connection.
 *
 * Holds a job for as long as the pool may still take shares for it, as the terms of the connection
 * say. Every connection has its own book, so a share can never be sent for another connection's
 * job. A job that miners are given again has a number more.
 */

import type { Job } from "../protocol/stratum/job.ts";
import { NO_JOB } from "../protocol/stratum/job_id.ts";
import type { DifficultyTable } from "./difficulties.ts";
import type { Retention } from "./terms.ts";
import type { PoolJob } from "./upstream.ts";

/** Numbers of one job: with one each 35 s the last ten minutes of them. */
const MAX_NUMBERS = 18;

/** A pool's job, and what each miner's difficulty was when the pool sent it. */
export interface BookedJob extends PoolJob {
  /** See {@linkcode DifficultyTable}. */
  readonly difficulties: DifficultyTable;
  /** The whole job, where shares are checked here. */
  readonly source: Job | undefined;
}

/** One of the pool's jobs. */
interface Entry {
  readonly job: BookedJob;
  /** What it was given under. */
  readonly numbers: number[];
  /** When a newer job came; `undefined` for the newest. */
  supersededAt: number | undefined;
}

/** The jobs of one upstream connection. */
export class JobBook {
  readonly #jobs = new Map<number, BookedJob>();
  /** The pool's jobs in it, the oldest first. */
  readonly #entries: Entry[] = [];
  readonly #retention: Retention;
  /** The newest, which most shares are for, and the last number it was given. */
  #newest: BookedJob | undefined;
  #newestNumber = NO_JOB;

  /** Jobs are held as `retention` says. */
  constructor(retention: Retention) {
    this.#retention = retention;
  }

  /** How many of the pool's jobs can still be submitted for. */
  get size(): number {
    return this.#entries.length;
  }

  /** Notes that our job `number` is the pool's `job`, forgetting what the pool forgets with it. */
  add(number: number, job: BookedJob, isClean: boolean, time: number): void {
    // An id that comes round again now means the new job.
    const again = this.#entries.findIndex(({ job: { poolJobId } }) => poolJobId === job.poolJobId);
    if (again >= 0) this.#forget(again, 1);
    const { jobs, acrossClean } = this.#retention;
    this.#forget(0, this.#entries.length - (isClean ? acrossClean : jobs - 1));
    const before = this.#entries.at(-1);
    if (before !== undefined) before.supersededAt = time;
    this.#entries.push({ job, numbers: [number], supersededAt: undefined });
    this.#jobs.set(number, job);
    this.#newest = job;
    this.#newestNumber = number;
  }

  /** Forgets what is too old at `time`: the newest job never is. */
  expire(time: number): void {
    const { ms } = this.#retention;
    const isHeld = ({ supersededAt }: Entry) =>
      supersededAt === undefined || time - supersededAt < ms;
    const held = this.#entries.findIndex(isHeld);
    this.#forget(0, held);
  }

  /** Notes that our job `number` is the pool's newest once more. */
  addAgain(number: number): void {
    const { job, numbers } = this.#entries.at(-1)!;
    // The first stays: it may be what miners have that were slow to take the others.
    if (numbers.length === MAX_NUMBERS) this.#jobs.delete(numbers.splice(1, 1)[0]!);
    numbers.push(number);
    this.#jobs.set(number, job);
    this.#newestNumber = number;
  }

  /** The pool's job for our job `number`, or `undefined` when no share for it can be taken. */
  find(number: number): BookedJob | undefined {
    // Our numbers are beyond 32 bits, which a map finds slowly.
    return number === this.#newestNumber ? this.#newest : this.#jobs.get(number);
  }

  /** The difficulties of all jobs that can be submitted for. */
  *tables(): Generator<DifficultyTable> {
    for (const { job } of this.#entries) yield job.difficulties;
  }

  #forget(from: number, count: number): void {
    for (const { numbers } of this.#entries.splice(from, Math.max(0, count))) {
      for (const number of numbers) this.#jobs.delete(number);
    }
  }
}
