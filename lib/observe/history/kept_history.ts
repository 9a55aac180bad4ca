/**
 * What the program asks of a history that is kept. `HistoryStore` keeps it in a file.
 *
 * Whatever takes long is a generator: take a few of its steps per turn of the event loop. No
 * database transaction lasts longer than one step, so a generator may be dropped at any time.
 */

import type { HistogramSnapshot } from "../histogram.ts";
import type {
  CauseStep,
  HistoryEvent,
  HistoryStep,
  Subject,
  SumRow,
  WorkerName,
  WorkerRow,
  WorkerSpan,
} from "./steps.ts";

/**
 * - `working`: the last write succeeded;
 * - `waiting`: the file could not be opened in the first minutes, perhaps because the process before
 *   this one still has it;
 * - `no_clock`: the clock shows a time before this version was made, so nothing is written;
 * - `full`: there is no room on the disk, or the file has reached its greatest size;
 * - `read_only`: the file, or the file system, cannot be written;
 * - `damaged`: the file is damaged, and could not be replaced;
 * - `failing`: anything else is wrong with the disk.
 */
export const HISTORY_STATES = [
  "working",
  "waiting",
  "no_clock",
  "full",
  "read_only",
  "damaged",
  "failing",
] as const;

/** One of them. */
export type HistoryState = typeof HISTORY_STATES[number];

/** Figures about the history itself, for API and metrics. */
export interface HistoryFigures {
  /** The size of the file and of what waits beside it. */
  readonly bytes: number;
  /** Start of the oldest step; `undefined` while there is none. */
  readonly from: number | undefined;
  /** End of the newest step. */
  readonly to: number | undefined;
  /** Steps written since the start. */
  readonly writes: number;
  /** Steps that could not be written since the start, for whatever reason. */
  readonly dropped: number;
  /** Bytes written to the disk since the start, up to the last checkpoint. */
  readonly bytesWritten: number;
  /** How long the calls took that may wait for the disk. */
  readonly fsyncs: HistogramSnapshot;
  /** Whether it works. */
  readonly state: HistoryState;
  /** What is wrong, in words; empty if nothing is. */
  readonly problem: string;
}

/** A history that is kept. */
export interface KeptHistory {
  /** How long the next step should be: longer while the disk is slow. */
  readonly stepMs: number;
  /** About the history itself. */
  readonly figures: HistoryFigures;
  /** Writes a step. One of a time that has a step already is dropped. Never throws. */
  write(step: HistoryStep): Generator<void, void>;
  /** Notes an event. It is written with the next `write` or `flush`. */
  addEvent(event: HistoryEvent): void;
  /** Notes something to know after a restart: a number by kind and key. Written like events. */
  learn(kind: string, key: string, value: number): void;
  /** Writes what waits to be written; to be called every minute or so. Never throws. */
  flush(): Generator<void, void>;
  /**
   * What is due at `now`: checkpoints, packing the days that are over, and deleting what is too
   * old. To be called after each step; nearly always it is over at once. Never throws.
   */
  upkeep(now: number): Generator<void, void>;
  /** The past of the farm, a pool or a sub-account, summed up in stretches of `stepMs`. */
  sums(
    subject: Exclude<Subject, { readonly kind: "worker" }>,
    from: number,
    to: number,
    stepMs: number,
  ): Generator<void, SumRow[]>;
  /** The past of a worker; `undefined` if there is none with this name. */
  worker(
    account: string,
    name: string,
    from: number,
    to: number,
    stepMs: number,
  ): Generator<void, WorkerRow[] | undefined>;
  /** The workers that a name means, in every sub-account: as find_worker.ts has it. */
  find(name: string): Generator<void, readonly WorkerName[]>;
  /** One value for each worker that was watched in the period; `undefined` only lets others run. */
  workers(from: number, to: number): Generator<WorkerSpan | undefined, void>;
  /** What was counted in the hours of the period, summed up by causes. */
  causes(from: number, to: number): Generator<void, CauseStep[]>;
  /** The newest `most` events of the period, oldest first. */
  events(from: number, to: number, most: number): HistoryEvent[];
  /** What was learned of one kind, by key. */
  learned(kind: string): ReadonlyMap<string, number>;
  /** Writes what waits and closes the file. */
  close(): void;
}
