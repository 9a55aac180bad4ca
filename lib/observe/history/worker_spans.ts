/**
 * Reads what every worker did in a period: for a list of all, and for what a restart has to know.
 *
 * Of whole days the sums of the records are enough; the days at both ends are read step by step.
 *
 * While a day is being packed, its steps are in two places, and not yet of every worker in the
 * second. So what is not packed is read first: a step that is deleted before it is read is in the
 * records of its day by then.
 */

import { DAY_MS, dayOf, type Span } from "./axis.ts";
import type { Database } from "./database.ts";
import { axisOf } from "./day_packer.ts";
import { connectedPartIn, hashrateIn, hashrateOf, lostPartIn, lostPartOf } from "./packing.ts";
import { DAY_KEY } from "./schema.ts";
import type { WorkerSpan } from "./steps.ts";
import { readWorkersOf, skipBad, spansBetween } from "./steps_table.ts";
import { readWorkerDay } from "./worker_day_record.ts";

/** Workers in a turn. */
const SUMS_A_TURN = 256;
const RECORDS_A_TURN = 32;
const NAMES_A_TURN = 128;

/** Steps that are not packed; there are never more. */
const MOST_STEPS = 1_000;

/** What is added up, by number of the worker. */
class Totals {
  readonly seconds: Float64Array;
  readonly work: Float64Array;
  readonly connected: Float64Array;
  readonly lost: Float64Array;
  readonly last: Float64Array;

  constructor(count: number) {
    this.seconds = new Float64Array(count);
    this.work = new Float64Array(count);
    this.connected = new Float64Array(count);
    this.lost = new Float64Array(count);
    this.last = new Float64Array(count);
  }

  addStep(worker: number, { at, ms }: Span, value: number): void {
    const seconds = ms / 1000;
    const here = seconds * connectedPartIn(value);
    this.seconds[worker]! += seconds;
    this.work[worker]! += seconds * hashrateIn(value);
    this.connected[worker]! += here;
    this.lost[worker]! += here * lostPartIn(value);
    if (here > 0) this.last[worker] = Math.max(this.last[worker]!, at + ms);
  }
}

/** A value for each worker that was watched in the period; `undefined` only lets others run. */
export function* readWorkerSpans(
  database: Database,
  from: number,
  to: number,
): Generator<WorkerSpan | undefined, void> {
  const end = database.number("SELECT max(id) FROM worker") + 1;
  const totals = new Totals(end);
  const read = new Set<number>();
  const values = new Uint32Array(end);
  for (const span of spansBetween(database, from, to, MOST_STEPS)) {
    if (yield* addStep(database, span, values, totals)) read.add(span.at);
  }
  const days = database.rows(
    "SELECT day FROM day WHERE day >= ? AND day <= ? ORDER BY day",
    dayOf(from),
    dayOf(to),
  );
  for (let i = 0; i < days.length; i++) {
    const day = Number(days[i]!["day"]);
    const spans = axisOf(database, day);
    const isWanted = spans.map(({ at }) => at >= from && at < to && !read.has(at));
    const isWhole = day * DAY_MS >= from && (day + 1) * DAY_MS <= to && !isWanted.includes(false);
    if (isWhole) yield* addWholeDay(database, day, totals);
    else yield* addPartOfDay(database, day, spans, isWanted, totals);
  }
  yield* spansOf(database, end, totals);
}

function* addWholeDay(database: Database, day: number, totals: Totals): Generator<undefined, void> {
  const { length } = totals.seconds;
  for (let first = 0; first < length; first += SUMS_A_TURN) {
    const rows = database.rows(
      `SELECT id, seconds, hashrate, lost, connected FROM worker_day WHERE id >= ? AND id < ?`,
      day * DAY_KEY + first,
      day * DAY_KEY + Math.min(length, first + SUMS_A_TURN),
    );
    for (let i = 0; i < rows.length; i++) {
      const row = rows[i]!;
      const worker = Number(row["id"]) - day * DAY_KEY;
      const seconds = Number(row["seconds"]);
      const connected = Number(row["connected"]);
      totals.seconds[worker]! += seconds;
      totals.work[worker]! += seconds * hashrateOf(Number(row["hashrate"]));
      totals.connected[worker]! += connected;
      totals.lost[worker]! += connected * lostPartOf(Number(row["lost"]));
    }
    yield;
  }
}

function* addPartOfDay(
  database: Database,
  day: number,
  spans: readonly Span[],
  isWanted: readonly boolean[],
  totals: Totals,
): Generator<undefined, void> {
  const { length } = totals.seconds;
  const values = new Uint32Array(spans.length);
  for (let first = 0; first < length; first += RECORDS_A_TURN) {
    const rows = database.rows(
      "SELECT id, steps FROM worker_day WHERE id >= ? AND id < ?",
      day * DAY_KEY + first,
      day * DAY_KEY + Math.min(length, first + RECORDS_A_TURN),
    );
    for (let i = 0; i < rows.length; i++) {
      const worker = Number(rows[i]!["id"]) - day * DAY_KEY;
      values.fill(0);
      skipBad(() => readWorkerDay(rows[i]!["steps"] as Uint8Array, values, 0, spans.length));
      for (let place = 0; place < spans.length; place++) {
        if (values[place] === 0 || !isWanted[place]) continue;
        totals.addStep(worker, spans[place]!, values[place]!);
      }
    }
    yield;
  }
}

/** @returns whether the step was still there. */
function* addStep(
  database: Database,
  span: Span,
  values: Uint32Array,
  totals: Totals,
): Generator<undefined, boolean> {
  values.fill(0);
  if (!readWorkersOf(database, span.at, 0, values.length, values, 0, 1)) return false;
  yield;
  for (let worker = 0; worker < values.length; worker++) {
    if (values[worker] !== 0) totals.addStep(worker, span, values[worker]!);
    if (worker % SUMS_A_TURN === SUMS_A_TURN - 1) yield;
  }
  return true;
}

function* spansOf(
  database: Database,
  end: number,
  totals: Totals,
): Generator<WorkerSpan | undefined, void> {
  for (let from = 0; from < end; from += NAMES_A_TURN) {
    const rows = database.rows(
      "SELECT id, account, name, first, last FROM worker WHERE id >= ? AND id < ? ORDER BY id",
      from,
      Math.min(end, from + NAMES_A_TURN),
    );
    for (let i = 0; i < rows.length; i++) {
      const row = rows[i]!;
      const id = Number(row["id"]);
      const seconds = totals.seconds[id]!;
      if (seconds === 0) continue;
      const connected = totals.connected[id]!;
      yield {
        account: String(row["account"]),
        name: String(row["name"]),
        hashrate: totals.work[id]! / seconds,
        lostPart: connected === 0 ? 0 : totals.lost[id]! / connected,
        connectedPart: Math.min(1, connected / seconds),
        seconds,
        first: Number(row["first"]),
        last: Math.max(Number(row["last"]), totals.last[id]!),
      };
    }
    yield;
  }
}
