/**
 * What each worker does in the step of time that is under way, for the history: counted only where
 * one is kept.
 *
 * Numbers in arrays, by the rows of the book of workers and by its numbers of connections: there
 * may be sixty thousand of each. Times are attended, in milliseconds.
 */

import { WORKER_STATES, type WorkerState } from "../base/worker_state.ts";

/** What is counted of a connection since it logged in. */
export interface ConnectionCounts {
  /** Shares that counted. */
  readonly good: number;
  /** Shares that were lost. */
  readonly lost: number;
  /** The difficulties of the good ones together. */
  readonly work: number;
}

/** What a worker did in a step. */
export interface WorkerStepCounts extends ConnectionCounts {
  /** For how long it had a connection. */
  readonly connectedMs: number;
  /** The worst of its states. */
  readonly worst: WorkerState;
}

/** Rows that the arrays first have room for; they double. */
const FIRST_ROWS = 256;

/** The best state, which is the last of the list. */
const WORKING = WORKER_STATES.length - 1;

/** Counts what workers do, step by step. */
export class WorkerSteps {
  /** By row: the number of the worker that has it, since rows are used again. */
  #ids = new Uint32Array(FIRST_ROWS);
  #good = new Float64Array(FIRST_ROWS);
  #lost = new Float64Array(FIRST_ROWS);
  #work = new Float64Array(FIRST_ROWS);
  #connectedMs = new Float64Array(FIRST_ROWS);
  /** Since when it has a connection that was not counted yet; NaN without one. */
  #since = new Float64Array(FIRST_ROWS);
  #worst = new Uint8Array(FIRST_ROWS);
  /** By connection: what was counted of it so far. */
  #seenGood = new Float64Array(FIRST_ROWS);
  #seenLost = new Float64Array(FIRST_ROWS);
  #seenWork = new Float64Array(FIRST_ROWS);

  /** A connection of a worker logged in; `isFirst` if it has no other. */
  loggedIn(connection: number, row: number, id: number, isFirst: boolean, time: number): void {
    this.#ownRow(row, id);
    if (isFirst) this.#since[row] = time;
    if (connection >= this.#seenGood.length) this.#growConnections(connection);
    this.#seenGood[connection] = this.#seenLost[connection] = this.#seenWork[connection] = 0;
  }

  /** A connection as it is now; called at the end of a step, and when it ends. */
  sample(connection: number, row: number, { good, lost, work }: ConnectionCounts): void {
    this.#good[row]! += good - this.#seenGood[connection]!;
    this.#lost[row]! += lost - this.#seenLost[connection]!;
    this.#work[row]! += work - this.#seenWork[connection]!;
    this.#seenGood[connection] = good;
    this.#seenLost[connection] = lost;
    this.#seenWork[connection] = work;
  }

  /** The last connection of a worker ended; it was sampled just before. */
  gone(row: number, time: number): void {
    const since = this.#since[row]!;
    if (!Number.isNaN(since)) this.#connectedMs[row]! += Math.max(0, time - since);
    this.#since[row] = NaN;
  }

  /** A worker is in this state. */
  saw(row: number, id: number, state: WorkerState): void {
    this.#ownRow(row, id);
    this.#worst[row] = Math.min(this.#worst[row]!, WORKER_STATES.indexOf(state));
  }

  /** What a worker did in the step that ends at `end`. What it does after that is the next one's. */
  take(row: number, id: number, end: number): WorkerStepCounts {
    this.#ownRow(row, id);
    const since = this.#since[row]!;
    const connectedMs = this.#connectedMs[row]! + (since < end ? end - since : 0);
    const counts: WorkerStepCounts = {
      good: this.#good[row]!,
      lost: this.#lost[row]!,
      work: this.#work[row]!,
      connectedMs,
      worst: WORKER_STATES[this.#worst[row]!]!,
    };
    this.#clear(row);
    if (since < end) this.#since[row] = end;
    return counts;
  }

  /** Makes room for a row, and empties it for another worker. */
  #ownRow(row: number, id: number): void {
    if (row >= this.#ids.length) this.#growRows(row);
    if (this.#ids[row] === id) return;
    this.#ids[row] = id;
    this.#clear(row);
    this.#since[row] = NaN;
  }

  #clear(row: number): void {
    this.#good[row] =
      this.#lost[row] =
      this.#work[row] =
      this.#connectedMs[row] =
        0;
    this.#worst[row] = WORKING;
  }

  #growRows(row: number): void {
    const rows = roomFor(row);
    this.#ids = grown(this.#ids, new Uint32Array(rows));
    this.#good = grown(this.#good, new Float64Array(rows));
    this.#lost = grown(this.#lost, new Float64Array(rows));
    this.#work = grown(this.#work, new Float64Array(rows));
    this.#connectedMs = grown(this.#connectedMs, new Float64Array(rows));
    this.#since = grown(this.#since, new Float64Array(rows));
    this.#worst = grown(this.#worst, new Uint8Array(rows));
  }

  #growConnections(connection: number): void {
    const rows = roomFor(connection);
    this.#seenGood = grown(this.#seenGood, new Float64Array(rows));
    this.#seenLost = grown(this.#seenLost, new Float64Array(rows));
    this.#seenWork = grown(this.#seenWork, new Float64Array(rows));
  }
}

function roomFor(row: number): number {
  let rows = FIRST_ROWS;
  while (rows <= row) rows *= 2;
  return rows;
}

function grown<T extends Float64Array | Uint32Array | Uint8Array>(from: T, to: T): T {
  to.set(from);
  return to;
}
