/**
 * Keeps the book of workers up to date: tells it when a miner logs in or leaves, and once a minute
 * takes a sample of every miner, a few in each turn.
 */

import type { AttendedClock } from "../base/attended_clock.ts";
import type { Timers } from "../base/clock.ts";
import { InTurns } from "../base/in_turns.ts";
import type { AttendanceBook, Attendee } from "../miner/attendance.ts";
import { columnOf, countOf, COUNTS, type ShareCounter } from "../mux/books/ledger.ts";
import { reportFault } from "../observe/fault.ts";
import { areaLog } from "../observe/log.ts";
import { LOST_REASONS } from "../workers/lost_reasons.ts";
import { WorkerBook, type WorkerBookOptions } from "../workers/worker_book.ts";
import { CONNECTION, WORKER } from "../workers/worker_records.ts";
import type { WorkerSteps } from "../workers/worker_steps.ts";

/** Steps of a sweep in one turn, which takes well under 1 ms, and the pause until the next turn. */
const STEPS_PER_TURN = 64;
const PAUSE_MS = 1;

/** If this process sleeps for at least this long, measured hashrates become too low. */
const LONG_ABSENCE_MS = 60_000;

const QUARTER_MS = 900_000;
const HOUR_MS = 3_600_000;

/** The columns of good shares, and of those among the assumed that may still be rejected. */
const GOOD = (["accepted", "assumed", "kept"] as const).map(columnOf);
const NOT_GOOD_YET = columnOf("earlyOpen");

/** The columns of lost shares, for each reason. */
const LOST: readonly (readonly number[])[] = LOST_REASONS.map((reason) =>
  COUNTS
    .filter((count) =>
      count === countOf("refused", reason) || count === countOf("rejected", reason)
    )
    .map(columnOf)
);

/** All of them, each once. */
const ALL_LOST = [...new Set(LOST.flat())];

const log = areaLog("agent");

/** What the watch needs. */
export interface WorkerWatchOptions {
  /** Settings of the book. */
  readonly book: WorkerBookOptions;
  /** Counts the shares of every miner. */
  readonly counter: ShareCounter;
  /** The sub-account that a miner's user name belongs to, as the list of accounts spells it. */
  readonly accountOf: (name: string) => string;
  /** Gives the times by which workers are judged. */
  readonly clock: AttendedClock;
  /** Run the sweeps. */
  readonly timers: Timers;
  /** Counts what workers do in a step of the history, if one is kept. */
  readonly steps?: WorkerSteps | undefined;
}

/** Connections counted in a step. */
const COUNTED_AT_ONCE = 32;

/** Keeps the book of workers. An error in it is logged and never disturbs a miner. */
export class WorkerWatch implements AttendanceBook {
  /** The book. */
  readonly book: WorkerBook;
  readonly #options: WorkerWatchOptions;
  readonly #lost = new Float64Array(LOST_REASONS.length);
  readonly #sweeping: InTurns;
  #sweptAt: number;
  /** How far real time was ahead of attended time at the last tick. */
  #ahead: number;

  /** Starts with an empty book. */
  constructor(options: WorkerWatchOptions) {
    this.#options = options;
    this.book = new WorkerBook(options.book);
    this.#sweeping = new InTurns(options.timers, STEPS_PER_TURN, PAUSE_MS);
    this.#sweptAt = options.clock.now();
    this.#ahead = options.clock.realNow() - this.#sweptAt;
  }

  loggedIn(miner: Attendee): number {
    return this.#safely(() => {
      const time = this.#options.clock.now();
      const attendance = this.book.loggedIn({
        account: this.#options.accountOf(miner.account),
        name: miner.workerName,
        clientAgent: miner.clientAgent,
        address: miner.from.hostname,
        sessionId: miner.sessionId,
        upstream: miner.upstreamName,
      }, time);
      const { steps } = this.#options;
      if (steps === undefined || attendance === 0) return attendance;
      const { row, id, connections } = this.#workerOf(attendance);
      steps.loggedIn(attendance - 1, row, id, connections === 1, time);
      return attendance;
    }) ?? 0;
  }

  admitted(miner: Attendee): void {
    this.#safely(() => this.#sample(miner));
  }

  paused(miner: Attendee, from: number, to: number): void {
    this.#safely(() => this.book.paused(miner.attendance, from, to, miner.upstreamName));
  }

  left(miner: Attendee, reason: string, isOurDoing: boolean): void {
    this.#safely(() => {
      this.#sample(miner);
      const time = this.#options.clock.now();
      this.#leaveStep(miner, time);
      this.book.left(miner.attendance, reason, isOurDoing, time);
    });
  }

  /** Starts a sweep over all `miners` if one is due. Call it about once a second. */
  tick(miners: () => Iterable<Attendee>): void {
    const { clock } = this.#options;
    const realTime = clock.realNow();
    const time = clock.now(realTime);
    const ahead = realTime - time;
    if (ahead - this.#ahead >= LONG_ABSENCE_MS) this.book.cameBack(time);
    this.#ahead = ahead;
    if (time - this.#sweptAt < this.book.times.sweepMs) return;
    this.#sweptAt = time;
    this.#sweeping.run(() => this.#sweep(miners()));
  }

  /** Counts what all of `miners` did up to now, for the step that ends; a few at once. */
  *countStep(miners: Iterable<Attendee>): Generator<void> {
    let counted = 0;
    for (const miner of miners) {
      this.#countStep(miner);
      if (++counted % COUNTED_AT_ONCE === 0) yield;
    }
  }

  /** Stops the sweep. */
  stop(): void {
    this.#sweeping.stop();
  }

  /** Samples one miner before each `yield`. */
  *#sweep(miners: Iterable<Attendee>): Generator<void> {
    for (const miner of miners) {
      this.#sample(miner);
      yield;
    }
    yield* this.book.settle(this.#options.clock.now());
  }

  #workerOf(attendance: number): { row: number; id: number; connections: number } {
    const { workers, connections } = this.book.records;
    const row = connections.uint16(attendance - 1, CONNECTION.worker);
    return {
      row,
      id: workers.uint32(row, WORKER.id),
      connections: workers.uint16(row, WORKER.connections),
    };
  }

  #countStep({ attendance, sessionId }: Attendee): void {
    const { steps, counter } = this.#options;
    if (attendance === 0) return;
    steps?.sample(attendance - 1, this.#workerOf(attendance).row, {
      good: this.#good(sessionId),
      lost: this.#sumOf(sessionId, ALL_LOST),
      work: counter.minerWork(sessionId),
    });
  }

  /** Counts the last of a connection that ends. */
  #leaveStep(miner: Attendee, time: number): void {
    const { steps } = this.#options;
    if (steps === undefined || miner.attendance === 0) return;
    this.#countStep(miner);
    const { row, connections } = this.#workerOf(miner.attendance);
    if (connections === 1) steps.gone(row, time);
  }

  /** It never falls: what is not certain is not good yet. */
  #good(sessionId: number): number {
    return this.#sumOf(sessionId, GOOD) - this.#options.counter.minerCount(sessionId, NOT_GOOD_YET);
  }

  #sumOf(sessionId: number, columns: readonly number[]): number {
    const { counter } = this.#options;
    let sum = 0;
    // By index: `for…of` makes an object for each column of each miner here.
    for (let i = 0; i < columns.length; i++) sum += counter.minerCount(sessionId, columns[i]!);
    return sum;
  }

  #sample(miner: Attendee): void {
    const { counter, clock } = this.#options;
    const { sessionId } = miner;
    const realTime = clock.realNow();
    const time = clock.now(realTime);
    const since = realTime - (time - miner.connectedAt);
    for (let place = 0; place < LOST.length; place++) {
      this.#lost[place] = this.#sumOf(sessionId, LOST[place]!);
    }
    const rate = (ms: number) => counter.minerHashrate(sessionId, ms, since, realTime);
    this.book.sample({
      attendance: miner.attendance,
      good: this.#good(sessionId),
      lost: this.#lost,
      lastShareAt: miner.lastShareAt,
      upstream: miner.upstreamName,
      difficulty: miner.difficulty,
      hashrateQuarter: rate(QUARTER_MS),
      hashrateHour: rate(HOUR_MS),
      hasLostAsicboost: miner.rolling === "lost",
    }, time);
  }

  #safely<T>(act: () => T): T | undefined {
    try {
      return act();
    } catch (error) {
      reportFault(log, error);
      return undefined;
    }
  }
}
