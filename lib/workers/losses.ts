/**
 * Counts the work that the farm loses, and why: every lost share by reason, pool, software, network
 * and sub-account, over the last hour and the last day.
 *
 * Good shares are counted the same way, so that losses can be shown as a part of all work.
 */

import { finished } from "../base/steps.ts";
import { type Origin, Origins } from "./origins.ts";
import { CauseTable, type Counted } from "./cause_table.ts";
import { type LostAs, OTHER_REASONS, reasonNumber } from "./lost_causes.ts";
import { STEP_MS, type Window } from "./step_counts.ts";

/** After this many steps, no earlier count is left. */
const STEPS_IN_ALL = 25 * 12;

/** Counts read between two yields. */
const COUNTS_A_STEP = 64;

/** The shares that ended in the last hour or day. */
export interface Endings {
  /** Good shares, by origin and pool. */
  readonly good: readonly Counted[];
  /** Lost shares, by origin, pool and reason. */
  readonly lost: readonly Counted[];
}

/** Counts good and lost shares. Takes less than 1 MB, whatever names miners give. */
export class Losses {
  readonly #origins = new Origins();
  readonly #good = new CauseTable(this.#origins, 0);
  readonly #lost = new CauseTable(this.#origins, OTHER_REASONS);
  /** The current step; `undefined` before the first tick. */
  #step: number | undefined;
  #ended = 0;

  /** How many steps of time have ended since the start. */
  get stepsEnded(): number {
    return this.#ended;
  }

  /** A miner that sends shares connected. @returns the number of its origin. */
  enter(origin: Origin): number {
    return this.#origins.enter(origin);
  }

  /** A miner of this origin disconnected. */
  leave(origin: number): void {
    this.#origins.leave(origin);
  }

  /** Counts a good share. */
  good(origin: number, poolId: number, difficulty: number): void {
    this.#good.add(origin, poolId, 0, difficulty);
  }

  /** Counts a lost share. */
  lost(origin: number, poolId: number, why: LostAs, difficulty: number): void {
    this.#lost.add(origin, poolId, reasonNumber(why), difficulty);
  }

  /**
   * Ends the steps that are over at `time`: real, monotonic, in milliseconds. Call it several times
   * a minute.
   */
  tick(time: number): void {
    const step = Math.floor(time / STEP_MS);
    const ended = Math.min(STEPS_IN_ALL, step - (this.#step ?? step));
    for (let i = 0; i < ended; i++) {
      this.#good.endStep();
      this.#lost.endStep();
    }
    this.#ended += ended;
    // Only once, even after a long sleep: shares from before it still wait for their verdicts.
    if (ended > 0) this.#origins.endStep();
    this.#step = step;
  }

  /** All counts in that time: in its whole steps and in the current one. */
  endings(window: Window): Endings {
    return finished(this.endingsInSteps(window));
  }

  /**
   * The counts of the last `steps` that have ended, of at most an hour, and of the current one if
   * it `isOver`. Calls that cover each step once add up to everything.
   */
  recent(steps: number, isOver: boolean): Endings {
    return {
      good: [...this.#good.recent(steps, isOver)],
      lost: [...this.#lost.recent(steps, isOver)],
    };
  }

  /**
   * Like {@linkcode endings}, but yields between pieces: an attack can make thousands of counts.
   */
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
