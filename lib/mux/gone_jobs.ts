/**
 * Jobs of connections that are gone: a block found for one of them can be sent nowhere, but must not
 * pass unseen.
 */

import { Allowance } from "../base/allowance.ts";
import { isSameWork, type Job } from "../protocol/stratum/job.ts";
import type { Share } from "../protocol/stratum/share.ts";
import type { JobBook } from "./job_book.ts";
import type { ScreenedJob, Screening, ShareOwner } from "./screening.ts";
import type { Upstream } from "./upstream.ts";
import type { Work } from "./work.ts";

/**
 * How long they are held, in milliseconds, and of those that were not the newest any more only what
 * was until lately. Miners that moved finish within seconds; for what miners still work on, see
 * {@linkcode GoneJobs.stillUsed}.
 */
const HELD_MS = 600_000;
const LATELY_MS = 120_000;

/**
 * Jobs held, of a kilobyte and more each. Thousands of connections of single workers may go at once:
 * the newest job of each is worth more than all older ones.
 */
export const MOST_JOBS = 16_384;

/** How often such a block gets a line of its own, in milliseconds, and how many do at once. */
const LINE_EVERY_MS = 6_000;
const LINES_AT_ONCE = 10;

/** What is looked at of a connection; a `Slot` already fits. */
export interface JobHolder {
  /** The connection. */
  readonly upstream: Pick<Upstream, "name" | "terms" | "versionMask">;
  /** How its shares are looked at. */
  readonly screening: Screening;
}

/** A connection with its jobs. */
export interface JobPlace extends JobHolder {
  /** Its jobs. */
  readonly jobs: JobBook;
  /** What its miners have to work on. */
  readonly work: Pick<Work, "again">;
}

/** A block: the connection that its job came from, and the job. */
export interface FoundBlock<Holder> {
  /** The connection. */
  readonly holder: Holder;
  /** The job. */
  readonly job: ScreenedJob;
}

/** The block that a share is at one of these connections, whatever else it may be. */
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

/** One job that is held. */
interface HeldJob {
  readonly holder: JobHolder;
  readonly job: ScreenedJob;
  /** Our numbers of it. */
  readonly numbers: readonly number[];
  /** How often it was told again. */
  again: number;
  since: number;
}

/** The jobs of connections that are gone. Times are monotonic, in milliseconds. */
export class GoneJobs {
  readonly #lines = new Allowance(LINE_EVERY_MS, LINES_AT_ONCE);
  readonly #byNumber = new Map<number, HeldJob>();
  /** The newest of each connection by their first coinbase parts, two of which are hardly ever alike. */
  readonly #byCoinbase1 = new Map<string, HeldJob>();
  /** The newest of each connection, and the others; what is held longest first. */
  readonly #newest = new Set<HeldJob>();
  readonly #older = new Set<HeldJob>();

  /** How many are held. */
  get size(): number {
    return this.#newest.size + this.#older.size;
  }

  /** A connection is gone. */
  add({ upstream, jobs, screening, work: { again } }: JobPlace, time: number): void {
    if (screening.hashing === undefined) return;
    const { name, terms, versionMask } = upstream;
    // No more of it: a place holds its miners, too.
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

  /** Miners still work on the job with this number, which was told again these many times. */
  stillUsed(number: number, again: number, time: number): void {
    const held = this.#byNumber.get(number);
    if (held === undefined) return;
    held.again = again;
    held.since = time;
    const jobs = this.#newest.has(held) ? this.#newest : this.#older;
    // To the end of the order.
    jobs.delete(held);
    jobs.add(held);
  }

  /** Forgets what is too old. */
  expire(time: number): void {
    for (const isOlder of [false, true]) {
      const jobs = isOlder ? this.#older : this.#newest;
      for (const { since } of jobs) {
        if (time - since < HELD_MS) break;
        this.#forgetFirst(isOlder);
      }
    }
  }

  /** The block that a share is for one of them. */
  blockOf(share: Share, owner: ShareOwner): FoundBlock<JobHolder> | undefined {
    const held = this.#byNumber.get(share.jobId);
    return held !== undefined && isBlock(held.holder, held.job, share, owner) ? held : undefined;
  }

  /** How often the newest job of one was told again, if it is the same as this. */
  againOf(job: Job): number | undefined {
    const held = this.#byCoinbase1.get(job.coinbase1);
    return held !== undefined && isSameWork(held.job.check!.job, job) ? held.again : undefined;
  }

  /** Whether one more block is worth a line: at a network where every share is one they would be many. */
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
