/**
 * Turns the steps of a day that is over into one record for each worker and each sum, so that a
 * month of one of them is 30 records.
 *
 * May be stopped at any point, also by the end of the process, and started again: steps are deleted
 * last, and packing a step that is packed already changes nothing.
 */

import { axisRecord, DAY_MS, MOST_STEPS_A_DAY, readAxis, type Span } from "./axis.ts";
import { BadRecord, ByteWriter } from "./bytes.ts";
import type { Database } from "./database.ts";
import type { HistoryFile } from "./history_file.ts";
import { connectedPartIn, hashrateIn, hashrateNumber, lostNumber, lostPartIn } from "./packing.ts";
import { DAY_KEY } from "./schema.ts";
import type { SumStep } from "./steps.ts";
import { readSums, SumRecord } from "./sum_record.ts";
import { readWorkerDay, workerDayRecord } from "./worker_day_record.ts";
import { readWorkers } from "./worker_step_record.ts";

/** Runs a transaction, also later if another process writes just now. */
export type Commit = (act: () => void) => Generator<void, void>;

/** Workers whose steps are in memory together: 1.2 MB. */
const BATCH = 2_048;

/** Records read in a turn: a step's of 40 KB, a worker's day of 350 bytes. */
const STEPS_A_TURN = 8;
const DAYS_A_TURN = 64;

/** Workers packed and written in a turn. */
const WORKERS_A_TURN = 16;

/** Sums whose steps are in memory together, and that are written together. */
const SUMS_A_BATCH = 16;

/** Steps deleted in a turn. */
const DELETED_A_TURN = 8;

/** The oldest day before `today` that has steps. */
export function dayToPack(database: Database, today: number): number | undefined {
  const at = database.row("SELECT min(at) AS at FROM step WHERE at < ?", today * DAY_MS)?.["at"];
  return typeof at === "number" ? Math.floor(at / DAY_MS) : undefined;
}

/** Packs one day. @throws the errors of the database. */
export function* packDay(file: HistoryFile, day: number, commit: Commit): Generator<void, void> {
  const { database } = file;
  const version = database.number("PRAGMA data_version");
  // If another process changes the file meanwhile, as a purge does, the day is packed once more.
  const isCurrent = () => database.number("PRAGMA data_version") === version;
  const known = axisOf(database, day);
  const spans = withSteps(database, day, known);
  yield* commit(() => {
    database.run(
      "INSERT INTO day(day, axis) VALUES (?, ?) ON CONFLICT DO UPDATE SET axis = excluded.axis",
      day,
      axisRecord(day, spans),
    );
  });
  for (let from = 0; from < file.workers.end; from += BATCH) {
    const to = Math.min(file.workers.end, from + BATCH);
    const values = new Uint32Array((to - from) * spans.length);
    if (known.length > 0) yield* readPacked(database, day, from, to, values, spans.length);
    yield* readSteps(database, from, to, values, spans);
    const writer = new ByteWriter();
    for (let first = from; first < to; first += WORKERS_A_TURN) {
      yield* commit(() => {
        if (!isCurrent()) return;
        const end = Math.min(to, first + WORKERS_A_TURN);
        for (let worker = first; worker < end; worker++) {
          writeDay(database, writer, day, worker, values, (worker - from) * spans.length, spans);
        }
      });
      if (!isCurrent()) return;
      yield;
    }
  }
  yield* packSums(file, day, spans, commit);
  if (!isCurrent()) return;
  while (dayToPack(database, day + 1) === day) {
    yield* commit(() => {
      database.run(
        `DELETE FROM step WHERE at IN
           (SELECT at FROM step WHERE at >= ? AND at < ? ORDER BY at LIMIT ${DELETED_A_TURN})`,
        day * DAY_MS,
        (day + 1) * DAY_MS,
      );
    });
    yield;
  }
}

/** The steps of a packed day; none if it is not packed. */
export function axisOf(database: Database, day: number): Span[] {
  const axis = database.row("SELECT axis FROM day WHERE day = ?", day)?.["axis"];
  if (!(axis instanceof Uint8Array)) return [];
  try {
    return readAxis(day, axis);
  } catch (error) {
    if (error instanceof BadRecord) return [];
    throw error;
  }
}

/** `spans`, and after them the steps of the day that are not among them. */
function withSteps(database: Database, day: number, spans: readonly Span[]): Span[] {
  const all = [...spans];
  const known = new Set(spans.map(({ at }) => at));
  const rows = database.rows(
    "SELECT at, ms FROM step WHERE at >= ? AND at < ? ORDER BY at",
    day * DAY_MS,
    (day + 1) * DAY_MS,
  );
  for (const { at, ms } of rows) {
    if (!known.has(Number(at)) && all.length < MOST_STEPS_A_DAY) {
      all.push({ at: Number(at), ms: Number(ms) });
    }
  }
  return all;
}

function* readPacked(
  database: Database,
  day: number,
  from: number,
  to: number,
  values: Uint32Array,
  steps: number,
): Generator<void, void> {
  for (let first = from; first < to; first += DAYS_A_TURN) {
    const rows = database.rows(
      "SELECT id, steps FROM worker_day WHERE id >= ? AND id < ?",
      day * DAY_KEY + first,
      day * DAY_KEY + Math.min(to, first + DAYS_A_TURN),
    );
    for (let i = 0; i < rows.length; i++) {
      const { id, steps: record } = rows[i]!;
      const start = (Number(id) - day * DAY_KEY - from) * steps;
      skipBad(() => readWorkerDay(record as Uint8Array, values, start, steps));
    }
    yield;
  }
}

function* readSteps(
  database: Database,
  from: number,
  to: number,
  values: Uint32Array,
  spans: readonly Span[],
): Generator<void, void> {
  for (let place = 0; place < spans.length; place++) {
    const record = database.row("SELECT workers FROM step WHERE at = ?", spans[place]!.at)
      ?.["workers"];
    if (record instanceof Uint8Array) {
      skipBad(() => readWorkers(record, from, to, values, place, spans.length));
    }
    if (place % STEPS_A_TURN === STEPS_A_TURN - 1) yield;
  }
}

function writeDay(
  database: Database,
  writer: ByteWriter,
  day: number,
  worker: number,
  values: Uint32Array,
  start: number,
  spans: readonly Span[],
): void {
  let [seconds, work, connected, lost, last] = [0, 0, 0, 0, 0];
  for (let place = 0; place < spans.length; place++) {
    const value = values[start + place]!;
    if (value === 0) continue;
    const length = spans[place]!.ms / 1000;
    const here = length * connectedPartIn(value);
    seconds += length;
    connected += here;
    work += length * hashrateIn(value);
    lost += here * lostPartIn(value);
    if (here > 0) last = Math.max(last, spans[place]!.at + spans[place]!.ms);
  }
  if (seconds === 0) return;
  database.run(
    `INSERT OR REPLACE INTO worker_day(id, seconds, hashrate, lost, connected, steps)
     VALUES (?, ?, ?, ?, ?, ?)`,
    day * DAY_KEY + worker,
    Math.round(seconds),
    hashrateNumber(work / seconds),
    connected === 0 ? 0 : lostNumber(lost / connected),
    Math.round(connected),
    workerDayRecord(writer, values, start, spans.length),
  );
  if (last > 0) {
    database.run("UPDATE worker SET last = ? WHERE id = ? AND last < ?", last, worker, last);
  }
}

function* packSums(
  { database, subjects }: HistoryFile,
  day: number,
  spans: readonly Span[],
  commit: Commit,
): Generator<void, void> {
  for (let from = 0; from < subjects.end; from += SUMS_A_BATCH) {
    const sums = yield* sumsOf(database, spans, from, from + SUMS_A_BATCH);
    yield* commit(() => {
      for (const [number, rows] of sums) writeSumDay(database, day, number, rows);
    });
    yield;
  }
}

/** Rows by place of the sums `from`..`to` - 1. */
function* sumsOf(
  database: Database,
  spans: readonly Span[],
  from: number,
  to: number,
): Generator<void, Map<number, Map<number, SumStep>>> {
  const sums = new Map<number, Map<number, SumStep>>();
  for (let place = 0; place < spans.length; place++) {
    const record = database.row("SELECT sums FROM step WHERE at = ?", spans[place]!.at)?.["sums"];
    if (record instanceof Uint8Array) {
      skipBad(() =>
        readSums(record, (number, sum) => {
          if (number < from || number >= to) return;
          let rows = sums.get(number);
          if (rows === undefined) sums.set(number, rows = new Map());
          rows.set(place, sum);
        })
      );
    }
    if (place % STEPS_A_TURN === STEPS_A_TURN - 1) yield;
  }
  return sums;
}

/** Writes rows of a day, beside those that were written before. */
function writeSumDay(
  database: Database,
  day: number,
  number: number,
  rows: ReadonlyMap<number, SumStep>,
): void {
  const key = day * DAY_KEY + number;
  const all = new Map<number, SumStep>();
  const old = database.row("SELECT steps FROM sum_day WHERE id = ?", key)?.["steps"];
  if (old instanceof Uint8Array) skipBad(() => readSums(old, (place, sum) => all.set(place, sum)));
  for (const [place, sum] of rows) all.set(place, sum);
  const record = new SumRecord();
  for (const [place, sum] of all) record.add(place, sum);
  database.run("INSERT OR REPLACE INTO sum_day(id, steps) VALUES (?, ?)", key, record.take());
  const end = (day + 1) * DAY_MS;
  database.run("UPDATE subject SET last = ? WHERE id = ? AND last < ?", end, number, end);
}

/** A damaged record is left out: it costs what was in it and nothing else. */
export function skipBad(read: () => void): void {
  try {
    read();
  } catch (error) {
    if (!(error instanceof BadRecord)) throw error;
  }
}
