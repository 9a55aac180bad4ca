/**
 * What the terminal reads of the status server's answers. The agent that answers may be of another
 * version: what is not read here may be missing or new, and a state that is not known is a text.
 */

import * as v from "valibot";
import { WORKER_STATES } from "../base/worker_state.ts";

const { number, string, boolean } = {
  number: v.number(),
  string: v.string(),
  boolean: v.boolean(),
};

const states = Object.fromEntries(
  WORKER_STATES.map((state) => [state, v.optional(number, 0)]),
) as Record<typeof WORKER_STATES[number], v.OptionalSchema<typeof number, 0>>;

const Losses = v.object({ good: number, lost: number, part: number, sentence: string });

/** @internal The totals, and whether anything is wrong. */
export const SummaryAnswer = v.object({
  version: string,
  started_at: string,
  uptime_seconds: number,
  serving: boolean,
  reason: string,
  miners: v.object({ connected: number, states: v.object({ working: number }) }),
  attention: v.object({
    workers: v.object(states),
    missing_machines: number,
    backup: v.nullable(
      v.object({ pool: string, since: string, instead_of: string, reason: string }),
    ),
    outage: v.object({ since: v.nullable(string), today_seconds: number }),
    expected_hashrate: v.nullable(number),
    nominal_hashrate: v.nullable(number),
    losses: v.object({ hour: Losses, day: Losses }),
  }),
  reloads: v.object({ last_went_well: boolean }),
  hashrate: v.object({ minutes_1: number, minutes_15: number, minutes_60: number }),
  certificates: v.array(v.object({ file: string, days_left: number })),
});

/** @internal A pool with its state. */
export const PoolAnswer = v.object({
  position: number,
  address: string,
  kind: string,
  pinned: boolean,
  accounts: v.object({ serving: number, spare: number, opening: number, cold: number }),
  miners: number,
  reason: string,
  retry_in_seconds: number,
  job_age_seconds: v.nullable(number),
  shares: v.object({
    submitted: number,
    accepted: number,
    rejected: v.record(string, number),
  }),
});

const PoolsAnswer = v.object({ pools: v.array(PoolAnswer) });

/** @internal A worker. */
export const WorkerAnswer = v.object({
  id: string,
  account: string,
  worker: string,
  condition: v.object({ state: string, about: string }),
  connections: number,
  usual_connections: number,
  missing_machines: number,
  client_agent: string,
  address: string,
  subnet: string,
  first_seen_seconds: number,
  gone_seconds: v.nullable(number),
  went: string,
  last_share_seconds: v.nullable(number),
  connects_hour: number,
  hashrate: v.object({ minutes_15: number, minutes_60: number }),
  usual_hashrate: v.nullable(number),
  kind_hashrate: v.nullable(number),
  hour: v.object({ good: number, lost: number }),
  observations: v.array(v.object({ about: string })),
});

/** @internal A page of workers. */
export const WorkersAnswer = v.object({
  total: number,
  offset: number,
  workers: v.array(WorkerAnswer),
});

/** Reads an answer; `undefined` for what is none. */
export type Reads<T> = (value: unknown) => T | undefined;

/** The totals, and whether anything is wrong. */
export type Summary = NonNullable<(typeof SummaryAnswer)["~types"]>["output"];
/** A pool with its state. */
export type Pool = NonNullable<(typeof PoolAnswer)["~types"]>["output"];
/** A worker. */
export type Worker = NonNullable<(typeof WorkerAnswer)["~types"]>["output"];
/** A page of workers. */
export type WorkerPage = NonNullable<(typeof WorkersAnswer)["~types"]>["output"];

/** Reads the totals. */
export function readSummary(value: unknown): Summary | undefined {
  return output(SummaryAnswer, value);
}

/** Reads all pools. */
export function readPools(value: unknown): readonly Pool[] | undefined {
  return output(PoolsAnswer, value)?.pools;
}

/** Reads a worker. */
export function readWorker(value: unknown): Worker | undefined {
  return output(WorkerAnswer, value);
}

/** Reads a page of workers. */
export function readWorkers(value: unknown): WorkerPage | undefined {
  return output(WorkersAnswer, value);
}

function output<const S extends v.GenericSchema>(
  schema: S,
  value: unknown,
): v.InferOutput<S> | undefined {
  const parsed = v.safeParse(schema, value);
  return parsed.success ? parsed.output : undefined;
}
