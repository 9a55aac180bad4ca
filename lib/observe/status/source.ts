/**
 * What the status server reads from the program and may change in it. Plain data only: the server
 * knows nothing of miners, pools or sockets.
 */

import type { Counts } from "../chart_samples.ts";
import type { KeptHistory } from "../history/kept_history.ts";
import type { LogArea, LogLevel } from "../log_record.ts";
import type { MinerShape } from "./miner_shapes.ts";
import type { AccountShape, PoolTotalShape } from "./pool_shapes.ts";
import type { EventShape, LogLevelsShape, ReloadShape, SummaryShape } from "./shapes.ts";
import type { Span } from "./spans.ts";
import type { CausesShape, LossesByCauseShape, MarkShape, WorkerShape } from "./worker_shapes.ts";

/**
 * The state of the program now. Each call counts again; long counts are made in steps and are
 * complete when the steps are.
 */
export interface StatusSource {
  /** The totals of the program. */
  summary(): Generator<void, SummaryShape>;
  /** What the charts are drawn from; taken every few seconds, so it costs less than the summary. */
  counts(): Generator<void, Counts>;
  /** Whether miners have a pool to work for, and why not. */
  health(): { readonly serving: boolean; readonly reason: string };
  /** Every connected miner. */
  miners(): Iterable<MinerShape>;
  /** The miner with this session id. */
  miner(id: number): MinerShape | undefined;
  /** Every worker that was seen recently, connected or not. */
  workers(): Iterable<WorkerShape>;
  /** The worker with this number. */
  worker(id: number): WorkerShape | undefined;
  /** Every pool of the configuration. */
  pools(): Generator<void, PoolTotalShape[]>;
  /** What was lost and why, with at most `most` causes of each dimension. */
  causes(most: number): Generator<void, CausesShape>;
  /** The same over one span; `undefined` if that is longer than what is known. */
  causesOver(span: Span, most: number): Generator<void, LossesByCauseShape | undefined>;
  /** What is kept on disk; `undefined` without `history.path`, and while the file cannot be opened. */
  readonly history: KeptHistory | undefined;
  /** Events of the last day that charts mark, oldest first. */
  marks(): readonly MarkShape[];
  /** Counts the changes of the marks. */
  readonly markChanges: number;
  /** Every sub-account with its pools. */
  accounts(): Iterable<AccountShape>;
  /** The last lines of the log, oldest first. */
  events(): readonly EventShape[];
  /** The settings in force, without secrets. */
  config(): Readonly<Record<string, unknown>>;
  /** The least important level the log writes, by area. */
  logLevels(): LogLevelsShape["levels"];
}

/** Changes that `status.control` allows. */
export interface StatusControl {
  /** Reads the configuration again. @throws RequestProblem if it cannot be used. */
  reload(): Promise<ReloadShape>;
  /**
   * Pins the pool at this position of the list, from 1, or none.
   *
   * @returns its address; `undefined` if there is no such pool.
   */
  pin(position: number | undefined): string | undefined;
  /** Sets the log level of one area, or of all. */
  setLogLevel(area: LogArea | undefined, level: LogLevel): void;
  /** Disconnects a miner. @returns whether there is such a miner. */
  disconnect(id: number): boolean;
  /**
   * Forgets a worker that has no connection.
   * @returns false if it has a connection; `undefined` if there is no such worker.
   */
  forgetWorker(id: number): boolean | undefined;
}
