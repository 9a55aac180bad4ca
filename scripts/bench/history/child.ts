/**
 * One part of the bench of the history, in a process of its own: writes days, or reads them. The
 * arguments are JSON; the result is JSON on its output.
 */

import process from "node:process";
import { GCProfiler } from "node:v8";
import { systemTime } from "../../../lib/base/system_time.ts";
import { finished } from "../../../lib/base/steps.ts";
import { DAY_MS } from "../../../lib/observe/history/axis.ts";
import { STEP_MS } from "../../../lib/observe/history/steps.ts";
import { HistoryStore } from "../../../lib/observe/history/store.ts";
import { accountOf, Farm, workerOf } from "./farm.ts";

/** What the child does. */
export interface Work {
  /** What. */
  readonly kind: "write" | "idle" | "read";
  /** The file. */
  readonly path: string;
  /** The first day, in milliseconds since 1970. */
  readonly start: number;
  /** How many days. */
  readonly days: number;
  /** How many workers. */
  readonly workers: number;
}

/** What it measured; times in milliseconds, sizes in bytes. */
export interface Result {
  /** The longest turn of a step, without the disk and without collecting garbage. */
  readonly stepTurnMs: number;
  /** The same of packing a day and of deleting what is old. */
  readonly packTurnMs: number;
  /** The longest turn of all, without the disk, with garbage being collected. */
  readonly turnWithPauseMs: number;
  /** Pauses to collect garbage of more than {@linkcode LONG_PAUSE_MS}, a day. */
  readonly longPauses: number;
  /** The longest of all. */
  readonly pauseMs: number;
  /** All time of the loop for a step, on average. */
  readonly stepMs: number;
  /** All time of the loop for packing a day, on average. */
  readonly packMs: number;
  /** The longest call that waited for the disk. */
  readonly diskMs: number;
  /** Calls that may wait for it, in a day. */
  readonly diskCalls: number;
  /** Written in a day, after the first, which also has every name: as the store counts it. */
  readonly dayWritten: number;
  /** The same as the kernel counts it. */
  readonly dayKernelWritten: number;
  /** Memory more than before the store was loaded. */
  readonly memory: number;
  /** Reading one worker's month: of ten workers, the longest. */
  readonly workerMs: number;
  /** Reading the farm's month in hours. */
  readonly farmMs: number;
  /** Reading all workers' month. */
  readonly workersMs: number;
  /** Reading the causes of a month. */
  readonly causesMs: number;
  /** The longest turn of all reading. */
  readonly readTurnMs: number;
}

/** A pause that alone is longer than a turn may be, in milliseconds. */
const LONG_PAUSE_MS = 5;

/** Pauses of the runtime to collect garbage. */
class Pauses {
  longest = 0;
  /** Those of more than {@linkcode LONG_PAUSE_MS}. */
  long = 0;
  #profiler = new GCProfiler();

  begin(): void {
    this.#profiler.start();
  }

  /** @returns the time they took since `begin`, in milliseconds. */
  end(): number {
    let sum = 0;
    for (const { cost } of this.#profiler.stop()?.statistics ?? []) {
      // Nanoseconds.
      const ms = cost / 1e6;
      sum += ms;
      this.longest = Math.max(this.longest, ms);
      if (ms > LONG_PAUSE_MS) this.long++;
    }
    this.#profiler = new GCProfiler();
    return sum;
  }
}

/**
 * The time of turns without the disk. On a busy machine a turn is interrupted, so it is counted by
 * what is less: the time that passed, or the time that the processor worked for this process.
 */
class Stopwatch {
  /** The longest turn, without collecting garbage. */
  longest = 0;
  /** The same with that. */
  longestWithPause = 0;
  /** All of them, with that. */
  total = 0;
  readonly #disk: () => number;
  readonly #pauses: Pauses;

  constructor(disk: () => number, pauses: Pauses) {
    this.#disk = disk;
    this.#pauses = pauses;
  }

  /** Takes all steps. */
  run<T>(steps: Generator<unknown, T>): T {
    for (;;) {
      const disk = this.#disk();
      this.#pauses.begin();
      const worked = process.cpuUsage();
      const start = performance.now();
      const step = steps.next();
      const passed = performance.now() - start;
      const { user, system } = process.cpuUsage(worked);
      const pause = this.#pauses.end();
      const ms = Math.min(passed - (this.#disk() - disk), (user + system) / 1000);
      this.longest = Math.max(this.longest, ms - pause);
      this.longestWithPause = Math.max(this.longestWithPause, ms);
      this.total += ms;
      if (step.done) return step.value;
    }
  }
}

function open(path: string, wallNow: () => number): HistoryStore {
  const { store, notes } = HistoryStore.open(path, {
    days: 30,
    eventsDays: 365,
    now: systemTime.now,
    wallNow,
    // A busy machine makes a slow disk now and then; how slow, is a figure of its own.
    say: () => {},
  });
  if (store === undefined) throw new Error(notes.join("\n"));
  return store;
}

function write({ path, start, days, workers }: Work): Partial<Result> {
  const farm = new Farm(workers, 1);
  for (const _ of farm.step(start).workers);
  const memory = rss();
  const kernel = kernelWritten();
  let wall = start;
  const store = open(path, () => wall);
  const disk = () => store.figures.fsyncs.sumMs;
  const pauses = new Pauses();
  const [steps, packs] = [new Stopwatch(disk, pauses), new Stopwatch(disk, pauses)];
  let written: readonly [number, number] = [0, kernel];
  for (; wall < start + days * DAY_MS; wall += STEP_MS) {
    steps.run(store.write(farm.step(wall)));
    packs.run(store.upkeep(wall + STEP_MS));
    const isFirstDayOver = wall + STEP_MS === start + DAY_MS;
    if (isFirstDayOver) written = [store.figures.bytesWritten, kernelWritten()];
  }
  const more = rss() - memory;
  const { fsyncs, bytesWritten } = store.figures;
  store.close();
  return {
    stepTurnMs: steps.longest,
    packTurnMs: packs.longest,
    turnWithPauseMs: Math.max(steps.longestWithPause, packs.longestWithPause),
    longPauses: pauses.long / days,
    pauseMs: pauses.longest,
    stepMs: steps.total / (days * 144),
    packMs: packs.total / days,
    diskMs: longestOf(fsyncs.boundsMs, fsyncs.counts),
    diskCalls: fsyncs.counts.reduce((sum, each) => sum + each, 0) / days,
    dayWritten: (bytesWritten - written[0]) / (days - 1),
    dayKernelWritten: (kernelWritten() - written[1]) / (days - 1),
    memory: more,
  };
}

/** The farm without a history: what collects garbage anyway. */
function idle({ start, days, workers }: Work): Partial<Result> {
  const farm = new Farm(workers, 1);
  const pauses = new Pauses();
  for (let at = start; at < start + days * DAY_MS; at += STEP_MS) {
    pauses.begin();
    const step = farm.step(at);
    for (const _ of step.workers);
    for (const _ of step.causes);
    pauses.end();
  }
  return { longPauses: pauses.long / days, pauseMs: pauses.longest };
}

/** The bound of the last step of a histogram with anything in it. */
function longestOf(bounds: readonly number[], counts: readonly number[]): number {
  const last = counts.findLastIndex((count) => count > 0);
  return bounds[last] ?? Infinity;
}

function read({ path, start, days, workers }: Work): Partial<Result> {
  const end = start + days * DAY_MS;
  const store = open(path, () => end);
  const disk = () => store.figures.fsyncs.sumMs;
  const all = new Stopwatch(disk, new Pauses());
  const timed = (steps: () => Generator<unknown, unknown>) => {
    const before = all.total;
    all.run(steps());
    return all.total - before;
  };
  let workerMs = 0;
  for (let i = 0; i < 10; i++) {
    const worker = Math.floor(workers / 10) * i;
    const ms = timed(() => store.worker(accountOf(worker), workerOf(worker), start, end, STEP_MS));
    workerMs = Math.max(workerMs, ms);
  }
  const farmMs = timed(() => store.sums({ kind: "farm" }, start, end, 6 * STEP_MS));
  const workersMs = timed(() => store.workers(start, end));
  const causesMs = timed(() => store.causes(start, end));
  const rows = finished(store.worker(accountOf(0), workerOf(0), start, end, STEP_MS))?.length;
  if (rows !== days * 144) throw new Error(`Found ${rows} rows of a worker, wanted ${days * 144}`);
  store.close();
  return { workerMs, farmMs, workersMs, causesMs, readTurnMs: all.longest };
}

function rss(): number {
  return Deno.memoryUsage().rss;
}

function kernelWritten(): number {
  const text = Deno.readTextFileSync("/proc/self/io");
  return Number(/write_bytes: (\d+)/.exec(text)?.[1] ?? 0);
}

if (import.meta.main) {
  const work: Work = JSON.parse(Deno.args[0]!);
  const result = { write, idle, read }[work.kind](work);
  Deno.stdout.writeSync(new TextEncoder().encode(JSON.stringify(result)));
}
