/**
 * What the farm loses, and why: every share counted where it ended, by reason, pool, software,
 * network and sub-account, with the work it stood for; over the last hour and the last day.
 *
 * Good shares are counted the same way: what is lost is told as a part of all.
 */

import { finished } from "../base/steps.ts";
import { type Origin, Origins } from "./origins.ts";
import { CauseTable, type Counted } from "./cause_table.ts";
import { type LostAs, OTHER_REASONS, reasonNumber } from "./lost_causes.ts";
import { STEP_MS, type Window } from "./step_counts.ts";

/** Steps in which everything that was counted before is over. */
const STEPS_IN_ALL = 25 * 12;

/** Counts that are summed up in a step. */
const COUNTS_A_STEP = 64;

/** What was counted in one stretch of time. */
export interface Endings {
  /** Shares that counted, by origin and pool. */
  readonly good: readonly Counted[];
  /** Shares that were lost, by origin, pool and reason. */
  readonly lost: readonly Counted[];
}

/** Counts what is lost. Under 1 MB, whatever miners call themselves. */
export class Losses {
  readonly #origins = new Origins();
  readonly #good = new CauseTable(this.#origins, 0);
  readonly #lost = new CauseTable(this.#origins, OTHER_REASONS);
  /** The step under way; `undefined` before the first tick. */
  #step: number | undefined;
  #ended = 0;

  /** How many steps of time have ended since the start. */
  get stepsEnded(): number {
    return this.#ended;
  }

  /** The origin of one more miner that sends shares. */
  enter(origin: Origin): number {
    return this.#origins.enter(origin);
  }

  /** A miner of this origin is gone. */
  leave(origin: number): void {
    this.#origins.leave(origin);
  }

  /** A share counts. */
  good(origin: number, poolId: number, difficulty: number): void {
    this.#good.add(origin, poolId, 0, difficulty);
  }

  /** A share is lost. */
  lost(origin: number, poolId: number, why: LostAs, difficulty: number): void {
    this.#lost.add(origin, poolId, reasonNumber(why), difficulty);
  }

  /** It is `time`, real and monotonic, in milliseconds. To be called several times a minute. */
  tick(time: number): void {
    const step = Math.floor(time / STEP_MS);
    const ended = Math.min(STEPS_IN_ALL, step - (this.#step ?? step));
    for (let i = 0; i < ended; i++) {
      this.#good.endStep();
      this.#lost.endStep();
    }
    this.#ended += ended;
    // After a long sleep shares of before it wait for their verdicts yet.
    if (ended > 0) this.#origins.endStep();
    this.#step = step;
  }

  /** What was counted in the last whole steps of that time, and in the one under way. */
  endings(window: Window): Endings {
    return finished(this.endingsInSteps(window));
  }

  /**
   * What was counted in the last `steps` that have ended, of at most an hour, and in the one under
   * way if it `isOver` too. What is asked for in turn, each step once, adds up to everything.
   */
  recent(steps: number, isOver: boolean): Endings {
    return {
      good: [...this.#good.recent(steps, isOver)],
      lost: [...this.#lost.recent(steps, isOver)],
    };
  }

  /** The same in steps: under attack there are thousands of counts. */
  *endingsInSteps(window: Window): Generator<void, Endings> {
    const endings = { good: [] as Counted[], lost: [] as Counted[] };
    for (const [list, table] of [[endings.good, this.#good], [endings.lost, this.#lost]] as const) {
      for (const counted of table.counted(window)) {
        list.push(counted);
        if (list.length % COUNTS_A_STEP === 0) yield;
      }
    }
    return endings;
  }
}
