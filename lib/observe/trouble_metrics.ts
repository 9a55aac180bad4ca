/**
 * The state of single workers as metrics, so that alerts can name them: only of those that do not
 * work as they should, connected or not, the worst first. In steps, as worker_metrics.ts.
 */

import { sorted } from "../base/steps.ts";
import { WORKER_STATES, type WorkerState } from "../base/worker_state.ts";
import type { Labels, MetricsPage } from "./exposition.ts";
import type { WorkerShape } from "./status/worker_shapes.ts";
import { workerLabels } from "./worker_metrics.ts";

/** Workers looked at in a step. */
const STEP = 25;

/** A worker in trouble. */
export interface TroubledWorker {
  /** By which it is told apart. */
  readonly labels: Labels;
  /** The worst of what is wrong with it. */
  readonly state: WorkerState;
  /** What it did before, in hashes a second; 0 if that is not known. */
  readonly usualHashrate: number;
}

/** The worst `most` of all that are not working: by state, then those that did most, in steps. */
export function* troubledWorkers(
  workers: Iterable<WorkerShape>,
  most: number,
): Generator<void, readonly TroubledWorker[]> {
  const troubled = new Map<string, TroubledWorker>();
  let seen = 0;
  for (const { account, worker: name, condition, usual_hashrate: usual } of workers) {
    if (condition.state !== "working" && name !== "") {
      // Of names that read the same the worst is shown: an alert has a name once.
      const { key, labels } = workerLabels(account, name);
      const worker = { labels, state: condition.state, usualHashrate: usual ?? 0 };
      const other = troubled.get(key);
      if (other === undefined || worstFirst(worker, other) < 0) troubled.set(key, worker);
    }
    if (++seen % STEP === 0) yield;
  }
  // In the order of names first: which of equals are shown must not change with each scrape.
  const byName = yield* sorted([...troubled], ([a], [b]) => a < b ? -1 : 1);
  const inOrder = yield* sorted(byName, ([, a], [, b]) => worstFirst(a, b));
  return inOrder.slice(0, most).map(([, worker]) => worker);
}

/** Writes them, in steps; yields the text so far. */
export function* writeTroubledWorkers(
  page: MetricsPage,
  workers: readonly TroubledWorker[],
): Generator<string, void> {
  yield* page.family(
    "gauge",
    "btcagent_worker_state",
    "1 for the worst of what is wrong with the worker; workers with nothing wrong have no sample.",
    workers,
    ({ labels, state }) => [[{ ...labels, state }, 1]],
  );
}

function worstFirst(a: TroubledWorker, b: TroubledWorker): number {
  return WORKER_STATES.indexOf(a.state) - WORKER_STATES.indexOf(b.state) ||
    b.usualHashrate - a.usualHashrate;
}
