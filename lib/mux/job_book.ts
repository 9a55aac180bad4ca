/**
 * Maps our job numbers to the pool's jobs on one upstream connection.
 *
 * A job is current while the pool may still accept shares for it, according to the terms of the
 * connection. Where shares are hashed here, past jobs are held, too, because a block found for one
 * is still a block. Every connection has its own book, so a share can never be sent for another
 * connection's job. A job that is given to miners again, or that the pool repeats, gets one more
 * number, which may have other difficulties.
 */

import { isSameWork } from "../protocol/stratum/job.ts";
import { NO_JOB } from "../protocol/stratum/job_id.ts";
import type { DifficultyTable } from "./difficulties.ts";
import type { ScreenedJob } from "./screening.ts";
import type { Retention } from "./terms.ts";

/** The most numbers of one job: with one each 35 s, those of the last ten minutes. */
const MAX_NUMBERS = 18;

/** The difficulty of a job for each miner. */
export interface JobDifficulty {
  /** See {@linkcode DifficultyTable}. */
  readonly difficulties: DifficultyTable;
  /** Whether it may be above the pool's difficulty, because of a flood. */
  readonly isBraked: boolean;
}

/** A pool's job, with each miner's difficulty when the pool sent it. */
export interface BookedJob extends Omit<ScreenedJob, "isPast">, JobDifficulty {}

/** A pool's job as miners were told it, under one or more numbers. */
export interface ToldJob extends ScreenedJob, JobDifficulty {}

/** One of the pool's jobs with all its numbers. */
export interface NumberedJob {
  /** Our numbers for it. */
  readonly numbers: readonly number[];
  /** The job. */
  readonly job: BookedJob;
  /** Whether it is the newest. */
  readonly isNewest: boolean;
}

/** One of the pool's jobs. */
class Entry {
  readonly poolJobId: string;
  /** Its numbers. */
  readonly numbers: number[];
  /** The ways it was told, each with other difficulties. */
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

  /**
   * There may be hundreds of past jobs: drops everything that only shares other than blocks need.
   */
  pass(): void {
    this.isPast = true;
    this.difficulties = { places: NO_PLACES };
    this.check?.pass();
  }
}

/** The jobs of one upstream connection. */
export class JobBook {
  readonly #jobs = new Map<number, Telling>();
  /** The pool's jobs, the oldest first: past ones, then current ones. */
  readonly #entries: Entry[] = [];
  readonly #retention: Retention;
  readonly #holdsPast: boolean;
  /** How many of them are past. */
  #past = 0;
  /** The newest job, which most shares are for, and its last number. */
  #newest: Telling | undefined;
  #newestNumber = NO_JOB;

  /**
   * `retention` says how long jobs are current. If `holdsPast`, past jobs are held, too, up to a
   * bounded number in all.
   */
  constructor(retention: Retention, holdsPast = false) {
    this.#retention = retention;
    this.#holdsPast = holdsPast;
  }

  /** How many of the pool's jobs are current. */
  get size(): number {
    return this.#entries.length - this.#past;
  }

  /** Adds the pool's `job` as our job `number`, and drops the jobs that the pool drops with it. */
  add(number: number, job: BookedJob, isClean: boolean, time: number): void {
    const again = this.#entries.findIndex(({ poolJobId }) => poolJobId === job.poolJobId);
    const repeated = again >= 0 && isRepeated(this.#entries[again]!, job)
      ? this.#entries.splice(again, 1)[0]
      : undefined;
    // An id that is reused for other work now means the new job.
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

  /** Ends jobs that are too old at `time`, but never the newest. */
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
   * Adds our job `number` as one more number of the pool's newest job.
   *
   * @param difficulty the difficulty told with it; absent if it is the same as before.
   */
  addAgain(number: number, difficulty?: JobDifficulty): void {
    const entry = this.#entries.at(-1)!;
    const telling = difficulty === undefined
      ? undefined
      : new Telling({ ...entry.telling, ...difficulty });
    this.#retell(entry, number, telling);
  }

  /** The pool's job for our job `number`; `undefined` if no share for it can be accepted. */
  find(number: number): ToldJob | undefined {
    // Our numbers exceed 32 bits, which makes a map slow.
    return number === this.#newestNumber ? this.#newest : this.#jobs.get(number);
  }

  /** The pool's job with this id, if it is held. */
  ofPool(poolJobId: string): BookedJob | undefined {
    return this.#entries.findLast((entry) => entry.poolJobId === poolJobId)?.telling;
  }

  /**
   * The jobs that were the newest at `since` or later, the oldest first, with all their numbers.
   */
  *newestSince(since: number): Generator<NumberedJob> {
    for (const { numbers, telling, supersededAt } of this.#entries) {
      if ((supersededAt ?? Infinity) < since) continue;
      yield { numbers, job: telling, isNewest: supersededAt === undefined };
    }
  }

  /** The difficulties of all current jobs. */
  *tables(): Generator<DifficultyTable> {
    for (let at = this.#past; at < this.#entries.length; at++) {
      for (const { difficulties } of this.#entries[at]!.tellings) yield difficulties;
    }
  }

  /** Makes the oldest `count` current jobs past. */
  #pass(count: number): void {
    if (count <= 0) return;
    if (!this.#holdsPast) return this.#forget(0, count);
    for (let n = 0; n < count; n++) this.#entries[this.#past++]!.pass();
  }

  /** Adds a number to a job; `telling` is absent if it is told as before. */
  #retell(entry: Entry, number: number, telling: Telling | undefined): void {
    const { numbers, tellings } = entry;
    // The first number stays: slow miners may still have it.
    if (numbers.length === MAX_NUMBERS) this.#jobs.delete(numbers.splice(1, 1)[0]!);
    numbers.push(number);
    if (telling !== undefined) {
      tellings.push(telling);
      // Drops tellings whose last number is gone.
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

/** Whether a new job repeats a held, current one, by the data that their shares are hashed with. */
function isRepeated({ isPast, telling }: Entry, { check }: BookedJob): boolean {
  if (isPast || check === undefined || telling.check === undefined) return false;
  return isSameWork(telling.check.job, check.job);
}
