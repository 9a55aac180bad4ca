/**
 * Keeps the history of a running proxy: a step every ten minutes, events as they happen, and what is
 * worth knowing after a restart. Loaded only where `history.path` is set.
 *
 * Steps end with the clock's ten minutes, or whatever length the store asks for, so that the first
 * and the last of a run are shorter. Everything is done in small turns. Whatever goes wrong with it
 * costs a line in the log and history, and nothing else.
 */

import { AttendedTimeout } from "../base/attended_timeout.ts";
import type { Time, Timer } from "../base/clock.ts";
import { InTurns } from "../base/in_turns.ts";
import { reportFault } from "../observe/fault.ts";
import type { HistoryFigures, KeptHistory } from "../observe/history/kept_history.ts";
import { STEP_MS } from "../observe/history/steps.ts";
import { areaLog } from "../observe/log.ts";
import type { MarkKind } from "../observe/marks.ts";
import type { KeptHistoryShape } from "../observe/status/history_shapes.ts";
import { type Span, SPANS } from "../observe/status/spans.ts";
import { WorkerSteps } from "../workers/worker_steps.ts";
import type { CausesReport, HistoryView } from "./farm_view.ts";
import { KeptIncidents } from "./kept_incidents.ts";
import { keptCauses } from "./kept_causes.ts";
import { LearnedBefore } from "./learned_before.ts";
import type { HistoryHooks, Proxy } from "./proxy.ts";
import { histogramShape } from "./status_shapes.ts";
import { StepCollector } from "./step_collector.ts";
import { WeekInShort } from "./week_in_short.ts";

/** How often it is looked whether something is due, in milliseconds. */
const LOOK_MS = 1_000;

/** How often miners are counted and events written, and how often workers are looked at. */
const MINUTE_MS = 60_000;

/** A step is at least this long, or goes on to the next end of one, in milliseconds. */
const LEAST_STEP_MS = 10_000;

/** The pause between two turns of work, in milliseconds. */
const PAUSE_MS = 1;

/**
 * A file that cannot be opened is no trouble for this long after the start, in milliseconds: at an
 * upgrade the old process has it until it ends.
 */
const HANDOVER_MS = 3 * MINUTE_MS;

/** A stop waits this long for the last step, in milliseconds. */
const END_TIMEOUT_MS = 5_000;

const log = areaLog("agent");

/** A store, or why there is none. */
export interface Opened {
  /** What keeps it. */
  readonly store: KeptHistory | undefined;
  /** What is to be said. */
  readonly notes: readonly string[];
}

/** What the keeper works with. */
export interface HistoryKeeperOptions {
  /** Opens the file; called again later if it could not be. */
  readonly open: () => Opened;
  /** Clocks and timers. */
  readonly time: Time;
  /** For how long workers are remembered that are gone, in milliseconds. */
  readonly rememberMs: number;
}

/** While the file is not open; its `state` and `problem` are added. */
const NOT_OPEN: Omit<HistoryFigures, "state" | "problem"> = {
  bytes: 0,
  from: undefined,
  to: undefined,
  writes: 0,
  dropped: 0,
  bytesWritten: 0,
  fsyncs: { boundsMs: [], counts: [0], sumMs: 0 },
};

/** Keeps the history of one proxy. */
export class HistoryKeeper implements HistoryView {
  /** What the proxy has to tell it. */
  readonly hooks: HistoryHooks;
  /** What was learned in earlier runs. */
  readonly before: LearnedBefore;
  /** The alarms people were told of. */
  readonly incidents: KeptIncidents;
  readonly #options: HistoryKeeperOptions;
  readonly #steps = new WorkerSteps();
  readonly #week = new WeekInShort();
  readonly #turns: InTurns;
  #store: KeptHistory | undefined;
  /** Why the file is not open. */
  #problem = "";
  #proxy: Proxy | undefined;
  #collector: StepCollector | undefined;
  #timer: Timer | undefined;
  /** The work under way. */
  #work: PromiseWithResolvers<void> | undefined;
  #lookedAt = 0;
  #startedAt = 0;

  /** Opens the file. */
  constructor(options: HistoryKeeperOptions) {
    this.#options = options;
    this.#turns = new InTurns(options.time, 1, PAUSE_MS);
    this.#open();
    this.before = new LearnedBefore(this.#store, options);
    this.incidents = new KeptIncidents(() => this.#store);
    this.hooks = {
      workerSteps: this.#steps,
      marked: (kind, text) => this.#marked(kind, text),
    };
  }

  get kept(): KeptHistory | undefined {
    return this.#store;
  }

  get shape(): KeptHistoryShape {
    const figures = this.#store?.figures ?? this.#notOpen;
    const seconds = (ms: number | undefined) => ms === undefined ? null : ms / 1000;
    return {
      kept: this.#store !== undefined,
      bytes: figures.bytes,
      from: seconds(figures.from),
      to: seconds(figures.to),
      state: figures.state,
      problem: figures.problem,
      steps: figures.writes,
      dropped_steps: figures.dropped,
      written_bytes: figures.bytesWritten,
      fsync: histogramShape(figures.fsyncs),
      ...this.#week.shape,
    };
  }

  get #notOpen(): HistoryFigures {
    const isNew = this.#options.time.now() - this.#startedAt < HANDOVER_MS;
    return { ...NOT_OPEN, state: isNew ? "waiting" : "failing", problem: this.#problem };
  }

  *causesOver(span: Span): Generator<void, CausesReport | undefined> {
    const { wallNow } = this.#options.time;
    const uptimeMs = this.#options.time.now() - this.#startedAt;
    const isShort = span === "hour" || span === "day";
    // What is counted in memory is newer.
    if (isShort && (this.#store === undefined || uptimeMs >= SPANS[span].ms)) {
      return (yield* this.#proxy!.view.causes())[span];
    }
    if (this.#store === undefined) return undefined;
    const now = wallNow();
    return keptCauses(yield* this.#store.causes(now - SPANS[span].ms, now), span);
  }

  /** Remembers the extranonce2 sizes of pools for the next run: all that are narrow. */
  learnSizes(sizes: ReadonlyMap<string, number>): void {
    this.#safely(() => this.before.learnSizes(this.#store, sizes));
  }

  /** The proxy starts. What is remembered goes into its books before any miner connects. */
  begin(proxy: Proxy): void {
    const { time } = this.#options;
    this.#proxy = proxy;
    this.#startedAt = time.now();
    this.#safely(() => this.before.recall(proxy));
    this.#collector = new StepCollector(proxy, this.#steps);
    this.#timer = time.every(LOOK_MS, () => this.#safely(() => this.#look()));
    if (this.#store !== undefined) this.#run(this.#week.update(this.#store, time.wallNow()));
  }

  /**
   * The proxy has stopped: writes the step under way and closes the file. Waits for that, but not
   * forever.
   */
  async end(): Promise<void> {
    const { time } = this.#options;
    time.clear(this.#timer);
    const limit = Promise.withResolvers<void>();
    const timer = new AttendedTimeout(time, END_TIMEOUT_MS, limit.resolve);
    await Promise.race([this.#endAll(), limit.promise]);
    timer.cancel();
    this.#turns.stop();
    this.#safely(() => this.#store?.close());
  }

  async #endAll(): Promise<void> {
    await this.#work?.promise;
    if (this.#collector !== undefined) this.#run(this.#endStep(true));
    await this.#work?.promise;
  }

  #look(): void {
    const { now } = this.#options.time;
    if (this.#work !== undefined) return;
    if (this.#isStepOver()) return this.#run(this.#endStep(false));
    if (now() - this.#lookedAt < MINUTE_MS) return;
    this.#lookedAt = now();
    this.#run(this.#minute());
  }

  #isStepOver(): boolean {
    const { startedAt, ms } = this.#collector!;
    if (ms < LEAST_STEP_MS) return false;
    const stepMs = this.#store?.stepMs ?? STEP_MS;
    const placeOf = (time: number) => Math.floor(time / stepMs);
    return placeOf(this.#options.time.wallNow()) !== placeOf(startedAt);
  }

  *#minute(): Generator<void, void> {
    if (this.#store === undefined) this.#open();
    yield* this.#collector!.look();
    if (this.#store !== undefined) yield* this.#store.flush();
  }

  *#endStep(isLast: boolean): Generator<void, void> {
    const collector = this.#collector!;
    const step = yield* collector.end(isLast);
    const store = this.#store;
    if (store === undefined) return yield* collector.readRest();
    this.before.learnFrom(store, this.#proxy!);
    yield* store.write(step);
    yield* collector.readRest();
    if (isLast) return;
    const now = this.#options.time.wallNow();
    yield* store.upkeep(now);
    yield* this.#week.update(store, now);
  }

  /** Runs `work` in turns; only one at a time. */
  #run(work: Generator<void, void>): void {
    const under = this.#work = Promise.withResolvers<void>();
    const end = () => {
      this.#work = undefined;
      under.resolve();
    };
    this.#turns.run(() => guarded(work, end));
  }

  #open(): void {
    this.#safely(() => {
      const { store, notes } = this.#options.open();
      this.#store = store;
      const problem = notes.join(" ");
      // Said once for as long as it is the same.
      if (problem !== this.#problem) { for (const note of notes) log.warn("{note}", { note }); }
      this.#problem = problem;
    });
  }

  #marked(kind: MarkKind, text: string): void {
    this.#safely(() => this.#store?.addEvent({ at: this.#options.time.wallNow(), kind, text }));
  }

  #safely(act: () => void): void {
    try {
      act();
    } catch (error) {
      reportFault(log, error);
    }
  }
}

/** All of `work`; a fault in it is logged, and ends it. */
function* guarded(work: Generator<void, void>, end: () => void): Generator<void, void> {
  try {
    yield* work;
  } catch (error) {
    reportFault(log, error);
  } finally {
    end();
  }
}
