/** Answers of an agent as the terminal reads them, made from the server's own schemas. */

import * as v from "valibot";
import {
  type Pool,
  PoolAnswer,
  type Summary,
  SummaryAnswer,
  type Worker,
  WorkerAnswer,
} from "../../lib/terminal/answers.ts";
import { PoolTotalSchema } from "../../lib/observe/status/pool_shapes.ts";
import * as shapes from "../../lib/observe/status/shapes.ts";
import * as workerShapes from "../../lib/observe/status/worker_shapes.ts";
import { sampleOf } from "./fake_status.ts";

/** When it is. */
export const NOW = Date.UTC(2026, 11, 1, 12);

const LOSSES = { good: 1000, lost: 4, part: 0.004, sentence: "" };

/** A farm of 2,000 workers that is well. */
export function wellFarm(): Summary {
  const summary = v.parse(SummaryAnswer, sampleOf(shapes.SummarySchema));
  return {
    ...summary,
    version: "1.2.3",
    uptime_seconds: 90_000,
    serving: true,
    reason: "",
    miners: { connected: 2000, states: { working: 1999 } },
    attention: {
      workers: {
        missing: 0,
        refused: 0,
        flapping: 0,
        silent: 0,
        weak: 0,
        waiting: 0,
        working: 2000,
      },
      missing_machines: 0,
      backup: null,
      outage: { since: null, today_seconds: 0 },
      expected_hashrate: 1e17,
      nominal_hashrate: null,
      losses: { hour: LOSSES, day: LOSSES },
    },
    hashrate: { minutes_1: 9.4e16, minutes_15: 9.5e16, minutes_60: 9.6e16 },
    certificates: [],
  };
}

/** The same in trouble: two are missing, one is refused. */
export function troubledFarm(): Summary {
  const summary = wellFarm();
  const { attention } = summary;
  const workers = { ...attention.workers, missing: 2, refused: 1, working: 1997 };
  return { ...summary, attention: { ...attention, workers } };
}

/** A pool that serves, and how it differs. */
export function pool(differences: Partial<Pool> = {}): Pool {
  return {
    ...v.parse(PoolAnswer, sampleOf(PoolTotalSchema)),
    position: 1,
    address: "pool.example:3333",
    pinned: false,
    accounts: { serving: 1, spare: 0, opening: 0, cold: 0 },
    miners: 2000,
    reason: "",
    job_age_seconds: 12,
    ...differences,
  };
}

const WORKER = v.parse(WorkerAnswer, sampleOf(workerShapes.WorkerSchema));

/** A worker that works, and how it differs. */
export function worker(name: string, differences: Partial<Worker> = {}): Worker {
  return {
    ...WORKER,
    account: "",
    worker: name,
    condition: { state: "working", about: "" },
    hashrate: { minutes_15: 1e14, minutes_60: 1e14 },
    usual_hashrate: 1e14,
    gone_seconds: null,
    ...differences,
  };
}
