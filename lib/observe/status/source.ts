/**
 * What the status server asks of the program, and how it may change it.
 *
 * Plain data only: the server knows nothing of miners, pools or sockets.
 */

import type { LogArea, LogLevel } from "../log_record.ts";
import type {
  AccountShape,
  EventShape,
  LogLevelsShape,
  MinerShape,
  PoolTotalShape,
  ReloadShape,
  SummaryShape,
} from "./shapes.ts";
import type { CausesShape, MarkShape, WorkerShape } from "./worker_shapes.ts";

/**
 * The program at this moment. Each call counts again; what takes long is counted in steps, and done
 * when they are.
 */
export interface StatusSource {
  /** Everything in sum. */
  summary(): Generator<void, SummaryShape>;
  /** Whether miners have a pool to work for, and why not. */
  health(): { readonly serving: boolean; readonly reason: string };
  /** Every connected miner. */
  miners(): Iterable<MinerShape>;
  /** The miner with this session id. */
  miner(id: number): MinerShape | undefined;
  /** Every worker that was seen lately, connected or not. */
  workers(): Iterable<WorkerShape>;
  /** The worker with this number. */
  worker(id: number): WorkerShape | undefined;
  /** Every pool of the configuration. */
  pools(): Generator<void, PoolTotalShape[]>;
  /** What was lost and why, at most `most` causes along each line. */
  causes(most: number): Generator<void, CausesShape>;
  /** Moments of the last day to be marked in charts, the oldest first. */
  marks(): readonly MarkShape[];
  /** How often there was something new in them. */
  readonly markChanges: number;
  /** Every sub-account with its pools. */
  accounts(): Iterable<AccountShape>;
  /** What the log said lately, the oldest first. */
  events(): readonly EventShape[];
  /** The settings in force, without secrets. */
  config(): Readonly<Record<string, unknown>>;
  /** The least important lines the log writes, by area. */
  logLevels(): LogLevelsShape["levels"];
}

/** What may be changed with `status.control`. */
export interface StatusControl {
  /** Reads the configuration again. @throws RequestProblem if it cannot be used. */
  reload(): Promise<ReloadShape>;
  /**
   * Prefers the pool at this place of the list, from 1, or none.
   *
   * @returns its address; `undefined` if there is no such pool.
   */
  pin(position: number | undefined): string | undefined;
  /** Sets the level of an area of the log, or of all. */
  setLogLevel(area: LogArea | undefined, level: LogLevel): void;
  /** Ends a miner's connection. @returns whether there is such a miner. */
  disconnect(id: number): boolean;
  /**
   * Forgets a worker that has no connection.
   *
   * @returns whether it did: not one that has a connection; `undefined` if there is no such worker.
   */
  forgetWorker(id: number): boolean | undefined;
}
