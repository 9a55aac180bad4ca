/**
 * `/api/v1/worker-table` and `/api/v1/workers.csv`: every worker in one answer, for the live page
 * and for spreadsheets.
 *
 * They are written piece by piece as the client takes them: ten thousand rows are never in memory
 * at once, and miners are served between the pieces.
 */

import { printableJson } from "../../base/printable.ts";
import { csvLine } from "./csv.ts";
import type { WorkerShape } from "./worker_shapes.ts";

type Columns = readonly (readonly [
  name: string,
  value: (worker: WorkerShape) => string | number | null,
])[];

/** The values of a row of the compact list. */
const COLUMNS: Columns = [
  ["id", ({ id }) => id],
  ["account", ({ account }) => account],
  ["worker", ({ worker }) => worker],
  ["state", ({ condition }) => condition.state],
  ["reason", ({ condition }) => condition.reason],
  ["part", ({ condition }) => condition.part],
  ["connections", ({ connections }) => connections],
  ["usual_connections", ({ usual_connections }) => usual_connections],
  ["missing_machines", ({ missing_machines }) => missing_machines],
  ["client_agent", ({ client_agent }) => client_agent],
  ["address", ({ address }) => address],
  ["subnet", ({ subnet }) => subnet],
  ["hashrate", ({ hashrate }) => Math.round(hashrate.minutes_15)],
  ["usual_hashrate", ({ usual_hashrate: usual }) => rounded(usual)],
  ["good", ({ hour }) => hour.good],
  ["lost", ({ hour }) => hour.lost],
  ["last_share_seconds", ({ last_share_seconds: age }) => rounded(age)],
  ["gone_seconds", ({ gone_seconds: age }) => rounded(age)],
  ["connects_hour", ({ connects_hour }) => connects_hour],
  ["miner", ({ connections, miners }) => connections === 1 ? miners[0] ?? null : null],
  ["observations", ({ observations }) => observations.map(({ kind }) => kind).join(",")],
];

/** The values of a line of the CSV: the same, plus sentences for people. */
const CSV_COLUMNS: Columns = [
  ...COLUMNS.filter(([name]) => name !== "miner" && name !== "observations"),
  ["kind_hashrate", ({ kind_hashrate: kind }) => rounded(kind)],
  ["went", ({ went }) => went],
  ["about", ({ condition }) => condition.about],
  ["observations", ({ observations }) => observations.map(({ about }) => about).join("; ")],
];

/** Rows written in one step. */
const STEP = 10;

/** Yields the text of the compact list of all of `workers`, in steps. */
export function* workerTable(workers: Iterable<WorkerShape>): Generator<string, void> {
  let text = `{"columns":${printableJson(COLUMNS.map(([name]) => name))},"rows":[`;
  let seen = 0;
  for (const worker of workers) {
    text += (seen === 0 ? "" : ",") + printableJson(COLUMNS.map(([, value]) => value(worker)));
    if (++seen % STEP > 0) continue;
    yield text;
    text = "";
  }
  yield `${text}]}\n`;
}

/** Yields the CSV of all of `workers`, in steps. */
export function* workerCsv(workers: Iterable<WorkerShape>): Generator<string, void> {
  let text = csvLine(CSV_COLUMNS.map(([name]) => name));
  let seen = 0;
  for (const worker of workers) {
    text += csvLine(CSV_COLUMNS.map(([, value]) => value(worker)));
    if (++seen % STEP > 0) continue;
    yield text;
    text = "";
  }
  yield text;
}

function rounded(value: number | null): number | null {
  return value === null ? null : Math.round(value);
}
