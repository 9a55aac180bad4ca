/**
 * When the status server works, and how much: miners are served in between.
 *
 * Its work is cut into slices of a few milliseconds. One is done in a turn of the event loop,
 * whichever request it is for, and after it there is a pause at least as long. All slices together
 * have a budget of time for each second; what is over it waits, and what is new is turned away.
 */

import type { Time, Timer } from "../../base/clock.ts";

/** A slice ends after this time, in milliseconds, with the step that is under way. */
const SLICE_MS = 3;

/** The budget: of each second so much of one core, in milliseconds. Unspent, it adds up to the burst. */
const BUDGET_MS_PER_SECOND = 200;
const BURST_MS = 400;

/** What a request costs beside the making of its answer: reading, writing, and what Deno does. */
const REQUEST_MS = 0.3;

/** Overdrawn by this, requests are not even looked at, nor turned away, until there is time. */
const MOST_OVERDRAWN_MS = 50;

/** One slice is counted as this at most, in milliseconds. */
const MOST_SPENT_MS = 50;

/** Without any pause Deno would not look at its sockets in between. */
const LEAST_PAUSE_MS = 1;

/** Said to those that wait for a turn that will not come. */
export class TurnsStopped extends Error {}

interface Slice {
  readonly work: () => void;
  readonly reject: (error: TurnsStopped) => void;
}

/** Gives out turns, and keeps the budget. */
export class Turns {
  readonly #time: Time;
  readonly #waiting: Slice[] = [];
  #timer: Timer | undefined;
  #left = BURST_MS;
  #countedAt: number;
  /** When the pause after the last slice is over. */
  #pausesUntil = 0;
  /** Ends the waits of requests. */
  readonly #sleepers = new Map<Timer, () => void>();
  #isStopped = false;

  /** Nothing is spent yet. */
  constructor(time: Time) {
    this.#time = time;
    this.#countedAt = time.now();
  }

  /** Whether nothing is left of the budget. */
  get isSpent(): boolean {
    return this.#balance() <= 0;
  }

  /** Seconds until there is something again, at least 1. */
  get secondsUntilMore(): number {
    return Math.max(1, Math.ceil(-this.#balance() / BUDGET_MS_PER_SECOND));
  }

  /** Counts a request, and settles when it may be looked at. */
  async request(): Promise<void> {
    this.#spend(REQUEST_MS);
    while (!this.#isStopped && this.#balance() < -MOST_OVERDRAWN_MS) {
      const ms = (-MOST_OVERDRAWN_MS - this.#balance()) * 1000 / BUDGET_MS_PER_SECOND;
      await this.#sleep(Math.ceil(ms));
    }
  }

  /** Gives nobody a turn any more. */
  stop(): void {
    this.#isStopped = true;
    this.#time.clear(this.#timer);
    for (const { reject } of this.#waiting.splice(0)) reject(new TurnsStopped());
    for (const [timer, resolve] of this.#sleepers) {
      this.#time.clear(timer);
      resolve();
    }
  }

  /** Does something short when it is its turn, and gives what that gave. */
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

  /** Takes all of `steps`, some in a turn, and gives what they gave in the end. */
  async run<T>(steps: Generator<unknown, T>): Promise<T> {
    for (;;) {
      const last = await this.take(() => this.slice(steps));
      if (last.done) return last.value;
    }
  }

  /**
   * Takes steps for the time of a slice; to be called in a turn.
   *
   * @param each is given what each step yields, and says whether the slice may go on.
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

  /** Does at once what cannot wait, and counts it. */
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
    // Short ones share a turn.
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
    // What took longer was a time in which this process did not run at all.
    this.#left = this.#balance() - Math.min(ms, MOST_SPENT_MS);
  }
}
