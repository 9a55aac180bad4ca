/**
 * Metrics of single workers, for those operators who want them: three families with a sample or two
 * for each worker. Made a few at a time, since shares must not wait for them.
 */

import type { MetricsPage, Sample } from "./exposition.ts";
import type { MinerShape } from "./status/shapes.ts";

/** Miners looked at, or workers written, in one piece of work: 5 to 10 ms. */
const PIECE = 1000;

/** What is shown of all connections a worker has now. */
interface Worker {
  connections: number;
  hashrate: number;
  accepted: number;
  rejected: number;
}

/** Writes the first `most` workers by name; yields the text so far, which may be empty. */
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
  const shown = [...workers].sort(([a], [b]) => a < b ? -1 : 1).slice(0, most);
  if (shown.length === 0) return;
  const family = function* (
    name: string,
    help: string,
    samplesOf: (name: string, worker: Worker) => Sample[],
  ): Generator<string> {
    page.gauge(name, help, samplesOf(...shown[0]!));
    for (let next = 1; next < shown.length; next += PIECE) {
      const samples = shown.slice(next, next + PIECE).flatMap((entry) => samplesOf(...entry));
      page.moreOf(name, samples);
      yield page.take();
    }
  };
  yield* family(
    "btcagent_worker_connections",
    "Connections of miners under this name.",
    (worker, { connections }) => [[{ worker }, connections]],
  );
  yield* family(
    "btcagent_worker_hashrate_hashes_per_second",
    "Estimated from good shares over 15 minutes.",
    (worker, { hashrate }) => [[{ worker }, hashrate]],
  );
  yield* family(
    "btcagent_worker_shares",
    "Shares of the connections it has now.",
    (worker, { accepted, rejected }) => [
      [{ worker, result: "accepted" }, accepted],
      [{ worker, result: "rejected" }, rejected],
    ],
  );
}

function add(workers: Map<string, Worker>, { worker: name, hashrate, shares }: MinerShape): void {
  if (name === "") return;
  let worker = workers.get(name);
  if (worker === undefined) {
    worker = { connections: 0, hashrate: 0, accepted: 0, rejected: 0 };
    workers.set(name, worker);
  }
  worker.connections++;
  worker.hashrate += hashrate.minutes_15;
  worker.accepted += shares.accepted;
  worker.rejected += Object.values(shares.rejected).reduce((sum, count) => sum + count, 0);
}
