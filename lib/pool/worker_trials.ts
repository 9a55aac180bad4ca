/**
 * Whether connections of single workers are worth trying at a pool, and for which workers; pure.
 *
 * A worker whose connection failed waits, longer each time; a worker that the pool refuses waits
 * longest. If one connection after the other fails, as at a pool that bans or limits such
 * connections, the pool is given up for an hour.
 */

import { backoffMs } from "../base/backoff.ts";
import type { Random } from "../base/clock.ts";

/**
 * After this number of failures in a row, each at its own time, the pool is given up. After this
 * number for one worker alone, each before its connection had served for long, the worker waits
 * like a refused one.
 */
const MOST_FAILURES = 5;

/** How long it is given up, in milliseconds. */
const GIVEN_UP_MS = 3_600_000;

/** A worker that is refused is tried again after this long, in milliseconds. */
const REFUSED_MS = 600_000;

/**
 * A pool that closed all connections this often within that time, while more were being opened, may
 * have blocked us because of them.
 */
const MOST_STRIKES = 3;

/** With this number of remembered workers, those that may be tried again are forgotten. */
const MANY_WORKERS = 1_000;

/** How a worker's connection failed. Times are monotonic, in milliseconds. */
export interface WorkerFailure {
  /** Its name at the pool. */
  readonly user: string;
  /** When it was opened. */
  readonly openedAt: number;
  /** Whether the pool was reached and refused it. */
  readonly isRefusal: boolean;
}

/** What is known of one pool. */
export class WorkerTrials {
  readonly #random: Random;
  readonly #workers = new Map<string, { readonly failures: number; readonly retryAt: number }>();
  #failures = 0;
  #failedAt = -Infinity;
  #retryAt = -Infinity;
  #givenUpUntil = -Infinity;
  /** When all connections were lost while more were being opened. */
  #strikes: number[] = [];

  /** Starts without any trial. */
  constructor(random: Random) {
    this.#random = random;
  }

  /**
   * How many connections may be opening at one time: after a failure, one is enough to find out
   * whether the pool accepts more.
   */
  mostOpening(time: number): number {
    if (time < this.#retryAt || time < this.#givenUpUntil) return 0;
    return this.#failures === 0 ? Infinity : 1;
  }

  /** Whether a worker may be tried. */
  mayTry(user: string, time: number): boolean {
    return time >= (this.#workers.get(user)?.retryAt ?? -Infinity);
  }

  /** A connection failed, or was lost too soon. @returns whether this gives up the pool. */
  failed({ user, openedAt, isRefusal }: WorkerFailure, time: number): boolean {
    this.#forgetRested(time);
    const failures = (this.#workers.get(user)?.failures ?? 0) + 1;
    const isHopeless = isRefusal || failures >= MOST_FAILURES;
    const restMs = isHopeless ? REFUSED_MS : backoffMs(failures, this.#random);
    this.#workers.set(user, { failures, retryAt: time + restMs });
    // Connections that were being opened at that time fail for the same reason.
    if (openedAt <= this.#failedAt) return false;
    this.#failures++;
    this.#failedAt = time;
    this.#retryAt = time + backoffMs(this.#failures, this.#random);
    if (this.#failures < MOST_FAILURES) return false;
    this.#giveUp(time);
    return true;
  }

  /**
   * The shared connection was lost together with others, while more were being opened. The pool may
   * have restarted, but not each time. @returns whether this gives up the pool.
   */
  struck(time: number): boolean {
    this.#strikes = [...this.#strikes.filter((at) => time - at < GIVEN_UP_MS), time];
    if (this.#strikes.length < MOST_STRIKES) return false;
    this.#giveUp(time);
    return true;
  }

  #giveUp(time: number): void {
    this.#failures = 0;
    this.#strikes = [];
    this.#givenUpUntil = time + GIVEN_UP_MS;
  }

  /** A connection is ready. */
  succeeded(): void {
    this.#failures = 0;
    this.#retryAt = -Infinity;
  }

  /** A worker's connection has served well. */
  proven(user: string): void {
    this.#workers.delete(user);
  }

  /** The pool itself is not reachable, which says nothing about single workers. */
  excused(): void {
    this.#failures = 0;
  }

  #forgetRested(time: number): void {
    if (this.#workers.size < MANY_WORKERS) return;
    for (const [user, { retryAt }] of this.#workers) {
      if (retryAt <= time) this.#workers.delete(user);
    }
  }
}
