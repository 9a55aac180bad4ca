/**
 * Keeps the history in a file, for one process: writes steps, events and what was learned, and
 * packs and deletes what is older.
 *
 * Nothing here throws because of the disk. A step that cannot be written is dropped; the next one
 * tries again, also with a new file if the old one is damaged or was removed.
 */

import { RELEASED_MS } from "../../base/release_date.ts";
import { Histogram } from "../histogram.ts";
import { dayOf } from "./axis.ts";
import { Checkpoints } from "./checkpoints.ts";
import { clean } from "./cleaning.ts";
import { dayToPack, packDay } from "./day_packer.ts";
import { findWorkers } from "./find_worker.ts";
import { Health } from "./health.ts";
import { type HistoryFile, openHistoryFile } from "./history_file.ts";
import type { HistoryFigures, KeptHistory } from "./kept_history.ts";
import { keptSpan } from "./kept_span.ts";
import { Place } from "./place.ts";
import { HOUR_MS, readCauseSums, readEvents, readLearned } from "./read_others.ts";
import { readSumRows, readWorkerRows } from "./read_rows.ts";
import { StepLength } from "./step_length.ts";
import type { HistoryStoreOptions } from "./store_options.ts";
import { StepWriter } from "./step_writer.ts";
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
import { troubleOf, troubleText } from "./trouble.ts";
import { Waiting } from "./waiting.ts";
import { readWorkerSpans } from "./worker_spans.ts";

/** A history that is kept, or none, and what to say about it. */
export interface OpenedHistory {
  /** `undefined` if it cannot be kept. */
  readonly store: HistoryStore | undefined;
  /** Sentences for the log. */
  readonly notes: readonly string[];
}

const MOST_BYTES = 2 ** 30;
const MOST_WORKERS = 65_535;

/** Turns in which a write is tried again while another process writes: it does so in small parts. */
const BUSY_TURNS = 500;

/** The history of one process. */
export class HistoryStore implements KeptHistory {
  readonly #place: Place;
  readonly #options: HistoryStoreOptions;
  readonly #health: Health;
  readonly #fsyncs = new Histogram();
  readonly #stepLength: StepLength;
  readonly #waiting = new Waiting();
  #file: HistoryFile | undefined;
  #checkpoints: Checkpoints | undefined;
  /** Of checkpoints of files before this one. */
  #bytesWrittenBefore = 0;
  #isClosed = false;
  #writer: StepWriter | undefined;
  #cleanedOn = 0;
  #learnedAt: number;
  #writes = 0;
  #dropped = 0;
  #bytes = 0;
  #from: number | undefined;
  #to: number | undefined;

  private constructor(place: Place, options: HistoryStoreOptions) {
    this.#place = place;
    this.#options = options;
    this.#health = new Health(place.path, (sentence) => this.#say(sentence));
    this.#stepLength = new StepLength((sentence) => this.#say(sentence));
    this.#learnedAt = options.now();
  }

  /** Opens the history at `path`, or starts one. Never throws. */
  static open(path: string, options: HistoryStoreOptions): OpenedHistory {
    const notes: string[] = [];
    let place: Place | undefined;
    try {
      place = Place.take(path);
      const store = new HistoryStore(place, options);
      store.#open((sentence) => notes.push(sentence));
      return { store, notes };
    } catch (error) {
      place?.release();
      notes.push(`Cannot keep a history in ${path}: ${troubleText(error)}`);
      return { store: undefined, notes };
    }
  }

  get stepMs(): number {
    return this.#stepLength.ms;
  }

  get figures(): HistoryFigures {
    return {
      bytes: this.#bytes,
      from: this.#from,
      to: this.#to,
      writes: this.#writes,
      dropped: this.#dropped,
      bytesWritten: this.#bytesWrittenBefore + (this.#checkpoints?.bytesWritten ?? 0),
      fsyncs: this.#fsyncs.snapshot(),
      state: this.#health.state,
      problem: this.#health.problem,
    };
  }

  *write(step: HistoryStep): Generator<void, void> {
    if (!this.#isClockSet(step.at)) return this.#drop();
    const file = this.#usableFile();
    if (file === undefined) return this.#drop();
    const writer = this.#writer!;
    const isWritten = yield* this.#attempt(function* (this: HistoryStore) {
      if (writer.isTaken(step)) return this.#drop();
      const { at, ms, surplus } = yield* writer.write(step, (act) => this.#retry(act));
      yield;
      this.#health.leave(surplus, file.workers.most);
      this.#writes++;
      this.#from ??= at;
      this.#to = Math.max(this.#to ?? 0, at + ms);
      this.#health.recover();
    });
    if (!isWritten) this.#drop();
    this.#stepLength.endStep();
    yield* this.flush();
    this.#bytes = this.#place.bytes;
  }

  addEvent(event: HistoryEvent): void {
    this.#waiting.addEvent(event);
  }

  learn(kind: string, key: string, value: number): void {
    this.#waiting.learn(kind, key, value);
  }

  *flush(): Generator<void, void> {
    const { now, wallNow } = this.#options;
    const isHour = now() - this.#learnedAt >= HOUR_MS;
    if (isHour) this.#learnedAt = now();
    while (this.#waiting.isDue(isHour) && this.#isClockSet(wallNow())) {
      const file = this.#file;
      if (file === undefined) return;
      const isDone = yield* this.#attempt(function* (this: HistoryStore) {
        yield* this.#retry(() => this.#waiting.write(file.database, wallNow()));
      });
      if (!isDone) return;
      yield;
    }
  }

  *upkeep(now: number): Generator<void, void> {
    const file = this.#file;
    if (file === undefined || !this.#isClockSet(now)) return;
    const today = dayOf(now);
    yield* this.#attempt(function* (this: HistoryStore) {
      yield* this.#checkpointIfDue();
      const commit = (act: () => void) => this.#commit(act);
      for (;;) {
        const day = dayToPack(file.database, today);
        if (day === undefined) break;
        yield;
        yield* packDay(file, day, commit);
        // Another process changed the file meanwhile, or there was a fault: next time.
        if (dayToPack(file.database, today) === day) return;
      }
      if (this.#cleanedOn === today) return;
      this.#cleanedOn = today;
      yield* clean(file, today, this.#options, commit);
      this.#readSpan(file);
    });
    this.#bytes = this.#place.bytes;
  }

  *sums(
    subject: Exclude<Subject, { readonly kind: "worker" }>,
    from: number,
    to: number,
    stepMs: number,
  ): Generator<void, SumRow[]> {
    const name = subject.kind === "farm" ? "" : subject.name;
    return (yield* this.#read((file) =>
      readSumRows(file.database, subject.kind, name, from, to, stepMs)
    )) ?? [];
  }

  *worker(
    account: string,
    name: string,
    from: number,
    to: number,
    stepMs: number,
  ): Generator<void, WorkerRow[] | undefined> {
    return yield* this.#read((file) =>
      readWorkerRows(file.database, account, name, from, to, stepMs)
    );
  }

  *find(name: string): Generator<void, readonly WorkerName[]> {
    return (yield* this.#read((file) => findWorkers(file.database, name))) ?? [];
  }

  *workers(from: number, to: number): Generator<WorkerSpan | undefined, void> {
    yield* this.#read((file) => readWorkerSpans(file.database, from, to));
  }

  *causes(from: number, to: number): Generator<void, CauseStep[]> {
    return (yield* this.#read((file) => readCauseSums(file.database, from, to))) ?? [];
  }

  events(from: number, to: number, most: number): HistoryEvent[] {
    const waiting = this.#waiting.events.filter(({ at }) => at >= from && at < to);
    const written = this.#now((file) => readEvents(file.database, from, to, most)) ?? [];
    return [...written, ...waiting].sort((a, b) => a.at - b.at).slice(-most);
  }

  learned(kind: string): ReadonlyMap<string, number> {
    const learned = this.#now((file) => readLearned(file.database, kind)) ?? new Map();
    for (const waiting of this.#waiting.learned) {
      if (waiting.kind === kind) learned.set(waiting.key, waiting.value);
    }
    return learned;
  }

  close(): void {
    if (this.#isClosed) return;
    this.#now(({ database }) => {
      while (this.#waiting.isDue(true) && this.#isClockSet(this.#options.wallNow())) {
        this.#waiting.write(database, this.#options.wallNow());
      }
    });
    this.#isClosed = true;
    this.#closeFile();
    this.#place.release();
  }

  #open(say: (sentence: string) => void): void {
    const { now, wallNow } = this.#options;
    const { maxBytes = MOST_BYTES, mostWorkers = MOST_WORKERS } = this.#options;
    const disk = (ms: number) => {
      this.#fsyncs.add(ms);
      this.#stepLength.note(ms);
    };
    const file = openHistoryFile(
      this.#place,
      { now, wallNow, maxBytes, mostWorkers, disk },
      say,
    );
    this.#file = file;
    this.#bytesWrittenBefore += this.#checkpoints?.bytesWritten ?? 0;
    this.#checkpoints = new Checkpoints(file.database, this.#place.path, now());
    this.#writer = new StepWriter(file);
    this.#readSpan(file);
    this.#bytes = this.#place.bytes;
  }

  #closeFile(): void {
    const file = this.#file;
    this.#file = undefined;
    try {
      file?.database.close();
    } catch (error) {
      // What is in the log stays there and is read at the next start.
      this.#health.fail("failing", troubleText(error));
    }
  }

  /** The file, open. One that was removed, or could not be opened, is opened once more. */
  #usableFile(): HistoryFile | undefined {
    if (this.#isClosed) return undefined;
    if (this.#file !== undefined && this.#file.identity !== this.#place.identity()) {
      this.#say(`The history ${this.#place.path} was removed or replaced: opening it again`);
      this.#closeFile();
    }
    if (this.#file === undefined) this.#openAgain();
    return this.#file;
  }

  #openAgain(): void {
    try {
      this.#open((sentence) => this.#say(sentence));
    } catch (error) {
      this.#health.fail("failing", troubleText(error));
    }
  }

  /** Does `steps`. @returns whether all went well; what is wrong with the disk ends here. */
  *#attempt(
    steps: (this: HistoryStore) => Generator<void, void>,
  ): Generator<void, boolean> {
    try {
      yield* steps.call(this);
      return true;
    } catch (error) {
      this.#fail(error);
      return false;
    }
  }

  *#read<Value, Result>(
    steps: (file: HistoryFile) => Generator<Value, Result>,
  ): Generator<Value, Result | undefined> {
    if (this.#file === undefined) return undefined;
    try {
      return yield* steps(this.#file);
    } catch (error) {
      this.#fail(error);
      return undefined;
    }
  }

  #now<Result>(act: (file: HistoryFile) => Result): Result | undefined {
    if (this.#file === undefined) return undefined;
    try {
      return act(this.#file);
    } catch (error) {
      this.#fail(error);
      return undefined;
    }
  }

  /** Does `act`, or does it again in later turns while another process writes. */
  *#retry(act: () => void): Generator<void, void> {
    for (let turn = 0;; turn++) {
      try {
        return act();
      } catch (error) {
        if (turn >= BUSY_TURNS || troubleOf(error) !== "busy") throw error;
      }
      yield;
    }
  }

  *#commit(act: () => void): Generator<void, void> {
    yield* this.#retry(() => this.#file?.database.transaction(act));
    yield* this.#checkpointIfDue();
  }

  *#checkpointIfDue(): Generator<void, void> {
    if (this.#checkpoints?.isDue(this.#options.now()) !== true) return;
    yield;
    this.#checkpoints?.run(this.#options.now());
    yield;
  }

  /** @throws `error` if it is a fault of ours. */
  #fail(error: unknown): void {
    const trouble = troubleOf(error);
    // Somebody read or wrote on while it was closed.
    if (this.#isClosed) return;
    if (trouble === "busy") {
      this.#health.fail("failing", "another process has it locked");
    } else if (trouble === "damaged") {
      this.#replace(troubleText(error));
    } else {
      this.#health.fail(trouble, troubleText(error));
    }
  }

  #replace(why: string): void {
    this.#closeFile();
    try {
      const path = this.#place.setAside(this.#options.wallNow());
      this.#say(`${this.#place.path} is damaged (${why}): it is ${path} now`);
    } catch (error) {
      this.#health.fail("damaged", troubleText(error));
      return;
    }
    this.#openAgain();
  }

  #isClockSet(time: number): boolean {
    if (time >= RELEASED_MS) return true;
    this.#health.fail(
      "no_clock",
      "the clock shows a time before this version of btcagent was made",
    );
    return false;
  }

  #readSpan({ database }: HistoryFile): void {
    const { from, to } = keptSpan(database);
    this.#from = from;
    this.#to = to;
  }

  #drop(): void {
    this.#dropped++;
  }

  #say(sentence: string): void {
    this.#options.say(sentence);
  }
}
