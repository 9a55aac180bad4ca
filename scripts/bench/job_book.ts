/**
 * The jobs that a benchmark's miners have received, and how long each took from the pool to them.
 */

import { STAMP_DIGITS } from "./marks.ts";
import { type Durations, Histogram } from "./histogram.ts";
import type { FoundJob } from "./stratum_scan.ts";

/** Numbers end a job's line: …,"version","bits","time",clean]} */
const NUMBERS_BYTES = 80;

/** A job as miners know it. */
export interface KnownJob {
  /** The agent's name for it. */
  readonly id: Uint8Array;
  /** Its time. */
  readonly ntime: number;
  /** When the pool sent it, in milliseconds. */
  readonly sentAt: number;
}

/** The times measured since the mark. */
export interface JobTimes {
  /** From a job's start at the pool to each miner. */
  readonly fanout: Durations;
  /** From a job's start at the pool to the last miner; jobs that reached all. */
  readonly fanoutLast: Durations;
  /** Jobs that at least one miner received. */
  readonly jobs: number;
  /** Job lines received. */
  readonly jobLines: number;
  /** When the last of them came. */
  readonly lastJobAt: number;
}

/** Keeps the jobs of all miners, numbered in the order in which they first arrived. */
export class JobBook {
  readonly #jobs: KnownJob[] = [];
  /** By job: the number of miners for which it replaced another job. */
  readonly #reached: number[] = [];
  readonly #byKey = new Map<string, number>();
  readonly #fanout = new Histogram();
  readonly #fanoutLast = new Histogram();
  #heard = 0;
  #lines = 0;
  #lastAt = 0;
  #markedAt = 0;

  /** Everything since the mark. */
  get times(): JobTimes {
    return {
      fanout: this.#fanout.durations(),
      fanoutLast: this.#fanoutLast.durations(),
      jobs: this.#heard,
      jobLines: this.#lines,
      lastJobAt: this.#lastAt,
    };
  }

  /** Starts to measure. */
  mark(now: number): void {
    this.#fanout.clear();
    this.#fanoutLast.clear();
    this.#heard = this.#lines = 0;
    this.#markedAt = now;
  }

  /** The job of this number. */
  job(index: number): KnownJob {
    return this.#jobs[index]!;
  }

  /** Handles a job's line, which ends at `end`, and returns the job's number. */
  heard(
    bytes: Uint8Array,
    { idStart, idEnd, stampStart }: FoundJob,
    end: number,
    now: number,
  ): number {
    this.#lines++;
    this.#lastAt = now;
    const stamp = String.fromCharCode(...bytes.subarray(stampStart, stampStart + STAMP_DIGITS));
    const key = String.fromCharCode(...bytes.subarray(idStart, idEnd)) + stamp;
    const known = this.#byKey.get(key);
    if (known !== undefined) return known;
    const index = this.#jobs.length;
    this.#byKey.set(key, index);
    const numbers = String.fromCharCode(...bytes.subarray(end - NUMBERS_BYTES, end));
    const ntime = /"([0-9a-fA-F]{8})"\s*,\s*(?:true|false)/.exec(numbers)?.[1];
    const sentAt = parseInt(stamp, 16) / 1000;
    this.#jobs.push({
      id: bytes.slice(idStart, idEnd),
      ntime: parseInt(ntime ?? "0", 16),
      sentAt,
    });
    if (sentAt >= this.#markedAt) this.#heard++;
    this.#reached.push(0);
    return index;
  }

  /** Notes that a job reached a miner, one of `all`, in place of another. */
  reached(index: number, all: number, now: number): void {
    const { sentAt } = this.job(index);
    const count = ++this.#reached[index]!;
    if (sentAt < this.#markedAt) return;
    this.#fanout.add(now - sentAt);
    if (count === all) this.#fanoutLast.add(now - sentAt);
  }
}
