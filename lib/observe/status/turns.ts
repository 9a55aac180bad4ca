/**
 * Decides when the status server works, and for how long, so that miners are served in between.
 *
 * Its work is cut into slices of a few milliseconds. One slice runs in a turn of the event loop,
 * whichever request it is for, followed by a pause of at least the same length. All slices together
 * have a time budget per second; work beyond it waits, and new requests are turned away.
 */

import type { Time, Timer } from "../../base/clock.ts";

/** A slice ends after this time, in milliseconds, with the step that is under way. */
const SLICE_MS = 3;

/**
 * The budget: this much of each second of one core, in milliseconds. Unspent time adds up to the
 * burst.
 */
const BUDGET_MS_PER_SECOND = 200;
const BURST_MS = 400;

/**
 * The cost of a request besides making its answer, in milliseconds: reading, writing, and Deno's
 * own work.
 */
const REQUEST_MS = 0.3;

/**
 * When the budget is overdrawn by this much, in milliseconds, requests are neither read nor turned
 * away until there is time.
 */
const MOST_OVERDRAWN_MS = 50;

/** The most that one slice is counted as, in milliseconds. */
const MOST_SPENT_MS = 50;

/** The shortest pause, in milliseconds: without one Deno would not poll its sockets in between. */
const LEAST_PAUSE_MS = 1;

/** Rejects those that wait for a turn when turns are stopped. */
export class TurnsStopped extends Error {}

interface Slice {
  readonly work: () => void;
  readonly reject: (error: TurnsStopped) => void;
}

/** Gives turns and keeps the budget. */
export class Turns {
  readonly #time: Time;
  readonly #waiting: Slice[] = [];
  #timer: Timer | undefined;
  #left = BURST_MS;
  #countedAt: number;
  /** When the pause after the last slice is over. */
  #pausesUntil = 0;
  /** The waits of requests, each with the function that ends it. */
  readonly #sleepers = new Map<Timer, () => void>();
  #isStopped = false;

  /** Starts with a full budget. */
  constructor(time: Time) {
    this.#time = time;
    this.#countedAt = time.now();
  }

  /** Whether the budget is used up. */
  get isSpent(): boolean {
    return this.#balance() <= 0;
  }

  /** Seconds until there is time again, at least 1. */
  get secondsUntilMore(): number {
    return Math.max(1, Math.ceil(-this.#balance() / BUDGET_MS_PER_SECOND));
  }

  /** Counts a request, and settles when it may be read. */
  async request(): Promise<void> {
    this.#spend(REQUEST_MS);
    while (!this.#isStopped && this.#balance() < -MOST_OVERDRAWN_MS) {
      const ms = (-MOST_OVERDRAWN_MS - this.#balance()) * 1000 / BUDGET_MS_PER_SECOND;
      await this.#sleep(Math.ceil(ms));
    }
  }

  /** Stops giving turns. */
  stop(): void {
    this.#isStopped = true;
    this.#time.clear(this.#timer);
    for (const { reject } of this.#waiting.splice(0)) reject(new TurnsStopped());
    for (const [timer, resolve] of this.#sleepers) {
      this.#time.clear(timer);
      resolve();
    }
  }

  /** Runs `work`, which must be short, in its turn and returns its result. */
  take<T>(work: () => T): Promise<T> {
    return new Promise((resolve, reject) => {
      if (this.#isStopped) return reject(new TurnsStopped());
      const slice = () => {
        try {
          resolve(work());
        } catch (error) {
          reject(error);
        }
      };
      this.#waiting.push({ work: slice, reject });
      this.#arm();
    });
  }

  /** Runs all of `steps`, some in each turn, and returns their result. */
  async run<T>(steps: Generator<unknown, T>): Promise<T> {
    for (;;) {
      const last = await this.take(() => this.slice(steps));
      if (last.done) return last.value;
    }
  }

  /**
   * Runs steps for the time of a slice; call it in a turn.
   *
   * @param each gets what each step yields, and returns whether the slice may continue.
   */
  slice<S, T>(
    steps: Iterator<S, T>,
    each: (value: S) => boolean = () => true,
  ): IteratorResult<S, T> {
    const end = this.#time.now() + SLICE_MS;
    for (;;) {
      const step = steps.next();
      if (step.done || !each(step.value) || this.#time.now() >= end) return step;
    }
  }

  /** Runs `work` at once, without a turn, and counts its time. */
  now<T>(work: () => T): T {
    const before = this.#time.now();
    try {
      return work();
    } finally {
      this.#spend(this.#time.now() - before);
    }
  }

  #sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = this.#time.after(ms, () => {
        this.#sleepers.delete(timer);
        resolve();
      });
      this.#sleepers.set(timer, resolve);
    });
  }

  #arm(): void {
    if (this.#timer !== undefined || this.#waiting.length === 0) return;
    const pause = Math.max(LEAST_PAUSE_MS, this.#pausesUntil - this.#time.now());
    this.#timer = this.#time.after(pause, () => this.#turn());
  }

  #turn(): void {
    this.#timer = undefined;
    const before = this.#time.now();
    let after = before;
    // Short tasks share a turn.
    for (let slice = this.#waiting.shift(); slice !== undefined;) {
      slice.work();
      after = this.#time.now();
      slice = after - before < SLICE_MS ? this.#waiting.shift() : undefined;
    }
    this.#spend(after - before);
    const debt = Math.max(0, -this.#balance()) * 1000 / BUDGET_MS_PER_SECOND;
    this.#pausesUntil = after + Math.max(after - before, debt);
    this.#arm();
  }

  #balance(): number {
    const time = this.#time.now();
    const earned = (time - this.#countedAt) * BUDGET_MS_PER_SECOND / 1000;
    this.#countedAt = time;
    this.#left = Math.min(BURST_MS, this.#left + earned);
    return this.#left;
  }

  #spend(ms: number): void {
    // A longer slice means that the process itself did not run for a while.
    this.#left = this.#balance() - Math.min(ms, MOST_SPENT_MS);
  }
}
