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
import { type DaySum, DaySums } from "./day_sums.ts";
import type { HistoryFile } from "./history_file.ts";
import { DAY_KEY } from "./schema.ts";
import type { SumStep } from "./steps.ts";
import { readWorkersOf, skipBad, spansOfDay, sumsRecordOf } from "./steps_table.ts";
import { readSums, SumRecord } from "./sum_record.ts";
import { readWorkerDay, workerDayRecord } from "./worker_day_record.ts";

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
  yield;
  for (let from = 0; from < file.workers.end; from += BATCH) {
    // Names may come meanwhile, but none of this day.
    const to = Math.min(file.workers.end, from + values.length / spans.length);
    values.fill(0);
    if (known.length > 0) yield* readPacked(database, day, from, to, values, spans.length);
    yield* readSteps(database, from, to, values, spans);
    const seen: LastSeen[] = [];
    for (let first = from; first < to; first += WORKERS_A_WRITE) {
      const end = Math.min(to, first + WORKERS_A_WRITE);
      const packed = yield* packWorkers(day, first, end, values, from, sums, spans.length);
      yield* commit(() => {
        if (isCurrent()) { for (let i = 0; i < packed.length; i++) writeDay(database, packed[i]!); }
      });
      if (!isCurrent()) return;
      for (let i = 0; i < packed.length; i++) {
        const { worker, last } = packed[i]!;
        seen.push({ worker, last });
      }
      yield;
    }
    yield* commit(() => writeLast(database, seen));
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

/** When a worker was connected last on a day; 0 for never. */
interface LastSeen {
  readonly worker: number;
  readonly last: number;
}

/** A worker's day, packed. */
interface PackedDay extends DaySum, LastSeen {
  readonly key: number;
  readonly steps: Uint8Array;
}

/** The days of workers `first`..`end` - 1; `values` begins with those of `from`. */
function* packWorkers(
  day: number,
  first: number,
  end: number,
  values: Uint32Array,
  from: number,
  sums: DaySums,
  steps: number,
): Generator<void, PackedDay[]> {
  const writer = new ByteWriter();
  const packed: PackedDay[] = [];
  // Every platform of Deno is little-endian: the lower half comes first.
  const all = new Uint16Array(values.buffer);
  for (let worker = first; worker < end; worker++) {
    const halves = all.subarray(2 * (worker - from) * steps, 2 * (worker - from + 1) * steps);
    const sum = sums.of(halves);
    if (sum !== undefined) {
      const record = workerDayRecord(writer, halves);
      packed.push({ ...sum, worker, key: day * DAY_KEY + worker, steps: record });
    }
    if ((worker - first) % WORKERS_A_TURN === WORKERS_A_TURN - 1) yield;
  }
  return packed;
}

function writeDay(database: Database, packed: PackedDay): void {
  database.run(
    `INSERT OR REPLACE INTO worker_day(id, seconds, hashrate, lost, connected, steps)
     VALUES (?, ?, ?, ?, ?, ?)`,
    packed.key,
    packed.seconds,
    packed.hashrate,
    packed.lost,
    packed.connected,
    packed.steps,
  );
}

/** Notes when workers were connected last: nearly all at the same time, so in few statements. */
function writeLast(database: Database, packed: readonly LastSeen[]): void {
  for (let from = 0; from < packed.length;) {
    const { worker, last } = packed[from]!;
    let to = from + 1;
    while (to < packed.length && packed[to]!.last === last) to++;
    if (last > 0) {
      database.run(
        "UPDATE worker SET last = ? WHERE id >= ? AND id <= ? AND last < ?",
        last,
        worker,
        packed[to - 1]!.worker,
        last,
      );
    }
    from = to;
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
