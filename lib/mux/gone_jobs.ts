/**
 * Jobs of connections that are gone: a block found for one of them can be sent nowhere, but must not
 * pass unseen.
 */

import { Allowance } from "../base/allowance.ts";
import type { Share } from "../protocol/stratum/share.ts";
import type { BookedJob, JobBook } from "./job_book.ts";
import type { ScreenedJob, Screening, ShareOwner } from "./screening.ts";
import type { Upstream } from "./upstream.ts";

/** How long, and how many connections, in milliseconds. Miners that moved finish within seconds. */
const HELD_MS = 600_000;
const MOST = 4;

/** How often such a block gets a line of its own, in milliseconds, and how many do at once. */
const LINE_EVERY_MS = 6_000;
const LINES_AT_ONCE = 10;

/** What is held of a connection; a `Slot` already fits. */
export interface JobHolder {
  /** The connection. */
  readonly upstream: Upstream;
  /** Its jobs. */
  readonly jobs: JobBook;
  /** How its shares are looked at. */
  readonly screening: Screening;
}

/** The block that a share is at one of these connections, whatever else it may be. */
export function blockAt<Holder extends JobHolder>(
  holders: Iterable<Holder>,
  share: Share,
  owner: ShareOwner,
): { readonly holder: Holder; readonly job: ScreenedJob & BookedJob } | undefined {
  for (const holder of holders) {
    const { upstream, jobs, screening } = holder;
    const { hashing } = screening;
    const job = hashing === undefined ? undefined : jobs.find(share.jobId);
    if (job === undefined) continue;
    if (screening.fault(share, job, owner, upstream.versionMask) !== undefined) return undefined;
    return hashing!.isBlock(share, job, owner) ? { holder, job } : undefined;
  }
  return undefined;
}

/** The jobs of the last few connections that are gone. Times are monotonic, in milliseconds. */
export class GoneJobs {
  readonly #lines = new Allowance(LINE_EVERY_MS, LINES_AT_ONCE);
  readonly #held: { readonly holder: JobHolder; readonly since: number }[] = [];

  /** A connection is gone. */
  add({ upstream, jobs, screening }: JobHolder, time: number): void {
    if (screening.hashing === undefined) return;
    // A thousand connections of single workers may go at once: shared ones are worth more.
    if (upstream.terms.difficulty === "passed" && this.#held.length >= MOST) return;
    // No more of it: a place holds its miners, too.
    this.#held.push({ holder: { upstream, jobs, screening }, since: time });
    if (this.#held.length > MOST) this.#held.shift();
  }

  /** Forgets what is too old. */
  expire(time: number): void {
    while (this.#held.length > 0 && time - this.#held[0]!.since >= HELD_MS) this.#held.shift();
  }

  /** Whether one more block is worth a line: at a network where every share is one they would be many. */
  maySay(time: number): boolean {
    return this.#lines.take(time);
  }

  /** The connections. */
  *holders(): Generator<JobHolder> {
    for (const { holder } of this.#held) yield holder;
  }
}
