/**
 * Packs a step for the file, a few workers at a time.
 */

import type { Span } from "./axis.ts";
import { CauseCounts } from "./cause_counts.ts";
import type { HistoryFile } from "./history_file.ts";
import type { Named } from "./name_table.ts";
import { packedStep } from "./packing.ts";
import type { CauseStep, HistoryStep, SumStep } from "./steps.ts";
import { SumRecord } from "./sum_record.ts";
import { workerStepRecord } from "./worker_step_record.ts";

/** Does something, or does it again later while another process writes. */
export type Retry = (act: () => void) => Generator<void, void>;

/** A step ready to be written. */
export interface PackedStep extends Span {
  /** sum_record.ts. */
  readonly sums: Uint8Array;
  /** 32 bits for each worker, by number. */
  readonly values: Uint32Array;
  /** Those of values that are meant. */
  readonly count: number;
  /** Workers for which there is no room. */
  readonly surplus: number;
  /** What was counted, by causes. */
  readonly causes: readonly CauseStep[];
}

/** Workers looked at in a turn, or new ones written. */
const WORKERS_A_TURN = 64;

/** Pools and sub-accounts with a row of their own in one step; those with the most work. */
const MOST_POOLS = 64;
const MOST_ACCOUNTS = 256;

/** Causes looked at in a turn. */
const CAUSES_A_TURN = 64;

/** A new name with what is to be written under it. */
interface Fresh extends Named {
  readonly value: number;
}

/**
 * Packs `step`. Names that are new get numbers, which is written at once, by way of `retry`.
 *
 * @throws the errors of the database.
 */
export function* packStep(
  file: HistoryFile,
  step: HistoryStep,
  retry: Retry,
): Generator<void, PackedStep> {
  const at = Math.round(step.at);
  const { values, surplus } = yield* workerValues(file, step, at, retry);
  const counts = new CauseCounts();
  let count = 0;
  const iterator = step.causes[Symbol.iterator]();
  for (let next = iterator.next(); !next.done; next = iterator.next()) {
    counts.add(next.value);
    if (++count % CAUSES_A_TURN === 0) yield;
  }
  const causes = counts.shortList();
  yield;
  const sums = yield* sumsOf(file, step, at, retry);
  return { at, ms: Math.round(step.ms), sums, values, count: file.workers.end, surplus, causes };
}

/** The record of the workers of a packed step. */
export function workersOf({ values, count }: PackedStep): Uint8Array {
  return workerStepRecord(values, count);
}

function* workerValues(
  { database, workers: names }: HistoryFile,
  { workers }: HistoryStep,
  at: number,
  retry: Retry,
): Generator<void, Pick<PackedStep, "values" | "surplus">> {
  let values = new Uint32Array(names.end);
  let surplus = 0;
  let fresh: Fresh[] = [];
  const enter = function* (): Generator<void, void> {
    yield* retry(() => names.add(database, fresh, at));
    if (names.end > values.length) {
      const longer = new Uint32Array(Math.max(names.end, 2 * values.length));
      longer.set(values);
      values = longer;
    }
    for (let i = 0; i < fresh.length; i++) {
      const number = names.numberOf(fresh[i]!.group, fresh[i]!.name);
      if (number !== undefined) values[number] = fresh[i]!.value;
      else surplus++;
    }
    fresh = [];
  };
  let count = 0;
  const iterator = workers[Symbol.iterator]();
  for (let next = iterator.next(); !next.done; next = iterator.next()) {
    const worker = next.value;
    const number = names.numberOf(worker.account, worker.name);
    if (number !== undefined) values[number] = packedStep(worker);
    else fresh.push({ group: worker.account, name: worker.name, value: packedStep(worker) });
    if (fresh.length >= WORKERS_A_TURN) yield* enter();
    if (++count % WORKERS_A_TURN === 0) yield;
  }
  if (fresh.length > 0) {
    yield* enter();
    yield;
  }
  return { values, surplus };
}

function* sumsOf(
  { database, subjects }: HistoryFile,
  { farm, pools, accounts }: HistoryStep,
  at: number,
  retry: Retry,
): Generator<void, Uint8Array> {
  const sums: [Named, SumStep][] = [[{ group: "farm", name: "" }, farm]];
  for (const [name, sum] of most(pools, MOST_POOLS)) sums.push([{ group: "pool", name }, sum]);
  for (const [name, sum] of most(accounts, MOST_ACCOUNTS)) {
    sums.push([{ group: "account", name }, sum]);
  }
  yield;
  const fresh = sums.map(([named]) => named)
    .filter(({ group, name }) => subjects.numberOf(group, name) === undefined);
  if (fresh.length > 0) {
    yield* retry(() => subjects.add(database, fresh, at));
    yield;
  }
  const record = new SumRecord();
  for (const [{ group, name }, sum] of sums) {
    const number = subjects.numberOf(group, name);
    if (number !== undefined) record.add(number, sum);
  }
  return record.take();
}

/** The `count` of `sums` with the most work. */
function most(sums: ReadonlyMap<string, SumStep>, count: number): [string, SumStep][] {
  const all = [...sums];
  if (all.length <= count) return all;
  const work = ([, { difficulty, lostDifficulty }]: [string, SumStep]) =>
    difficulty + lostDifficulty;
  return all.sort((a, b) => work(b) - work(a)).slice(0, count);
}
