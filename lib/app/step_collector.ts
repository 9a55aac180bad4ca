/**
 * Collects the steps of the history from a running proxy: how much everything has grown since the
 * step before, and what each worker did. All of it in small parts, between which miners are served.
 */

import type { CauseStep, HistoryStep } from "../observe/history/steps.ts";
import { OTHER_POOLS } from "../workers/cause_table.ts";
import type { Endings } from "../workers/losses.ts";
import { OTHERS } from "../workers/origins.ts";
import type { WorkerSteps } from "../workers/worker_steps.ts";
import { causeSteps } from "./kept_causes.ts";
import type { Proxy } from "./proxy.ts";
import { StepSums } from "./step_sums.ts";
import { lookAtWorkers, workersIn, type WorkersRead } from "./step_workers.ts";

/** What is read of a proxy. */
export type CollectedProxy = Pick<
  Proxy,
  "clock" | "wallNow" | "parts" | "poolName" | "countWorkers"
>;

/** Workers read in a step of a generator. */
const READ_AT_ONCE = 32;

/** The most five-minute steps of causes that are still there: those of an hour. */
const MOST_CAUSE_STEPS = 12;

/** A step that ends now is at least this long, in milliseconds; else it cannot be told from none. */
const LEAST_MS = 1_000;

/** Collects from one proxy. */
export class StepCollector {
  readonly #proxy: CollectedProxy;
  readonly #steps: WorkerSteps;
  readonly #sums: StepSums;
  /** When the step under way began, in real and in attended time. */
  #since: { readonly real: number; readonly attended: number };
  #causeSteps: number;
  /** The step that ended last. */
  #reading: WorkersRead | undefined;

  /** Begins with the first step. */
  constructor(proxy: CollectedProxy, steps: WorkerSteps) {
    const { clock, parts } = proxy;
    this.#proxy = proxy;
    this.#steps = steps;
    this.#sums = new StepSums(proxy);
    this.#since = { real: clock.realNow(), attended: clock.now() };
    this.#causeSteps = parts.losses.stepsEnded;
  }

  /** When the step under way began, by the clock on the wall as it shows now. */
  get startedAt(): number {
    const { clock, wallNow } = this.#proxy;
    return wallNow() - (clock.realNow() - this.#since.real);
  }

  /** How long the step under way is, in milliseconds. */
  get ms(): number {
    return this.#proxy.clock.realNow() - this.#since.real;
  }

  /** Looks at miners and workers as they are now; to be called about once a minute. */
  *look(): Generator<void, void> {
    const { parts: { workers }, clock } = this.#proxy;
    yield* this.#sums.look();
    yield* lookAtWorkers(workers, this.#steps, clock.now());
  }

  /**
   * Ends the step under way, and returns it. What nobody reads of its workers must be read by
   * {@linkcode StepCollector.readRest}, or it would be counted in the next step.
   *
   * @param isLast Whether nothing is counted any more: what is left of causes is in it.
   */
  *end(isLast: boolean): Generator<void, HistoryStep> {
    const { clock, parts } = this.#proxy;
    const at = Math.round(this.startedAt);
    const now = { real: clock.realNow(), attended: clock.now() };
    const ms = Math.max(LEAST_MS, Math.round(now.real - this.#since.real));
    // Rounding must not make it longer than the step.
    const observedMs = Math.max(1, Math.min(now.attended - this.#since.attended, ms));
    this.#since = now;
    const seconds = observedMs / 1000;
    const sums = this.#sums;
    const causes = this.#causes(isLast);
    yield* sums.look();
    const farm = sums.farm(seconds);
    yield;
    const pools = yield* sums.pools(seconds, causes);
    const accounts = yield* sums.accounts(seconds, causes);
    sums.next();
    yield* this.#proxy.countWorkers();
    this.#reading = { end: now.attended, ms: observedMs, row: 0 };
    const workers = workersIn(parts.workers, this.#steps, this.#reading);
    return { at, ms, farm, pools, accounts, workers, causes };
  }

  /** Reads the workers of the last step that were not read. */
  *readRest(): Generator<void, void> {
    if (this.#reading === undefined) return;
    const rest = workersIn(this.#proxy.parts.workers, this.#steps, this.#reading);
    let read = 0;
    for (const _ of rest) if (++read % READ_AT_ONCE === 0) yield;
  }

  /** What was counted by cause in the five-minute steps that ended since the last call. */
  #causes(isLast: boolean): CauseStep[] {
    const { losses } = this.#proxy.parts;
    const ended = losses.stepsEnded - this.#causeSteps;
    this.#causeSteps = losses.stepsEnded;
    const endings: Endings = losses.recent(Math.min(ended, MOST_CAUSE_STEPS), isLast);
    return causeSteps(
      endings,
      (poolId) => poolId === OTHER_POOLS ? OTHERS : this.#proxy.poolName(poolId),
    );
  }
}
