/**
 * Metrics of single workers, for those operators who want them: three families with a sample or two
 * for each worker. Made a few at a time, since shares must not wait for them.
 */

import { printable } from "../base/printable.ts";
import type { Labels, MetricsPage, Sample } from "./exposition.ts";
import type { MinerShape } from "./status/shapes.ts";

/** Miners looked at, or workers written, in one piece of work: 5 to 10 ms. */
const PIECE = 1000;

/** What is shown of all connections a worker has now. Two sub-accounts may have workers of a name. */
interface Worker {
  readonly labels: Labels;
  connections: number;
  hashrate: number;
  accepted: number;
  rejected: number;
}

/** Writes the first `most` workers by sub-account and name; yields the text so far, which may be empty. */
export function* writeWorkers(
  page: MetricsPage,
  miners: Iterable<MinerShape>,
  most: number,
): Generator<string> {
  const workers = new Map<string, Worker>();
  let looked = 0;
  for (const miner of miners) {
    add(workers, miner);
    if (++looked % PIECE === 0) yield page.take();
  }
  const shown = [...workers].sort(([a], [b]) => a < b ? -1 : 1).slice(0, most)
    .map(([, worker]) => worker);
  if (shown.length === 0) return;
  const family = function* (
    name: string,
    help: string,
    samplesOf: (worker: Worker) => Sample[],
  ): Generator<string> {
    page.gauge(name, help, samplesOf(shown[0]!));
    for (let next = 1; next < shown.length; next += PIECE) {
      const samples = shown.slice(next, next + PIECE).flatMap(samplesOf);
      page.moreOf(name, samples);
      yield page.take();
    }
  };
  yield* family(
    "btcagent_worker_connections",
    "Connections of miners under this name.",
    ({ labels, connections }) => [[labels, connections]],
  );
  yield* family(
    "btcagent_worker_hashrate_hashes_per_second",
    "Estimated from good shares over 15 minutes.",
    ({ labels, hashrate }) => [[labels, hashrate]],
  );
  yield* family(
    "btcagent_worker_shares",
    "Shares of the connections it has now.",
    ({ labels, accepted, rejected }) => [
      [{ ...labels, result: "accepted" }, accepted],
      [{ ...labels, result: "rejected" }, rejected],
    ],
  );
}

function add(
  workers: Map<string, Worker>,
  { account, worker: name, hashrate, shares }: MinerShape,
): void {
  if (name === "") return;
  // What reads the same is one series, or a scrape has a series twice. In single-user mode there is
  // no sub-account to name: to Prometheus an empty label is none, and 10,000 of them are 0.4 MB.
  const labels = { account: printable(account), worker: printable(name) };
  const key = `${labels.account}\n${labels.worker}`;
  let worker = workers.get(key);
  if (worker === undefined) {
    worker = {
      labels: account === "" ? { worker: labels.worker } : labels,
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
