/**
 * Which of our jobs stands for which of a pool's, on one upstream connection.
 *
 * A job is current for as long as the pool may still take shares for it, as the terms of the
 * connection say. Where shares are hashed here, past jobs are held too, for a block found on one is a
 * block. Every connection has its own book, so a share can never be sent for another connection's
 * job. A job that miners are given again, or that the pool repeats, has a number more, and may have
 * other difficulties under it.
 */

import { isSameWork } from "../protocol/stratum/job.ts";
import { NO_JOB } from "../protocol/stratum/job_id.ts";
import type { DifficultyTable } from "./difficulties.ts";
import type { ScreenedJob } from "./screening.ts";
import type { Retention } from "./terms.ts";

/** Numbers of one job: with one each 35 s the last ten minutes of them. */
const MAX_NUMBERS = 18;

/** How difficult each miner finds a job. */
export interface JobDifficulty {
  /** See {@linkcode DifficultyTable}. */
  readonly difficulties: DifficultyTable;
  /** Whether that may be above the pool's difficulty, against a flood. */
  readonly isBraked: boolean;
}

/** A pool's job, and what each miner's difficulty was when the pool sent it. */
export interface BookedJob extends Omit<ScreenedJob, "isPast">, JobDifficulty {}

/** A pool's job as miners were told it, under one number or several. */
export interface ToldJob extends ScreenedJob, JobDifficulty {}

/** One of the pool's jobs and all that it was given under. */
export interface NumberedJob {
  /** Our numbers of it. */
  readonly numbers: readonly number[];
  /** The job. */
  readonly job: BookedJob;
  /** Whether no newer one came. */
  readonly isNewest: boolean;
}

/** One of the pool's jobs. */
class Entry {
  readonly poolJobId: string;
  /** What it was given under. */
  readonly numbers: number[];
  /** As it was told, with other difficulties each time. */
  readonly tellings: Telling[];
  /** When a newer job came; `undefined` for the newest. */
  supersededAt: number | undefined = undefined;
  isPast = false;

  constructor(number: number, job: BookedJob) {
    this.poolJobId = job.poolJobId;
    this.numbers = [number];
    this.tellings = [new Telling(job)];
  }

  get telling(): Telling {
    return this.tellings.at(-1)!;
  }

  pass(): void {
    this.isPast = true;
    for (const telling of this.tellings) telling.pass();
  }
}

const NO_PLACES = new Uint8Array(0);

class Telling implements ToldJob {
  readonly poolJobId: string;
  readonly ntime: number;
  readonly version: number;
  readonly check: BookedJob["check"];
  difficulties: DifficultyTable;
  readonly isBraked: boolean;
  isPast = false;

  constructor({ poolJobId, ntime, version, check, difficulties, isBraked }: BookedJob) {
    this.poolJobId = poolJobId;
    this.ntime = ntime;
    this.version = version;
    this.check = check;
    this.difficulties = difficulties;
    this.isBraked = isBraked;
  }

  /** There may be hundreds of them: what only shares that are no blocks need is let go. */
  pass(): void {
    this.isPast = true;
    this.difficulties = { places: NO_PLACES };
    this.check?.pass();
  }
}

/** The jobs of one upstream connection. */
export class JobBook {
  readonly #jobs = new Map<number, Telling>();
  /** The pool's jobs in it, the oldest first: those that are past, then those that are current. */
  readonly #entries: Entry[] = [];
  readonly #retention: Retention;
  readonly #holdsPast: boolean;
  /** How many of them are past. */
  #past = 0;
  /** The newest, which most shares are for, and the last number it was given. */
  #newest: Telling | undefined;
  #newestNumber = NO_JOB;

  /**
   * Jobs are current as `retention` says. Those that were are held if `holdsPast`, for as long as
   * there are no more than it allows in all.
   */
  constructor(retention: Retention, holdsPast = false) {
    this.#retention = retention;
    this.#holdsPast = holdsPast;
  }

  /** How many of the pool's jobs can still be submitted for. */
  get size(): number {
    return this.#entries.length - this.#past;
  }

  /** Notes that our job `number` is the pool's `job`, forgetting what the pool forgets with it. */
  add(number: number, job: BookedJob, isClean: boolean, time: number): void {
    const again = this.#entries.findIndex(({ poolJobId }) => poolJobId === job.poolJobId);
    const repeated = again >= 0 && isRepeated(this.#entries[again]!, job)
      ? this.#entries.splice(again, 1)[0]
      : undefined;
    // An id that comes round again for other work now means the new job.
    if (again >= 0 && repeated === undefined) this.#forget(again, 1);
    const { jobs, acrossClean } = this.#retention;
    this.#pass(this.size - (isClean ? acrossClean : jobs - 1));
    this.#forget(0, this.#entries.length - (jobs - 1));
    const before = this.#entries.at(-1);
    if (before !== undefined) before.supersededAt = time;
    if (repeated === undefined) {
      const entry = new Entry(number, job);
      this.#entries.push(entry);
      this.#given(number, entry.telling);
    } else {
      repeated.supersededAt = undefined;
      this.#entries.push(repeated);
      this.#retell(repeated, number, new Telling(job));
    }
  }

  /** Ends what is too old at `time`: the newest job never is. */
  expire(time: number): void {
    const { ms } = this.#retention;
    let overdue = 0;
    for (let at = this.#past; at < this.#entries.length; at++, overdue++) {
      const { supersededAt } = this.#entries[at]!;
      if (supersededAt === undefined || time - supersededAt < ms) break;
    }
    this.#pass(overdue);
  }

  /**
   * Notes that our job `number` is the pool's newest once more.
   *
   * @param difficulty what miners are told with it; absent if it is as before.
   */
  addAgain(number: number, difficulty?: JobDifficulty): void {
    const entry = this.#entries.at(-1)!;
    const telling = difficulty === undefined
      ? undefined
      : new Telling({ ...entry.telling, ...difficulty });
    this.#retell(entry, number, telling);
  }

  /** The pool's job for our job `number`, or `undefined` when no share for it can be taken. */
  find(number: number): ToldJob | undefined {
    // Our numbers are beyond 32 bits, which a map finds slowly.
    return number === this.#newestNumber ? this.#newest : this.#jobs.get(number);
  }

  /** What is held of the pool's job with this id, if anything. */
  ofPool(poolJobId: string): BookedJob | undefined {
    return this.#entries.findLast((entry) => entry.poolJobId === poolJobId)?.telling;
  }

  /** Those that were the newest at `since` or later, the oldest first, with all their numbers. */
  *newestSince(since: number): Generator<NumberedJob> {
    for (const { numbers, telling, supersededAt } of this.#entries) {
      if ((supersededAt ?? Infinity) < since) continue;
      yield { numbers, job: telling, isNewest: supersededAt === undefined };
    }
  }

  /** The difficulties of all jobs that can be submitted for. */
  *tables(): Generator<DifficultyTable> {
    for (let at = this.#past; at < this.#entries.length; at++) {
      for (const { difficulties } of this.#entries[at]!.tellings) yield difficulties;
    }
  }

  /** The oldest `count` of those that are current are over. */
  #pass(count: number): void {
    if (count <= 0) return;
    if (!this.#holdsPast) return this.#forget(0, count);
    for (let n = 0; n < count; n++) this.#entries[this.#past++]!.pass();
  }

  /** A job is given under a number more; `telling` is absent if it is told as before. */
  #retell(entry: Entry, number: number, telling: Telling | undefined): void {
    const { numbers, tellings } = entry;
    // The first stays: it may be what miners have that were slow to take the others.
    if (numbers.length === MAX_NUMBERS) this.#jobs.delete(numbers.splice(1, 1)[0]!);
    numbers.push(number);
    if (telling !== undefined) {
      tellings.push(telling);
      // Those whose last number is gone.
      if (tellings.length > MAX_NUMBERS) tellings.splice(1, 1);
    }
    this.#given(number, entry.telling);
  }

  #given(number: number, telling: Telling): void {
    this.#jobs.set(number, telling);
    this.#newest = telling;
    this.#newestNumber = number;
  }

  #forget(from: number, count: number): void {
    for (const { numbers, isPast } of this.#entries.splice(from, Math.max(0, count))) {
      if (isPast) this.#past--;
      for (const number of numbers) this.#jobs.delete(number);
    }
  }
}

/** Whether a job that comes is one that is held and current; told by what their shares are hashed with. */
function isRepeated({ isPast, telling }: Entry, { check }: BookedJob): boolean {
  if (isPast || check === undefined || telling.check === undefined) return false;
  return isSameWork(telling.check.job, check.job);
}
