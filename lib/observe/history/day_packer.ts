/**
 * Turns the steps of a day that is over into one record for each worker and each sum, so that a
 * month of one of them is 30 records.
 *
 * May be stopped at any point, also by the end of the process, and started again: steps are deleted
 * last, and packing a step that is packed already changes nothing.
 */

import { axisRecord, DAY_MS, MOST_STEPS_A_DAY, readAxis, type Span } from "./axis.ts";
import { BadRecord } from "./bytes.ts";
import type { Database } from "./database.ts";
import { DayBatch } from "./day_batch.ts";
import { DaySums } from "./day_sums.ts";
import type { HistoryFile } from "./history_file.ts";
import { DAY_KEY } from "./schema.ts";
import type { SumStep } from "./steps.ts";
import { readWorkersOf, skipBad, spansOfDay, sumsRecordOf } from "./steps_table.ts";
import { readSums, SumRecord } from "./sum_record.ts";
import { readWorkerDay } from "./worker_day_record.ts";

/** Runs a transaction, also later if another process writes just now. */
export type Commit = (act: () => void) => Generator<void, void>;

/** Workers whose steps are in memory together: 600 KB. */
const BATCH = 1_024;

/** Records read in a turn: 4 KB of a step, of which SQLite reads all 40, a worker's day of 350 bytes. */
const STEPS_A_TURN = 4;
const DAYS_A_TURN = 64;

/** Workers packed in a turn, and written in a transaction. */
const WORKERS_A_TURN = 16;
const WORKERS_A_WRITE = 128;

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
  yield;
  yield* commit(() => {
    database.run(
      "INSERT INTO day(day, axis) VALUES (?, ?) ON CONFLICT DO UPDATE SET axis = excluded.axis",
      day,
      axisRecord(day, spans),
    );
  });
  const values = new Uint32Array(Math.min(BATCH, file.workers.end) * spans.length);
  const sums = new DaySums(day, spans);
  const batch = new DayBatch(day, WORKERS_A_WRITE);
  const last = new Float64Array(Math.min(BATCH, file.workers.end));
  yield;
  for (let from = 0; from < file.workers.end; from += BATCH) {
    // Names may come meanwhile, but none of this day.
    const to = Math.min(file.workers.end, from + last.length);
    values.fill(0);
    if (known.length > 0) yield* readPacked(database, day, from, to, values, spans.length);
    yield* readSteps(database, from, to, values, spans);
    for (let first = from; first < to; first += WORKERS_A_WRITE) {
      const end = Math.min(to, first + WORKERS_A_WRITE);
      batch.clear();
      yield* packWorkers(batch, sums, first, end, values, from, spans.length, last);
      yield* commit(() => {
        if (isCurrent()) batch.write(database);
      });
      if (!isCurrent()) return;
      yield;
    }
    yield* commit(() => writeLast(database, last, from, to));
    yield;
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
  for (const span of spansOfDay(database, day, MOST_STEPS_A_DAY)) {
    if (!known.has(span.at) && all.length < MOST_STEPS_A_DAY) all.push(span);
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
    readWorkersOf(database, spans[place]!.at, from, to, values, place, spans.length);
    if (place % STEPS_A_TURN === STEPS_A_TURN - 1) yield;
  }
}

/**
 * Packs the days of workers `first`..`end` - 1 and notes when each was connected last; `values` and
 * `last` begin with worker `from`.
 */
function* packWorkers(
  batch: DayBatch,
  sums: DaySums,
  first: number,
  end: number,
  values: Uint32Array,
  from: number,
  steps: number,
  last: Float64Array,
): Generator<void, void> {
  // Every platform of Deno is little-endian: the lower half comes first.
  const all = new Uint16Array(values.buffer);
  for (let worker = first; worker < end; worker++) {
    const place = worker - from;
    last[place] = batch.add(
      worker,
      all.subarray(2 * place * steps, 2 * (place + 1) * steps),
      sums,
    );
    if ((worker - first) % WORKERS_A_TURN === WORKERS_A_TURN - 1) yield;
  }
}

/**
 * Notes when workers `from`..`to` - 1 were connected last, 0 for never: nearly all at the same time,
 * so in few statements.
 */
function writeLast(database: Database, last: Float64Array, from: number, to: number): void {
  for (let first = from; first < to;) {
    const time = last[first - from]!;
    let end = first + 1;
    while (end < to && last[end - from] === time) end++;
    if (time > 0) {
      database.run(
        "UPDATE worker SET last = ? WHERE id >= ? AND id < ? AND last < ?",
        time,
        first,
        end,
        time,
      );
    }
    first = end;
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
    const record = sumsRecordOf(database, spans[place]!.at);
    if (record !== undefined) {
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
