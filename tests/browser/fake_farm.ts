/**
 * A farm as the status server sees it, of any size: every miner a few numbers made from its place,
 * shares that grow with each look.
 */

import { MinerSchema, type MinerShape } from "../../lib/observe/status/miner_shapes.ts";
import {
  type AccountShape,
  PoolTotalSchema,
  type PoolTotalShape,
} from "../../lib/observe/status/pool_shapes.ts";
import {
  type EventShape,
  type ReloadShape,
  SummarySchema,
  type SummaryShape,
} from "../../lib/observe/status/shapes.ts";
import {
  AttentionSchema,
  type AttentionShape,
  CausesSchema,
  type CausesShape,
  type LossesByCauseShape,
  type MarkShape,
  type WorkerShape,
} from "../../lib/observe/status/worker_shapes.ts";
import { WORKER_STATES } from "../../lib/base/worker_state.ts";
import type { NotifyTestShape } from "../../lib/observe/status/notify_shapes.ts";
import type { StatusControl, StatusSource } from "../../lib/observe/status/source.ts";
import type { LogArea, LogLevel } from "../../lib/observe/log_record.ts";
import { RequestProblem } from "../../lib/observe/status/answers.ts";
import type { Counts } from "../../lib/observe/chart_samples.ts";
import type { KeptHistory } from "../../lib/observe/history/kept_history.ts";
import { countsOf } from "../support/counts_of.ts";
import { sampleOf } from "../support/fake_status.ts";

const KINDS = ["bmminer/2.0.0", "bosminer-plus-tuner 0.9", "whatsminer/v1.0"];

/** How a miner of the farm differs from one that works well. */
export type Difference = Partial<MinerShape>;

/** How its worker differs; those beyond the miners have no connection. */
export type WorkerDifference = Partial<WorkerShape>;

const WORKING = { state: "working", reason: "", part: null, about: "" } as const;
const MISSING = {
  state: "missing",
  reason: "",
  part: null,
  about: "It has no connection any more. Look after its power and its network.",
} as const;

const NO_JOB_TROUBLE = { empty_job_seconds: 0, behind_seconds: 0, payout_changes: 0 };

/** Nothing lost. */
const NO_LOSSES = { good: 120_000, lost: 0, part: 0, lost_hashes: 0, sentence: "" };

const NO_CAUSES = {
  ...NO_LOSSES,
  reasons: [],
  pools: [],
  software: [],
  subnets: [],
  accounts: [],
};

/** A farm of made-up miners and pools for tests of the page. */
export class FakeFarm implements StatusSource, StatusControl {
  readonly #startedAt = performance.now();
  readonly #startedTime = new Date().toISOString();
  readonly #miners: MinerShape[];
  #workers: WorkerShape[];
  readonly #summary = sampleOf(SummarySchema);
  /** Why no pool serves; empty while one does. */
  reason = "";
  /** What is seen of pools, outages, losses and expectations. */
  readonly attention: Omit<AttentionShape, "workers" | "missing_machines"> = {
    ...sampleOf(AttentionSchema),
    trouble_hashrate: 0,
    backup: null,
    outage: { since: null, today_seconds: 0 },
    expected_hashrate: 1.02e17,
    nominal_hashrate: null,
    losses: { hour: NO_LOSSES, day: NO_LOSSES },
  };
  /** Why shares are lost. */
  readonly lossCauses: CausesShape = {
    ...sampleOf(CausesSchema),
    hour: NO_CAUSES,
    day: NO_CAUSES,
  };
  /** What is kept on disk. */
  history: KeptHistory | undefined;
  /** How that is doing. */
  keptHistory: SummaryShape["history"] = null;
  /** What happened. */
  readonly moments: MarkShape[] = [];
  /** Hashes a second of the whole farm. */
  hashrate = 1.01e17;
  /** How the first pool differs. */
  firstPool: Partial<PoolTotalShape> = {};
  /** More pools after the first. */
  readonly morePools: Partial<PoolTotalShape>[] = [];
  /** Lines of the log. */
  readonly log: EventShape[] = [
    { number: 1, time: this.#startedTime, level: "info", area: "agent", message: "It begins" },
  ];
  /** The pool that is preferred by hand. */
  pinned: number | undefined;
  /** What the pool speaks. */
  kind: PoolTotalShape["kind"] = "agent";
  /** Shares below the pool's difficulty. */
  kept = 0;
  /** Connections of single workers to its pool. */
  workerConnections = { ready: 0, opening: 0 };
  /** How often a miner found no room for its extranonces any more. */
  outgrown = 0;
  /** Shares it rejected, though they were good. */
  contradicted = 0;
  /** What its pool's jobs were like. */
  readonly jobs = { empty_job_seconds: 0, behind_seconds: 0, payout_changes: 0 };
  /** What is logged. */
  level: LogLevel = "info";
  /** Why the configuration cannot be read again; empty if it can. */
  badFile = "";
  #looks = 0;

  /** Differences are of the first miners and workers; workers beyond `count` are missing. */
  constructor(
    count: number,
    differences: readonly Difference[] = [],
    workers: readonly WorkerDifference[] = [],
  ) {
    const model = sampleOf(MinerSchema);
    this.#miners = Array.from({ length: count }, (_, place): MinerShape => ({
      ...model,
      id: place.toString(16).padStart(8, "0"),
      address: `10.${place >> 16}.${place >> 8 & 255}.${place & 255}:4028`,
      account: "",
      user: `farm.rig${place + 1}`,
      worker: `rig${place + 1}`,
      client_agent: KINDS[place % KINDS.length]!,
      state: "working",
      asicboost: "rolling",
      connected_seconds: 90_000 + place,
      last_share_seconds: place % 60,
      hashrate: { minutes_15: (90 + place % 20) * 1e12, minutes_60: (90 + place % 20) * 1e12 },
      shares: { ...model.shares, accepted: 10_000 + place, assumed: 0, early_open: 0, kept: 0 },
      worker_id: String(place + 1),
      condition: { ...WORKING },
      ...differences[place],
    }));
    this.#workers = Array.from({ length: Math.max(count, workers.length) }, (_, place) => {
      const worker = { ...this.#workerOf(place, place < count), ...workers[place] };
      const miner = this.#miners[place];
      if (miner !== undefined) miner.condition = worker.condition;
      return worker;
    });
  }

  #workerOf(place: number, isConnected: boolean): WorkerShape {
    const miner = this.#miners[place];
    const hashrate = (90 + place % 20) * 1e12;
    return {
      id: String(place + 1),
      account: miner?.account ?? "",
      worker: miner?.worker ?? `rig${place + 1}`,
      condition: isConnected ? { ...WORKING } : { ...MISSING },
      connections: isConnected ? 1 : 0,
      usual_connections: 1,
      missing_machines: isConnected ? 0 : 1,
      miners: miner?.id ? [miner.id] : [],
      client_agent: miner?.client_agent ?? KINDS[place % KINDS.length]!,
      address: `10.${place >> 16}.${place >> 8 & 255}.${place & 255}`,
      subnet: `10.${place >> 16}.${place >> 8 & 255}.0/24`,
      first_seen_seconds: 80_000,
      gone_seconds: isConnected ? null : 7_200,
      went: isConnected ? "" : "the miner closed the connection",
      last_share_seconds: isConnected ? place % 60 : 7_210,
      connects_hour: 0,
      hashrate: isConnected
        ? { minutes_15: hashrate, minutes_60: hashrate }
        : { minutes_15: 0, minutes_60: 0 },
      usual_hashrate: hashrate,
      kind_hashrate: 100e12,
      hour: isConnected ? { good: 600, lost: 0 } : { good: 0, lost: 0 },
      observations: [],
    };
  }

  /** Every worker, whether it is connected or not. */
  workers(): readonly WorkerShape[] {
    return this.#workers;
  }

  /** The worker of this number. */
  worker(id: number): WorkerShape | undefined {
    return this.#workers.find((worker) => worker.id === String(id));
  }

  /** No longer knows a worker that is gone. */
  forgetWorker(id: number): boolean | undefined {
    const worker = this.worker(id);
    if (worker === undefined || worker.connections > 0) return worker && false;
    this.#workers = this.#workers.filter((one) => one !== worker);
    return true;
  }

  // deno-lint-ignore require-yield -- all in one step
  *causes(_most: number): Generator<void, CausesShape> {
    return this.lossCauses;
  }

  // deno-lint-ignore require-yield -- all in one step
  *causesOver(): Generator<void, LossesByCauseShape | undefined> {
    return this.history === undefined ? undefined : this.lossCauses.day;
  }

  marks(): readonly MarkShape[] {
    return this.moments;
  }

  get markChanges(): number {
    return this.moments.length;
  }

  #attention(): AttentionShape {
    const counts = Object.fromEntries(
      WORKER_STATES.map((state) => [state, 0]),
    ) as AttentionShape["workers"];
    let missing = 0;
    for (const { condition, missing_machines } of this.#workers) {
      counts[condition.state]++;
      missing += missing_machines;
    }
    return { ...this.attention, workers: counts, missing_machines: missing };
  }

  *counts(): Generator<void, Counts> {
    return countsOf(yield* this.summary());
  }

  // deno-lint-ignore require-yield -- all in one step
  *summary(): Generator<void, SummaryShape> {
    const { shares, miners } = this.#summary;
    const accepted = 1_000_000 + 10 * this.#looks++;
    const count = this.#miners.length;
    return {
      ...this.#summary,
      version: "1.2.3",
      started_at: this.#startedTime,
      // It has run for longer than what it says was lost in a day.
      uptime_seconds: 90_000 + (performance.now() - this.#startedAt) / 1000,
      ...this.health(),
      attention: this.#attention(),
      history: this.keptHistory,
      miners: {
        ...miners,
        connected: count,
        states: { connected: 0, subscribed: 0, authorized: 0, joining: 0, working: count },
        asicboost: { never: 0, rolling: count, lost: 0, cannot_narrow: 0 },
      },
      hashrate: {
        minutes_1: this.hashrate * 0.99,
        minutes_15: this.hashrate,
        minutes_60: this.hashrate * 1.01,
      },
      shares: { ...shares, accepted, assumed: 0, early_open: 0, kept: this.kept },
      outgrown: this.outgrown,
      credited_difficulty: accepted * 1e6,
    };
  }

  health(): { serving: boolean; reason: string } {
    return { serving: this.reason === "", reason: this.reason };
  }

  miners(): readonly MinerShape[] {
    return this.#miners;
  }

  miner(id: number): MinerShape | undefined {
    return this.#miners.find((miner) => miner.id === id.toString(16).padStart(8, "0"));
  }

  // deno-lint-ignore require-yield -- all in one step
  *pools(): Generator<void, PoolTotalShape[]> {
    const isServing = this.reason === "";
    return [
      {
        ...sampleOf(PoolTotalSchema),
        ...this.jobs,
        position: 1,
        address: "pool.example:3333",
        kind: this.kind,
        extranonce2_bytes: 6,
        worker_connections: this.workerConnections,
        brake_lost_difficulty: 0,
        shares: {
          ...this.#summary.shares,
          kept: this.kept,
          contradicted: this.contradicted,
          blocks: 0,
          blocks_lost: 0,
        },
        accounts: {
          serving: isServing ? 1 : 0,
          spare: 0,
          opening: 0,
          cold: 0,
          waiting: isServing ? 0 : 1,
        },
        reason: this.reason,
        pinned: this.pinned === 1,
        ...this.firstPool,
      },
      ...this.morePools.map((pool, place) => ({
        ...sampleOf(PoolTotalSchema),
        ...NO_JOB_TROUBLE,
        kind: this.kind,
        position: place + 2,
        worker_connections: { ready: 0, opening: 0 },
        brake_lost_difficulty: 0,
        pinned: false,
        reason: "",
        shares: { ...this.#summary.shares, kept: 0, contradicted: 0, blocks: 0, blocks_lost: 0 },
        ...pool,
      })),
    ];
  }

  accounts(): AccountShape[] {
    return [];
  }

  events(): readonly EventShape[] {
    return this.log;
  }

  config(): Readonly<Record<string, unknown>> {
    return {};
  }

  logLevels(): Record<string, LogLevel> {
    return { agent: this.level };
  }

  setLogLevel(_area: LogArea | undefined, level: LogLevel): void {
    this.level = level;
  }

  reload(): Promise<ReloadShape> {
    if (this.badFile !== "") throw new RequestProblem(422, this.badFile);
    const change = {
      key: "limits.max_miners",
      before: "1",
      after: "2",
      takes_effect: "now",
    } as const;
    return Promise.resolve({ done: "Read again", changes: [change], needs_restart: ["status"] });
  }

  testNotify(): Promise<NotifyTestShape> {
    const channels = [
      { channel: "ntfy ntfy.sh", ok: true, answer: "HTTP 200" },
      { channel: "telegram", ok: false, answer: "HTTP 401: <b>Unauthorized</b>" },
    ];
    return Promise.resolve({ done: "The test message was taken by 1 of 2 channels", channels });
  }

  pin(position: number | undefined): string | undefined {
    this.pinned = position;
    return "pool.example:3333";
  }

  disconnect(id: number): boolean {
    const place = this.#miners.findIndex((miner) => miner === this.miner(id));
    if (place >= 0) this.#miners.splice(place, 1);
    return place >= 0;
  }
}
