/**
 * The history as CSV, for spreadsheets: `/api/v1/history/farm.csv` and `/api/v1/history/workers.csv`.
 */

import type { WorkerSpan } from "../history/steps.ts";
import { csvLine } from "./csv.ts";
import type { SpanShape } from "./history_shapes.ts";

/** Lines written in one step. */
const STEP = 20;

const WORKER_HEAD = [
  "account",
  "worker",
  "hashrate",
  "lost_part",
  "connected_part",
  "seconds",
  "first_seen",
  "last_seen",
];

/** Yields the rows of a span, in steps; times are ISO 8601. */
export function* spanCsv({ columns, rows }: SpanShape): Generator<string, void> {
  yield csvLine(columns);
  for (let start = 0; start < rows.length; start += STEP) {
    yield rows.slice(start, start + STEP)
      .map(([time, ...cells]) => csvLine([isoTime(Number(time) * 1000), ...cells]))
      .join("");
  }
}

/** Yields a line for each worker, in steps, while it is read from the disk. */
export function* workersCsv(workers: Iterable<WorkerSpan | undefined>): Generator<string, void> {
  let text = csvLine(WORKER_HEAD);
  let seen = 0;
  for (const worker of workers) {
    if (worker !== undefined) {
      text += csvLine([
        worker.account,
        worker.name,
        Math.round(worker.hashrate),
        worker.lostPart,
        worker.connectedPart,
        Math.round(worker.seconds),
        isoTime(worker.first),
        isoTime(worker.last),
      ]);
    }
    if (worker !== undefined && ++seen % STEP > 0) continue;
    yield text;
    text = "";
  }
  yield text;
}

function isoTime(ms: number): string {
  return new Date(ms).toISOString();
}
