/**
 * Reads the past of the farm, of pools, sub-accounts and single workers, a few records at a time.
 */

import { dayOf, type Span } from "./axis.ts";
import type { Database } from "./database.ts";
import { axisOf } from "./day_packer.ts";
import {
  conditionNumberIn,
  conditionOf,
  connectedPartIn,
  hashrateIn,
  lostPartIn,
} from "./packing.ts";
import { DAY_KEY } from "./schema.ts";
import { STEP_MS, type SumRow, type SumStep, type WorkerRow } from "./steps.ts";
import { readWorkersOf, skipBad, spansBetween, sumsRecordOf } from "./steps_table.ts";
import { readSums } from "./sum_record.ts";
import { readWorkerDay } from "./worker_day_record.ts";

/** Records read in a turn. */
const DAYS_A_TURN = 4;
const STEPS_A_TURN = 8;

/** Rows of an answer; the rest of a longer one is left out. */
export const MOST_ROWS = 10_000;

/** A step and what is known of it. */
interface Dated<T> extends Span {
  readonly value: T;
}

/** The sums of a subject in stretches of `stepMs`, oldest first. */
export function* readSumRows(
  database: Database,
  kind: string,
  name: string,
  from: number,
  to: number,
  stepMs: number,
): Generator<void, SumRow[]> {
  const number = database.row("SELECT id FROM subject WHERE kind = ? AND name = ?", kind, name)
    ?.["id"];
  if (typeof number !== "number") return [];
  const steps = yield* stepsOf<SumStep>(database, from, to, {
    table: "sum_day",
    number,
    ofDay: (record, spans, add) =>
      readSums(record, (place, sum) => {
        const span = spans[place];
        if (span !== undefined) add(span, sum);
      }),
    ofStep: (span, add) => {
      const record = sumsRecordOf(database, span.at);
      if (record === undefined) return;
      skipBad(() => readSums(record, (other, sum) => other === number && add(span, sum)));
    },
  });
  return stretches(steps, stepMs).slice(0, MOST_ROWS).map(sumOfAll);
}

/** The past of a worker in stretches of `stepMs`; `undefined` if nobody has this name. */
export function* readWorkerRows(
  database: Database,
  account: string,
  name: string,
  from: number,
  to: number,
  stepMs: number,
): Generator<void, WorkerRow[] | undefined> {
  const number = database.row("SELECT id FROM worker WHERE account = ? AND name = ?", account, name)
    ?.["id"];
  if (typeof number !== "number") return undefined;
  const steps = yield* stepsOf<number>(database, from, to, {
    table: "worker_day",
    number,
    ofDay: (record, spans, add) => {
      const values = new Uint32Array(spans.length);
      readWorkerDay(record, values, 0, spans.length);
      for (let place = 0; place < spans.length; place++) {
        if (values[place] !== 0) add(spans[place]!, values[place]!);
      }
    },
    ofStep: (span, add) => {
      const value = new Uint32Array(1);
      readWorkersOf(database, span.at, number, number + 1, value, 0, 1);
      if (value[0] !== 0) add(span, value[0]!);
    },
  });
  return stretches(steps, stepMs).slice(0, MOST_ROWS).map(workerOfAll);
}

/** Where and how steps of one name are read. */
interface Source<T> {
  readonly table: "sum_day" | "worker_day";
  readonly number: number;
  readonly ofDay: (
    record: Uint8Array,
    spans: readonly Span[],
    add: (span: Span, value: T) => void,
  ) => void;
  readonly ofStep: (span: Span, add: (span: Span, value: T) => void) => void;
}

/** Every step that began from `from` on and before `to`, oldest first. */
function* stepsOf<T>(
  database: Database,
  from: number,
  to: number,
  { table, number, ofDay, ofStep }: Source<T>,
): Generator<void, Dated<T>[]> {
  // While a day is being packed, its steps are there twice. A step that is deleted before it is read
  // is in the record of its day by then.
  const steps = new Map<number, Dated<T>>();
  const add = ({ at, ms }: Span, value: T) => {
    if (at >= from && at < to) steps.set(at, { at, ms, value });
  };
  const unpacked = spansBetween(database, from, to, MOST_ROWS);
  for (let i = 0; i < unpacked.length; i++) {
    ofStep(unpacked[i]!, add);
    if (i % STEPS_A_TURN === STEPS_A_TURN - 1) yield;
  }
  const days = database.rows(
    "SELECT day FROM day WHERE day >= ? AND day <= ? ORDER BY day",
    dayOf(from),
    dayOf(to),
  );
  for (let i = 0; i < days.length; i++) {
    const day = Number(days[i]!["day"]);
    const record = database.row(`SELECT steps FROM ${table} WHERE id = ?`, day * DAY_KEY + number)
      ?.["steps"];
    if (record instanceof Uint8Array) {
      const spans = axisOf(database, day);
      skipBad(() => ofDay(record, spans, add));
    }
    if (i % DAYS_A_TURN === DAYS_A_TURN - 1) yield;
  }
  return [...steps.values()].sort((a, b) => a.at - b.at);
}

/**
 * Steps put together in stretches that begin at whole multiples of `stepMs`, or of ten minutes if
 * that is less: a step belongs to the stretch that its middle is in.
 */
function stretches<T>(steps: readonly Dated<T>[], stepMs: number): Dated<T>[][] {
  const length = Math.max(STEP_MS, stepMs);
  const stretchOf = ({ at, ms }: Span) => Math.floor((at + ms / 2) / length);
  const all: Dated<T>[][] = [];
  for (const step of steps) {
    const last = all.at(-1);
    if (last !== undefined && stretchOf(last[0]!) === stretchOf(step)) last.push(step);
    else all.push([step]);
  }
  return all;
}

/** When the last of some steps ended. */
function endOf(steps: readonly Span[]): number {
  return steps.reduce((end, { at, ms }) => Math.max(end, at + ms), 0);
}

function sumOfAll(steps: readonly Dated<SumStep>[]): SumRow {
  const sum = { ...NOTHING, at: steps[0]!.at, end: endOf(steps) };
  for (const { value } of steps) {
    sum.miners += value.miners * value.seconds;
    sum.seconds += value.seconds;
    sum.difficulty += value.difficulty;
    sum.good += value.good;
    sum.lost += value.lost;
    sum.lostDifficulty += value.lostDifficulty;
    sum.outageSeconds += value.outageSeconds;
    sum.bytesUp += value.bytesUp;
    sum.bytesDown += value.bytesDown;
  }
  sum.miners = sum.seconds === 0 ? 0 : sum.miners / sum.seconds;
  return sum;
}

const NOTHING: SumStep = {
  seconds: 0,
  difficulty: 0,
  good: 0,
  lost: 0,
  lostDifficulty: 0,
  miners: 0,
  outageSeconds: 0,
  bytesUp: 0,
  bytesDown: 0,
};

function workerOfAll(steps: readonly Dated<number>[]): WorkerRow {
  let [seconds, work, connected, lost, worst] = [0, 0, 0, 0, 0];
  for (const { ms, value } of steps) {
    const here = ms / 1000 * connectedPartIn(value);
    seconds += ms / 1000;
    connected += here;
    work += ms / 1000 * hashrateIn(value);
    lost += here * lostPartIn(value);
    worst = Math.max(worst, conditionNumberIn(value));
  }
  return {
    at: steps[0]!.at,
    end: endOf(steps),
    seconds,
    hashrate: work / seconds,
    lostPart: connected === 0 ? 0 : lost / connected,
    connectedPart: connected / seconds,
    condition: conditionOf(worst),
  };
}
