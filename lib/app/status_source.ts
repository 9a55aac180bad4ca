/**
 * What the status server shows, taken from the view of the farm and put into the shapes of its
 * answers. Counts nothing itself, and reaches nothing else of the proxy.
 */

import { effectiveConfig } from "../config/effective.ts";
import type { Counts } from "../observe/chart_samples.ts";
import type { KeptHistory } from "../observe/history/kept_history.ts";
import { areaLog, logLevels, setLogLevel } from "../observe/log.ts";
import type { LogArea, LogLevel } from "../observe/log_record.ts";
import type { RecentEvents } from "../observe/recent_events.ts";
import { RequestProblem } from "../observe/status/answers.ts";
import type { MinerShape } from "../observe/status/miner_shapes.ts";
import type { AccountShape, PoolTotalShape } from "../observe/status/pool_shapes.ts";
import type {
  EventShape,
  LogLevelsShape,
  ReloadShape,
  SummaryShape,
} from "../observe/status/shapes.ts";
import type { StatusControl, StatusSource } from "../observe/status/source.ts";
import type { Span } from "../observe/status/spans.ts";
import type {
  CausesShape,
  LossesByCauseShape,
  MarkShape,
  WorkerShape,
} from "../observe/status/worker_shapes.ts";
import { countChanges, type Reloader } from "./reload.ts";
import {
  accountShape,
  causesShape,
  healthShape,
  minerShape,
  PoolTotal,
  summaryShape,
  workerShape,
} from "./status_shapes.ts";
import type { FarmControl, FarmView, HistoryView } from "./farm_view.ts";

const log = areaLog("agent");

/** What is looked at. */
export interface StatusViewOptions {
  /** What is shown of the proxy. */
  readonly farm: FarmView;
  /** What may be changed of it. */
  readonly control: FarmControl;
  /** The history on disk; `undefined` if none is kept. */
  readonly history?: HistoryView | undefined;
  /** The version of btcagent. */
  readonly version: string;
  /** The latest lines of the log. */
  readonly events: RecentEvents;
  /** Reloads its configuration. */
  readonly reloader: Pick<Reloader, "history" | "reload">;
}

/** Answers the status server from the view of the farm. */
export class StatusView implements StatusSource, StatusControl {
  readonly #options: StatusViewOptions;

  /** Shows it from now on. */
  constructor(options: StatusViewOptions) {
    this.#options = options;
  }

  counts(): Generator<void, Counts> {
    return this.#options.farm.counts();
  }

  *summary(): Generator<void, SummaryShape> {
    const { farm, version, reloader, history } = this.#options;
    const summary = yield* farm.summary();
    const kept = history?.shape ?? null;
    return summaryShape(summary, { version, reloads: reloader.history, history: kept });
  }

  health(): { serving: boolean; reason: string } {
    return healthShape(this.#options.farm.health());
  }

  *miners(): Generator<MinerShape> {
    const { farm } = this.#options;
    const { moment } = farm;
    for (const miner of farm.miners()) yield minerShape(miner, farm, moment);
  }

  miner(id: number): MinerShape | undefined {
    const { farm } = this.#options;
    const miner = farm.miner(id);
    return miner === undefined ? undefined : minerShape(miner, farm, farm.moment);
  }

  *workers(): Generator<WorkerShape> {
    for (const worker of this.#options.farm.workers()) yield workerShape(worker);
  }

  worker(id: number): WorkerShape | undefined {
    const worker = this.#options.farm.worker(id);
    return worker === undefined ? undefined : workerShape(worker);
  }

  *pools(): Generator<void, PoolTotalShape[]> {
    const { farm } = this.#options;
    const { time } = farm.moment;
    const totals = farm.pools.map((pool, place) => new PoolTotal(pool, place + 1));
    for (const pools of farm.poolsByAccount()) {
      for (const total of totals) {
        // The list may have changed meanwhile: pools that left it are left out.
        const pool = pools.find(({ poolId }) => poolId === total.poolId);
        if (pool !== undefined) total.add(pool, time);
      }
      yield;
    }
    return totals.map((total) => total.shape);
  }

  *causes(most: number): Generator<void, CausesShape> {
    const { hour, day } = yield* this.#options.farm.causes();
    yield;
    return { hour: causesShape(hour, most), day: causesShape(day, most) };
  }

  *causesOver(span: Span, most: number): Generator<void, LossesByCauseShape | undefined> {
    const { farm, history } = this.#options;
    if (history !== undefined) {
      const report = yield* history.causesOver(span);
      return report && causesShape(report, most);
    }
    if (span !== "hour" && span !== "day") return undefined;
    return causesShape((yield* farm.causes())[span], most);
  }

  get history(): KeptHistory | undefined {
    return this.#options.history?.kept;
  }

  get markChanges(): number {
    return this.#options.farm.markChanges;
  }

  marks(): MarkShape[] {
    return this.#options.farm.marks.map((mark) => ({ ...mark, time: mark.time / 1000 }));
  }

  *accounts(): Generator<AccountShape> {
    const { farm } = this.#options;
    const { time } = farm.moment;
    for (const account of farm.accounts()) yield accountShape(account, time);
  }

  events(): EventShape[] {
    return this.#options.events.list().map(({ number, timestamp, level, area, message }) => ({
      number,
      time: new Date(timestamp).toISOString(),
      level,
      area,
      message,
    }));
  }

  config(): Readonly<Record<string, unknown>> {
    return effectiveConfig(this.#options.farm.config);
  }

  logLevels(): LogLevelsShape["levels"] {
    return logLevels();
  }

  setLogLevel(area: LogArea | undefined, level: LogLevel): void {
    setLogLevel(area, level);
    log.info("Log level of {area} is {level} from now on, until a reload that changes it", {
      area: area ?? "all areas",
      level,
    });
  }

  async reload(): Promise<ReloadShape> {
    const result = await this.#options.reloader.reload();
    if (!result.ok) {
      throw new RequestProblem(422, result.reason, {}, {
        problems: result.problems.map(({ path, ...problem }) => ({ ...problem, key: path })),
      });
    }
    const { changes } = result;
    const needsRestart = changes.filter(({ takesEffect }) => takesEffect === "restart");
    return {
      done: `The configuration was read again: ${countChanges(changes.length)}`,
      changes: changes.map(({ takesEffect, ...change }) => ({
        ...change,
        takes_effect: takesEffect,
      })),
      needs_restart: needsRestart.map(({ key }) => key),
    };
  }

  pin(position: number | undefined): string | undefined {
    const { farm, control } = this.#options;
    if (position === undefined) {
      control.pinPool(undefined);
      return "";
    }
    const pool = farm.pools[position - 1];
    if (pool === undefined) return undefined;
    control.pinPool(position - 1);
    return pool.address;
  }

  disconnect(id: number): boolean {
    return this.#options.control.disconnectMiner(id, "requested over the status server");
  }

  forgetWorker(id: number): boolean | undefined {
    return this.#options.control.forgetWorker(id);
  }
}
