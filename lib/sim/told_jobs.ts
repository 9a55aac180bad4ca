/**
 * The jobs that a simulated miner was sent on one connection: which new job its firmware mistakes
 * for one it has, and which should never have been sent.
 */

import type { Job } from "../protocol/stratum/job.ts";
import { crc16 } from "./crc16.ts";
import type { Firmware } from "./firmware.ts";
import type { Arrival } from "./ticker.ts";

/** The number of jobs that Avalon and the S9 keep. */
const KEPT_JOBS = 3;
/** The number of ids remembered to recognise a known one. */
const REMEMBERED_JOBS = 16;
/**
 * The shortest gap before a job that is not clean, in milliseconds. Firmware that keeps three jobs
 * tolerates one in 5 s; the server's timers and the sockets may deliver it a little earlier.
 */
const LEAST_GAP_MS = 4_000;

interface RememberedJob {
  readonly id: string;
  readonly content: number;
}

/** The result of a job. */
export interface TakenJob {
  /** Whether the miner works on it. */
  readonly isTaken: boolean;
  /** What the server did wrong, in words. */
  readonly faults: readonly string[];
}

/** The jobs of one connection. */
export class ToldJobs {
  readonly #rule: Firmware["sameJob"];
  readonly #jobs: RememberedJob[] = [];
  /** The earliest time the last job can have arrived; a clean job makes all before it invalid. */
  #lastSinceMs = -Infinity;

  /** Follows the rule of a firmware. */
  constructor({ sameJob }: Pick<Firmware, "sameJob">) {
    this.#rule = sameJob;
  }

  /**
   * Notes a job. `isPaced` says whether its time, and that of the next, shows the server's pace.
   */
  take(job: Job, { sinceMs, untilMs }: Arrival, isPaced: boolean): TakenJob {
    const content = contentOf(job);
    const isKnown = this.#jobs.some(({ id }) => id === job.id);
    const isTaken = this.#isNew(job, isKnown);
    const faults: string[] = [];
    const twin = this.#jobs.find((other) => other.content === content);
    if (isKnown) {
      faults.push(`the id of job ${job.id} came before`);
    } else if (twin !== undefined) {
      faults.push(`job ${job.id} is job ${twin.id} again: the same headers are searched again`);
    }
    if (!isTaken && !isKnown) faults.push(`job ${job.id} has the CRC-16 of one before: ignored`);
    const gapMs = untilMs - this.#lastSinceMs;
    if (!job.isClean && isPaced && gapMs < LEAST_GAP_MS) {
      const gap = `${Math.round(gapMs)} ms after the one before`;
      faults.push(`job ${job.id} came ${gap}: some firmware tolerates one in 5 s`);
    }
    this.#lastSinceMs = job.isClean || !isPaced ? -Infinity : sinceMs;
    this.#jobs.push({ id: job.id, content });
    if (this.#jobs.length > REMEMBERED_JOBS) this.#jobs.shift();
    return { isTaken, faults };
  }

  #isNew({ id, isClean }: Job, isKnown: boolean): boolean {
    switch (this.#rule) {
      case "never":
        return true;
      case "crc16": {
        const crc = crc16(id);
        return !this.#jobs.slice(-KEPT_JOBS).some((job) => crc16(job.id) === crc);
      }
      case "seenId":
        return isClean || !isKnown;
      case "sameId":
        return this.#jobs.at(-1)?.id !== id;
    }
  }
}

/** Returns a hash of everything that makes a job's headers, without its id and flag. */
function contentOf(job: Job): number {
  const { prevHash, coinbase1, coinbase2, merkleBranches, version, bits, ntime } = job;
  let hash = 0x811c9dc5;
  for (const text of [prevHash, coinbase1, coinbase2, ...merkleBranches, version, bits, ntime]) {
    for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
    hash = Math.imul(hash ^ 0xff, 0x01000193);
  }
  return hash;
}
