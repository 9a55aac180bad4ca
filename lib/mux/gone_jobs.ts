/**
 * Keeps jobs of connections that are gone: a block found for one of them cannot be sent, but must
 * be noticed.
 */

import { Allowance } from "../base/allowance.ts";
import { isSameWork, type Job } from "../protocol/stratum/job.ts";
import type { Share } from "../protocol/stratum/share.ts";
import type { JobBook } from "./job_book.ts";
import type { ScreenedJob, Screening, ShareOwner } from "./screening.ts";
import type { Upstream } from "./upstream.ts";
import type { Work } from "./work.ts";

/**
 * How long jobs are held, in milliseconds. Of older jobs only those that were the newest until
 * lately are held. Miners that moved finish within seconds; for jobs that miners still work on, see
 * {@linkcode GoneJobs.stillUsed}.
 */
const HELD_MS = 600_000;
const LATELY_MS = 120_000;

/**
 * The most jobs held, each of a kilobyte or more. Thousands of connections of single workers may be
 * lost at once: the newest job of each is worth more than all older ones.
 */
export const MOST_JOBS = 16_384;

/** How often such a block gets a log line, in milliseconds, and how many at once. */
const LINE_EVERY_MS = 6_000;
const LINES_AT_ONCE = 10;

/** The part of a connection that is needed here; a `Slot` already fits. */
export interface JobHolder {
  /** The connection. */
  readonly upstream: Pick<Upstream, "name" | "terms" | "versionMask">;
  /** How its shares are checked. */
  readonly screening: Screening;
}

/** A connection with its jobs. */
export interface JobPlace extends JobHolder {
  /** Its jobs. */
  readonly jobs: JobBook;
  /** The work of its miners. */
  readonly work: Pick<Work, "again">;
}

/** A found block: the connection that its job came from, and the job. */
export interface FoundBlock<Holder> {
  /** The connection. */
  readonly holder: Holder;
  /** The job. */
  readonly job: ScreenedJob;
}

/** The block that a share is at one of these connections, even if the share is otherwise stale. */
export function blockAt<Place extends JobPlace>(
  places: Iterable<Place>,
  share: Share,
  owner: ShareOwner,
): FoundBlock<Place> | undefined {
  for (const place of places) {
    const job = place.screening.hashing === undefined ? undefined : place.jobs.find(share.jobId);
    if (job === undefined) continue;
    return isBlock(place, job, share, owner) ? { holder: place, job } : undefined;
  }
  return undefined;
}

function isBlock(
  { upstream, screening }: JobHolder,
  job: ScreenedJob,
  share: Share,
  owner: ShareOwner,
): boolean {
  return screening.fault(share, job, owner, upstream.versionMask) === undefined &&
    screening.hashing!.isBlock(share, job, owner);
}

/** One held job. */
interface HeldJob {
  readonly holder: JobHolder;
  readonly job: ScreenedJob;
  /** Our numbers for it. */
  readonly numbers: readonly number[];
  /** The number of times that it was told again. */
  again: number;
  since: number;
}

/** The jobs of connections that are gone. Times are monotonic, in milliseconds. */
export class GoneJobs {
  readonly #lines = new Allowance(LINE_EVERY_MS, LINES_AT_ONCE);
  readonly #byNumber = new Map<number, HeldJob>();
  /**
   * The newest job of each connection by its coinbase part 1, which is hardly ever the same for two
   * jobs.
   */
  readonly #byCoinbase1 = new Map<string, HeldJob>();
  /** The newest job of each connection, and the others; those held longest first. */
  readonly #newest = new Set<HeldJob>();
  readonly #older = new Set<HeldJob>();

  /** How many jobs are held. */
  get size(): number {
    return this.#newest.size + this.#older.size;
  }

  /** Holds the jobs of a connection that is gone. */
  add({ upstream, jobs, screening, work: { again } }: JobPlace, time: number): void {
    if (screening.hashing === undefined) return;
    const { name, terms, versionMask } = upstream;
    // Keeps only these parts, because a place also holds its miners.
    const holder = { upstream: { name, terms, versionMask }, screening };
    for (const { numbers, job, isNewest } of jobs.newestSince(time - LATELY_MS)) {
      const { poolJobId, ntime, version, check } = job;
      check?.pass();
      const past = { poolJobId, ntime, version, check, isPast: true };
      const held = { holder, job: past, numbers, again, since: time };
      (isNewest ? this.#newest : this.#older).add(held);
      if (isNewest && check !== undefined) this.#byCoinbase1.set(check.job.coinbase1, held);
      for (const number of numbers) this.#byNumber.set(number, held);
    }
    while (this.size > MOST_JOBS) this.#forgetFirst(this.#older.size > 0);
  }

  /** Miners still work on the job with this number, which was told again `again` times. */
  stillUsed(number: number, again: number, time: number): void {
    const held = this.#byNumber.get(number);
    if (held === undefined) return;
    held.again = again;
    held.since = time;
    const jobs = this.#newest.has(held) ? this.#newest : this.#older;
    // Moves it to the end of the order.
    jobs.delete(held);
    jobs.add(held);
  }

  /** Forgets jobs that are too old. */
  expire(time: number): void {
    for (const isOlder of [false, true]) {
      const jobs = isOlder ? this.#older : this.#newest;
      for (const { since } of jobs) {
        if (time - since < HELD_MS) break;
        this.#forgetFirst(isOlder);
      }
    }
  }

  /** The block that a share is for one of the held jobs. */
  blockOf(share: Share, owner: ShareOwner): FoundBlock<JobHolder> | undefined {
    const held = this.#byNumber.get(share.jobId);
    return held !== undefined && isBlock(held.holder, held.job, share, owner) ? held : undefined;
  }

  /**
   * The number of times that the same job was told again, if it was the newest of a connection that
   * is gone.
   */
  againOf(job: Job): number | undefined {
    const held = this.#byCoinbase1.get(job.coinbase1);
    return held !== undefined && isSameWork(held.job.check!.job, job) ? held.again : undefined;
  }

  /**
   * Whether one more block gets a log line: on a network where every share is a block there would
   * be too many.
   */
  maySay(time: number): boolean {
    return this.#lines.take(time);
  }

  #forgetFirst(isOlder: boolean): void {
    const jobs = isOlder ? this.#older : this.#newest;
    const [first] = jobs;
    jobs.delete(first!);
    const { numbers, job: { check } } = first!;
    for (const number of numbers) this.#byNumber.delete(number);
    if (check === undefined || this.#byCoinbase1.get(check.job.coinbase1) !== first) return;
    this.#byCoinbase1.delete(check.job.coinbase1);
  }
}
