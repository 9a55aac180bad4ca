/**
 * A farm as the status server sees it, of any size: every miner a few numbers made from its place,
 * shares that grow with each look.
 */

import {
  type AccountShape,
  type EventShape,
  MinerSchema,
  type MinerShape,
  PoolTotalSchema,
  type PoolTotalShape,
  type ReloadShape,
  SummarySchema,
  type SummaryShape,
} from "../../lib/observe/status/shapes.ts";
import type { StatusControl, StatusSource } from "../../lib/observe/status/source.ts";
import type { WorkerShape } from "../../lib/observe/status/worker_shapes.ts";
import type { LogArea, LogLevel } from "../../lib/observe/log_record.ts";
import { RequestProblem } from "../../lib/observe/status/answers.ts";
import {
  CausesSchema,
  type CausesShape,
  type MarkShape,
} from "../../lib/observe/status/worker_shapes.ts";
import { sampleOf } from "../support/fake_status.ts";

const KINDS = ["bmminer/2.0.0", "bosminer-plus-tuner 0.9", "whatsminer/v1.0"];

/** How a miner of the farm differs from one that works well. */
export type Difference = Partial<MinerShape>;

/** See the head of this file. */
export class FakeFarm implements StatusSource, StatusControl {
  readonly #startedAt = performance.now();
  readonly #startedTime = new Date().toISOString();
  readonly #miners: MinerShape[];
  readonly #summary = sampleOf(SummarySchema);
  /** Why no pool serves; empty while one does. */
  reason = "";
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

  /** `differences` are of the first miners. */
  constructor(count: number, differences: readonly Difference[] = []) {
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
      shares: { ...model.shares, accepted: 10_000 + place, assumed: 0, kept: 0 },
      ...differences[place],
    }));
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
      uptime_seconds: (performance.now() - this.#startedAt) / 1000,
      ...this.health(),
      miners: {
        ...miners,
        connected: count,
        states: { connected: 0, subscribed: 0, authorized: 0, joining: 0, working: count },
        asicboost: { never: 0, rolling: count, lost: 0, cannot_narrow: 0 },
      },
      hashrate: { minutes_1: 1e17, minutes_15: 1.01e17, minutes_60: 1.02e17 },
      shares: { ...shares, accepted, assumed: 0, kept: this.kept },
      outgrown: this.outgrown,
      credited_difficulty: accepted * 1e6,
    };
  }

  // deno-lint-ignore require-yield -- all in one step
  *causes(): Generator<void, CausesShape> {
    return sampleOf(CausesSchema);
  }

  marks(): readonly MarkShape[] {
    return [];
  }

  get markChanges(): number {
    return 0;
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

  workers(): readonly WorkerShape[] {
    return [];
  }

  worker(): WorkerShape | undefined {
    return undefined;
  }

  forgetWorker(): boolean | undefined {
    return undefined;
  }

  // deno-lint-ignore require-yield -- all in one step
  *pools(): Generator<void, PoolTotalShape[]> {
    const isServing = this.reason === "";
    return [{
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
    }];
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
