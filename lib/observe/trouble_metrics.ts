/**
 * The state of single workers as metrics, so that alerts can name them. Only workers in trouble are
 * listed, connected or not, the worst first. Made in steps, as in worker_metrics.ts.
 */

import { sorted } from "../base/steps.ts";
import { WORKER_STATES, type WorkerState } from "../base/worker_state.ts";
import type { Labels, MetricsPage } from "./exposition.ts";
import type { WorkerShape } from "./status/worker_shapes.ts";
import { workerLabels } from "./worker_metrics.ts";

/** Workers read in one step. */
const STEP = 25;

/** A worker in trouble. */
export interface TroubledWorker {
  /** Labels that tell it apart. */
  readonly labels: Labels;
  /** The worst of what is wrong with it. */
  readonly state: WorkerState;
  /** Its usual hashrate before the trouble, in hashes a second; 0 if that is not known. */
  readonly usualHashrate: number;
}

/** Picks the worst `most` workers of all in trouble, in steps: by state, then by usual hashrate. */
export function* troubledWorkers(
  workers: Iterable<WorkerShape>,
  most: number,
): Generator<void, readonly TroubledWorker[]> {
  const troubled = new Map<string, TroubledWorker>();
  let seen = 0;
  for (const { account, worker: name, condition, usual_hashrate: usual } of workers) {
    if (condition.state !== "working" && name !== "") {
      // Of workers whose names read the same only the worst is shown: a series must be unique.
      const { key, labels } = workerLabels(account, name);
      const worker = { labels, state: condition.state, usualHashrate: usual ?? 0 };
      const other = troubled.get(key);
      if (other === undefined || worstFirst(worker, other) < 0) troubled.set(key, worker);
    }
    if (++seen % STEP === 0) yield;
  }
  // Sorted by name first, so that the choice among equals does not change with each scrape.
  const byName = yield* sorted([...troubled], ([a], [b]) => a < b ? -1 : 1);
  const inOrder = yield* sorted(byName, ([, a], [, b]) => worstFirst(a, b));
  return inOrder.slice(0, most).map(([, worker]) => worker);
}

/** Writes the metrics of `workers` in steps; yields the text so far. */
export function* writeTroubledWorkers(
  page: MetricsPage,
  workers: readonly TroubledWorker[],
): Generator<string, void> {
  yield* page.family(
    "gauge",
    "btcagent_worker_state",
    "1 for the worst trouble of the worker; workers without trouble have no sample.",
    workers,
    ({ labels, state }) => [[{ ...labels, state }, 1]],
  );
}

function worstFirst(a: TroubledWorker, b: TroubledWorker): number {
  return WORKER_STATES.indexOf(a.state) - WORKER_STATES.indexOf(b.state) ||
    b.usualHashrate - a.usualHashrate;
}
