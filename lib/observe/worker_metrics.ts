/**
 * Metrics of single workers, for operators who want them: three families with a sample or two for
 * each worker. They are made in small steps, so that shares do not wait for them.
 */

import { printable } from "../base/printable.ts";
import { sorted } from "../base/steps.ts";
import type { Labels, MetricsPage } from "./exposition.ts";
import type { MinerShape } from "./status/miner_shapes.ts";

/** Miners read, or workers written, in one step. */
const STEP = 25;

/** The greatest length of a label; names of miners are never longer. */
const MAX_LABEL_CHARS = 256;

/**
 * The current connections of one worker, in sum. Two sub-accounts may have workers of the same
 * name.
 */
export interface Worker {
  /** Labels that tell it apart. */
  readonly labels: Labels;
  /** Number of connections. */
  connections: number;
  /** Hashrate of all of them over 15 minutes. */
  hashrate: number;
  /** Shares that were accepted. */
  accepted: number;
  /** Shares that were rejected. */
  rejected: number;
}

/** The first `most` workers of all miners by sub-account and name, in steps. */
export function* workersOf(
  miners: Iterable<MinerShape>,
  most: number,
): Generator<void, readonly Worker[]> {
  const workers = new Map<string, Worker>();
  let seen = 0;
  for (const miner of miners) {
    add(workers, miner);
    if (++seen % STEP === 0) yield;
  }
  const inOrder = yield* sorted([...workers], ([a], [b]) => a < b ? -1 : 1);
  return inOrder.slice(0, most).map(([, worker]) => worker);
}

/** Writes the metrics of `workers` in steps; yields the text so far. */
export function* writeWorkers(
  page: MetricsPage,
  workers: readonly Worker[],
): Generator<string, void> {
  yield* page.family(
    "gauge",
    "btcagent_worker_connections",
    "Connections of miners under this name.",
    workers,
    ({ labels, connections }) => [[labels, connections]],
  );
  yield* page.family(
    "gauge",
    "btcagent_worker_hashrate_hashes_per_second",
    "Hashrate estimated from good shares over 15 minutes.",
    workers,
    ({ labels, hashrate }) => [[labels, hashrate]],
  );
  yield* page.family(
    "gauge",
    "btcagent_worker_shares",
    "Shares of the worker's current connections, by result.",
    workers,
    ({ labels, accepted, rejected }) => [
      [{ ...labels, result: "accepted" }, accepted],
      [{ ...labels, result: "rejected" }, rejected],
    ],
  );
}

/**
 * Returns the labels of a worker's series, and a key that is equal only for equal labels. Names
 * that read the same must share one series, or a scrape would contain a series twice.
 */
export function workerLabels(
  account: string,
  name: string,
): { readonly key: string; readonly labels: Labels } {
  const worker = labelText(name);
  // In single-user mode there is no sub-account: for Prometheus an empty label is the same as none,
  // and 10,000 of them take 0.4 MB.
  if (account === "") return { key: `\n${worker}`, labels: { worker } };
  const ofAccount = labelText(account);
  return { key: `${ofAccount}\n${worker}`, labels: { account: ofAccount, worker } };
}

function labelText(name: string): string {
  return printable(name.slice(0, MAX_LABEL_CHARS));
}

function add(
  workers: Map<string, Worker>,
  { account, worker: name, hashrate, shares }: MinerShape,
): void {
  if (name === "") return;
  const { key, labels } = workerLabels(account, name);
  let worker = workers.get(key);
  if (worker === undefined) {
    worker = {
      labels,
      connections: 0,
      hashrate: 0,
      accepted: 0,
      rejected: 0,
    };
    workers.set(key, worker);
  }
  worker.connections++;
  worker.hashrate += hashrate.minutes_15;
  worker.accepted += shares.accepted;
  worker.rejected += Object.values(shares.rejected).reduce((sum, count) => sum + count, 0);
}
