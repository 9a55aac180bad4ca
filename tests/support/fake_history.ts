/** A history in memory: keeps each step as it came, and gives each back as one row. */

import { fullNameOf } from "../../lib/observe/history/find_worker.ts";
import type { HistoryFigures, KeptHistory } from "../../lib/observe/history/kept_history.ts";
import {
  type CauseStep,
  type HistoryEvent,
  type HistoryStep,
  STEP_MS,
  type Subject,
  type SumRow,
  type SumStep,
  type WorkerName,
  type WorkerRow,
  type WorkerSpan,
  type WorkerStep,
} from "../../lib/observe/history/steps.ts";

/** A step with everything in it read. */
export interface ReadStep extends HistoryStep {
  readonly workers: readonly WorkerStep[];
  readonly causes: readonly CauseStep[];
}

/** Nothing happened. */
export const NO_SUMS: SumStep = {
  seconds: 600,
  difficulty: 0,
  good: 0,
  lost: 0,
  lostDifficulty: 0,
  miners: 0,
  outageSeconds: 0,
  bytesUp: 0,
  bytesDown: 0,
};

/** Keeps a history for tests. */
export class FakeHistory implements KeptHistory {
  stepMs = STEP_MS;
  readonly steps: ReadStep[] = [];
  readonly noted: HistoryEvent[] = [];
  readonly known = new Map<string, Map<string, number>>();
  /** What {@linkcode FakeHistory.workers} gives. */
  spans: WorkerSpan[] = [];
  isClosed = false;
  /** What goes wrong with the next step. */
  fault: Error | undefined;
  /** Whether writing never ends. */
  hangs = false;

  get figures(): HistoryFigures {
    const last = this.steps.at(-1);
    return {
      bytes: 4096,
      from: this.steps[0]?.at,
      to: last && last.at + last.ms,
      writes: this.steps.length,
      dropped: 0,
      bytesWritten: 0,
      fsyncs: { boundsMs: [10], counts: [1, 0], sumMs: 5 },
      state: "working",
      problem: "",
    };
  }

  *write(step: HistoryStep): Generator<void, void> {
    while (this.hangs) yield;
    const { fault } = this;
    this.fault = undefined;
    if (fault !== undefined) throw fault;
    const workers: WorkerStep[] = [];
    for (const worker of step.workers) {
      workers.push(worker);
      yield;
    }
    this.steps.push({ ...step, workers, causes: [...step.causes] });
  }

  addEvent(event: HistoryEvent): void {
    this.noted.push(event);
  }

  learn(kind: string, key: string, value: number): void {
    const known = this.known.get(kind) ?? new Map<string, number>();
    this.known.set(kind, known.set(key, value));
  }

  *flush(): Generator<void, void> {}

  *upkeep(): Generator<void, void> {}

  // deno-lint-ignore require-yield -- all in one step
  *sums(
    subject: Exclude<Subject, { readonly kind: "worker" }>,
    from: number,
    to: number,
  ): Generator<void, SumRow[]> {
    return this.#within(from, to).flatMap(({ at, ms, farm, pools, accounts }) => {
      const sums = subject.kind === "farm"
        ? farm
        : (subject.kind === "pool" ? pools : accounts).get(subject.name);
      return sums === undefined ? [] : [{ at, end: at + ms, ...sums }];
    });
  }

  // deno-lint-ignore require-yield -- all in one step
  *worker(
    account: string,
    name: string,
    from: number,
    to: number,
  ): Generator<void, WorkerRow[] | undefined> {
    return this.#within(from, to).flatMap(({ at, ms, workers }) =>
      workers.filter((worker) => worker.account === account && worker.name === name)
        .map((worker) => ({ ...worker, at, end: at + ms, seconds: ms / 1000 }))
    );
  }

  // deno-lint-ignore require-yield -- all in one step
  *find(name: string): Generator<void, WorkerName[]> {
    const names = new Map<string, WorkerName>();
    for (const { workers } of this.steps) {
      for (const worker of workers) names.set(fullNameOf(worker), worker);
    }
    return [...names.values()].filter((worker) => [worker.name, fullNameOf(worker)].includes(name));
  }

  *workers(): Generator<WorkerSpan | undefined, void> {
    for (const span of this.spans) {
      yield span;
      yield undefined;
    }
  }

  // deno-lint-ignore require-yield -- all in one step
  *causes(from: number, to: number): Generator<void, CauseStep[]> {
    return this.#within(from, to).flatMap(({ causes }) => causes);
  }

  events(from: number, to: number, most: number): HistoryEvent[] {
    return this.noted.filter(({ at }) => at >= from && at < to).slice(-most);
  }

  learned(kind: string): ReadonlyMap<string, number> {
    return this.known.get(kind) ?? new Map();
  }

  close(): void {
    this.isClosed = true;
  }

  #within(from: number, to: number): ReadStep[] {
    return this.steps.filter(({ at }) => at >= from && at < to);
  }
}
