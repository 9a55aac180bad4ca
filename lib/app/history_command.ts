/**
 * `btcagent history`: shows the history of a configuration, takes a worker out of it, gives free
 * room back to the disk, or writes it as CSV. Works beside a running btcagent and without one.
 */

import type { Time } from "../base/clock.ts";
import { finished } from "../base/steps.ts";
import type { HistoryCommand } from "../cli/command.ts";
import { readConfigFile } from "../config/file.ts";
import { DAY_MS } from "../observe/history/axis.ts";
import { giveBack } from "../observe/history/cleaning.ts";
import type { Database } from "../observe/history/database.ts";
import { keptSpan } from "../observe/history/kept_span.ts";
import { isKept, lookInto, sizeOf } from "../observe/history/look.ts";
import { damagedFiles } from "../observe/history/place.ts";
import { emptyLog, purgeWorker } from "../observe/history/purge.ts";
import { readCauseSums } from "../observe/history/read_others.ts";
import { readSumRows } from "../observe/history/read_rows.ts";
import { STEP_MS, type SumRow } from "../observe/history/steps.ts";
import { readWorkerSpans } from "../observe/history/worker_spans.ts";
import { csvLine } from "../observe/status/csv.ts";
import { workersCsv } from "../observe/status/history_csv.ts";

/** What the command did, and its exit code. */
export interface Outcome {
  /** For the operator; empty after an export. */
  readonly text: string;
  /** 0 if it was done. */
  readonly exitCode: number;
}

const FARM_COLUMNS = [
  "time",
  "seconds",
  "miners",
  "good",
  "lost",
  "difficulty",
  "lost_difficulty",
  "outage_seconds",
  "bytes_up",
  "bytes_down",
];

const CAUSE_COLUMNS = ["pool", "software", "subnet", "account", "reason", "shares", "work"];

/** Pages in the log after which it is emptied, or it would become as long as what is moved. */
const MOST_LOG_PAGES = 256;

/** Does what `command` asks for; `write` gets the parts of an export. */
export async function runHistoryCommand(
  command: HistoryCommand,
  time: Time,
  write: (text: string) => void,
): Promise<Outcome> {
  const file = await readConfigFile(command.configPath, { mayLackVariables: true });
  if (!file.ok) return { text: file.message, exitCode: 2 };
  const { path } = file.config.history;
  if (path === "") {
    return { text: `${file.path} has no history.path: no history is kept`, exitCode: 2 };
  }
  let database: Database;
  try {
    database = lookInto(path, time.now);
  } catch (error) {
    return failed(`Cannot use the history ${path}: ${messageOf(error)}`);
  }
  try {
    switch (command.what) {
      case "show":
        return done(shown(database, path));
      case "vacuum":
        return done(vacuumed(database, path));
      case "purge":
        return purged(database, path, command.worker);
      case "export":
        for (const text of exported(database, command, time.wallNow())) write(text);
        return done("");
    }
  } catch (error) {
    return failed(`Cannot do this with the history ${path}: ${messageOf(error)}`);
  } finally {
    close(database);
  }
}

function shown(database: Database, path: string): string {
  const { from, to } = keptSpan(database);
  const count = (table: string) => database.number(`SELECT count(*) FROM ${table}`);
  const pageBytes = database.number("PRAGMA page_size");
  const free = database.number("PRAGMA freelist_count") * pageBytes;
  const span = from === undefined || to === undefined
    ? "nothing yet"
    : `${isoTime(from)} to ${isoTime(to)} (${((to - from) / DAY_MS).toFixed(1)} days)`;
  const rows = [
    ["file", path],
    ["kept by", isKept(path) ? "a running btcagent" : "no running btcagent"],
    ["size", `${sizeText(sizeOf(path))}, of which ${sizeText(free)} are free`],
    ["span", span],
    ["workers", String(count("worker"))],
    ["packed days", String(count("day"))],
    ["steps since", String(count("step"))],
    ["events", String(count("event"))],
    ...damagedFiles(path).map((damaged) => ["damaged", damaged]),
  ];
  return rows.map(([name, value]) => `${name!.padEnd(12)} ${value}`).join("\n");
}

function vacuumed(database: Database, path: string): string {
  const before = sizeOf(path);
  finished(giveBack(database, function* (act) {
    yield database.transaction(act);
    if (database.pagesInLog >= MOST_LOG_PAGES) database.checkpoint("PASSIVE");
  }));
  emptyLog(database);
  return `${path}: ${sizeText(before)} before, ${sizeText(sizeOf(path))} now`;
}

function purged(database: Database, path: string, worker: string): Outcome {
  const { workers, isLogEmpty } = purgeWorker(database, worker);
  if (workers.length === 0) return failed(`There is no worker ${worker} in ${path}`);
  const notes = [`Purged ${workers.join(", ")} from ${path}`];
  if (isKept(path)) {
    notes.push("If it is still connected, a running btcagent notes it again with its next step");
  }
  for (const damaged of damagedFiles(path)) {
    notes.push(`It may also be in ${damaged}: remove that file`);
  }
  if (isLogEmpty) return done(notes.join("\n"));
  notes.push(`Another process reads the history: some of it is in ${path}-wal. Try again later`);
  return { text: notes.join("\n"), exitCode: 1 };
}

function* exported(
  database: Database,
  { table, days }: Extract<HistoryCommand, { readonly what: "export" }>,
  wallNow: number,
): Generator<string, void> {
  const { from: oldest = wallNow, to: newest = wallNow } = keptSpan(database);
  const to = Math.max(wallNow, newest);
  const from = days === undefined ? oldest : to - days * DAY_MS;
  switch (table) {
    case "workers":
      yield* workersCsv(readWorkerSpans(database, from, to));
      return;
    case "farm": {
      // A day at a time: a year in ten-minute rows is long.
      yield csvLine(FARM_COLUMNS);
      for (let start = from; start < to; start += DAY_MS) {
        const end = Math.min(to, start + DAY_MS);
        for (const row of finished(readSumRows(database, "farm", "", start, end, STEP_MS))) {
          yield farmLine(row);
        }
      }
      return;
    }
    case "causes":
      yield csvLine(CAUSE_COLUMNS);
      for (const cause of finished(readCauseSums(database, from, to))) {
        const { pool, software, subnet, account, reason, shares, work } = cause;
        yield csvLine([pool, software, subnet, account, reason, shares, work]);
      }
      return;
  }
}

function farmLine(row: SumRow): string {
  return csvLine([
    isoTime(row.end),
    row.seconds,
    row.miners,
    row.good,
    row.lost,
    row.difficulty,
    row.lostDifficulty,
    row.outageSeconds,
    row.bytesUp,
    row.bytesDown,
  ]);
}

function close(database: Database): void {
  try {
    database.close();
  } catch {
    // It could only read.
  }
}

function done(text: string): Outcome {
  return { text, exitCode: 0 };
}

function failed(text: string): Outcome {
  return { text, exitCode: 1 };
}

function isoTime(ms: number): string {
  return new Date(ms).toISOString();
}

function sizeText(bytes: number): string {
  return bytes < 1e6 ? `${Math.ceil(bytes / 1e3)} KB` : `${(bytes / 1e6).toFixed(1)} MB`;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
