/**
 * What each worker did in a step of the history: read from the book of workers, one at a time, while
 * it is written.
 */

import type { WorkerStep } from "../observe/history/steps.ts";
import type { WorkerBook } from "../workers/worker_book.ts";
import { WORKER } from "../workers/worker_records.ts";
import type { WorkerSteps } from "../workers/worker_steps.ts";
import { stateOfRow } from "../workers/worker_view.ts";

/** Hashes that a share of difficulty 1 stands for. */
const HASHES_PER_DIFFICULTY = 2 ** 32;

/** Workers looked at in a step of a generator. */
const LOOKED_AT_ONCE = 32;

/** Notes the state of every worker at `time`, some at once. The worst of a step is what counts. */
export function* lookAtWorkers(
  book: WorkerBook,
  steps: WorkerSteps,
  time: number,
): Generator<void, void> {
  for (let row = 0; row < book.records.workers.rows; row++) {
    const state = stateOfRow(book, row, time);
    if (state !== undefined) steps.saw(row, book.records.workers.uint32(row, WORKER.id), state);
    if (row % LOOKED_AT_ONCE === LOOKED_AT_ONCE - 1) yield;
  }
}

/** A step whose workers are being read. Times are attended, in milliseconds. */
export interface WorkersRead {
  /** When it ended. */
  readonly end: number;
  /** How long it was. */
  readonly ms: number;
  /** The row that is read next. */
  row: number;
}

/**
 * The workers in a step that were not read yet. Each of them begins its next step when it is read.
 */
export function* workersIn(
  book: WorkerBook,
  steps: WorkerSteps,
  step: WorkersRead,
): Generator<WorkerStep, void> {
  const { end, ms } = step;
  while (step.row < book.records.workers.rows) {
    const row = step.row++;
    const state = stateOfRow(book, row, end);
    if (state === undefined) continue;
    const id = book.records.workers.uint32(row, WORKER.id);
    steps.saw(row, id, state);
    const { good, lost, work, connectedMs, worst } = steps.take(row, id, end);
    const shares = good + lost;
    yield {
      account: book.records.text(row, WORKER.account),
      name: book.records.names[row]!,
      hashrate: work * HASHES_PER_DIFFICULTY / (ms / 1000),
      // Shares of one worker hardly differ in difficulty within minutes.
      lostPart: shares === 0 ? 0 : Math.min(1, Math.max(0, lost / shares)),
      connectedPart: Math.min(1, connectedMs / ms),
      condition: worst,
    };
  }
}
