/**
 * The shape of answers about workers and what the farm loses: see shapes.ts.
 *
 * A worker is a name that miners work under, seen in the last day, connected or not.
 */

import * as v from "valibot";
import { WORKER_STATES } from "../../base/worker_state.ts";
import { about, amount, count, part, time, words } from "./schema_words.ts";

/** @internal A part of answers: what is the matter with one. */
export const ConditionSchema = v.strictObject({
  state: about(
    "The worst of what is the matter: `missing`, `refused`, `flapping`, `silent`, `weak`, " +
      "`waiting` (for a pool); else `working`.",
    v.picklist(WORKER_STATES),
  ),
  reason: words(
    "Of `refused`, the most frequent reason, as in `shares.refused` and `shares.rejected`; of `weak` " +
      "`below_kind`, `below_itself`, `fewer_connections` or `asicboost_lost`; else empty.",
  ),
  part: about(
    "Of `refused`, the part of its shares that is lost; of `weak`, the part of its usual hashrate " +
      "that is left; else null.",
    v.nullable(v.number()),
  ),
  about: words("The same in a sentence, with what to do; empty for `working`."),
});

/** @internal A part of answers: something seen, and no verdict. */
export const ObservationSchema = v.strictObject({
  kind: about(
    "`gaps`: minutes without a share at regular times, as a hidden fee or a dying board makes; " +
      "`below_itself`, `below_kind`: hashes are missing.",
    v.picklist(["gaps", "below_itself", "below_kind"]),
  ),
  about: words("What was seen, with the figures."),
});

/** @internal Answer of `/api/v1/workers/{id}`, and a row of `/api/v1/workers`. */
export const WorkerSchema = v.strictObject({
  id: words("Its number for this run of the program, a decimal."),
  account: words("The sub-account; empty in single-user mode."),
  worker: words("Its name, as the pool knows it."),
  condition: ConditionSchema,
  connections: count("Its connections now."),
  usual_connections: count("As many as it had for half an hour at a time, in the last day."),
  missing_machines: count("Machines under this name that are gone."),
  miners: about("Session ids of its connections, 100 at most.", v.array(v.string())),
  client_agent: words("What its last connection calls itself."),
  address: words("Where its last connection came from, without a port."),
  subnet: words("The network of that address: an IPv4 /24, an IPv6 /64."),
  first_seen_seconds: amount("Since it first logged in."),
  gone_seconds: about(
    "Since its last connection ended; null while it has one.",
    v.nullable(v.number()),
  ),
  went: words("Why its last connection ended; empty before one did."),
  last_share_seconds: about("Since its last share; null for none yet.", v.nullable(v.number())),
  connects_hour: count(
    "How often it logged in within the last hour, but for log-ins after btcagent disconnected it or " +
      "no pool served it.",
  ),
  hashrate: v.strictObject({
    minutes_15: amount("Estimated over 15 minutes; 0 while it has no connection."),
    minutes_60: amount("The same over an hour."),
  }),
  usual_hashrate: about(
    "What it does itself in the long run, or did before it went; null while that is not known.",
    v.nullable(v.number()),
  ),
  kind_hashrate: about(
    "The median of those with the same software; null for fewer than five.",
    v.nullable(v.number()),
  ),
  hour: v.strictObject({
    good: count("Shares accepted, assumed or kept within the last hour."),
    lost: count("Shares refused here or rejected by the pool."),
  }),
  observations: v.array(ObservationSchema),
});

/** @internal Answer of `/api/v1/workers`. */
export const WorkersSchema = v.strictObject({
  total: count("Workers that match."),
  offset: count("How many of them were left out before."),
  workers: v.array(WorkerSchema),
});

/** @internal Answer of `/api/v1/worker-table`. */
export const WorkerTableSchema = v.strictObject({
  columns: about(
    "The values of a row: id, account, worker, state, reason, part, connections, usual_connections, " +
      "missing_machines, client_agent, address, subnet, hashrate (over 15 minutes), usual_hashrate, good, lost (both " +
      "of the last hour), last_share_seconds, gone_seconds, connects_hour, miner (the session id of " +
      "its only connection, else null), observations (their kinds, joined by commas).",
    v.array(v.string()),
  ),
  rows: about(
    "A row for each worker.",
    v.array(v.array(v.nullable(v.union([v.string(), v.number()])))),
  ),
});

/** @internal A part of answers: one cause of lost shares. */
export const CauseSchema = v.strictObject({
  name: words(
    "The pool, software, network or sub-account, or the reason: `refused_` here, `rejected_` by the " +
      "pool or `unanswered_`, with a word of `shares` of the summary, as in `rejected_stale`; or " +
      "`outage`. Empty for none, `others` for what is not told apart.",
  ),
  good: count("Shares that counted: accepted, assumed or kept; 0 for a reason."),
  lost: count("Shares that were lost."),
  part: part("Of the work of all its shares, the part that was lost; of a reason, of all shares."),
  lost_hashes: amount("Hashes that were spent for the lost ones, estimated."),
  reasons: about("The lost ones by reason.", v.record(v.string(), v.number())),
});

/** @internal A part of answers: what was lost in one stretch of time. */
export const LossesSchema = v.strictObject({
  good: count("Shares accepted, assumed or kept."),
  lost: count(
    "Shares refused here, rejected by a pool, never answered, or found while no pool answered.",
  ),
  part: part("Of the work of all, the part that was lost."),
  lost_hashes: amount("Hashes that were spent for the lost ones, estimated."),
  sentence: words("The main causes in a sentence; empty while nothing was lost."),
});

/** @internal A part of answers: what was lost in one stretch of time, by cause. */
export const LossesByCauseSchema = v.strictObject({
  ...LossesSchema.entries,
  reasons: about("The worst first, 50 at most; so are the others.", v.array(CauseSchema)),
  pools: v.array(CauseSchema),
  software: v.array(CauseSchema),
  subnets: v.array(CauseSchema),
  accounts: v.array(CauseSchema),
});

/** @internal Answer of `/api/v1/causes`. */
export const CausesSchema = v.strictObject({
  hour: about("In the last hour.", LossesByCauseSchema),
  day: about("In the last 24 hours.", LossesByCauseSchema),
});

const states = Object.fromEntries(
  WORKER_STATES.map((state) => [state, count(`Workers whose state is \`${state}\`.`)]),
) as Record<typeof WORKER_STATES[number], ReturnType<typeof count>>;

/** @internal A part of `/api/v1/summary`: whether anything is wrong, and what. */
export const AttentionSchema = v.strictObject({
  workers: about(
    "Workers by state; together all that were seen in the last day.",
    v.strictObject(states),
  ),
  missing_machines: count(
    "Machines that are gone: the usual connections of missing workers, and those that other workers " +
      "have fewer than usual.",
  ),
  trouble_hashrate: amount("Hashes a second that all of this costs, estimated from what they did."),
  backup: about(
    "While miners work for another pool than the first of the list, or the pinned one; else null.",
    v.nullable(v.strictObject({
      pool: words("Where they work, host:port."),
      since: time("Since when."),
      instead_of: words("The pool they would rather work for, host:port."),
      reason: words("Why they do not; empty if it is only proving itself."),
    })),
  ),
  outage: v.strictObject({
    since: about(
      "When the outage began that lasts; null while a pool serves.",
      v.nullable(v.string()),
    ),
    today_seconds: amount("How long no pool served any miner since midnight, local time."),
  }),
  expected_hashrate: about(
    "The median of the last 24 hours, of those in which the farm worked; null in the first hour.",
    v.nullable(v.number()),
  ),
  nominal_hashrate: about(
    "What the farm should have by `workers.nominal_hashrate`; null if that is not set.",
    v.nullable(v.number()),
  ),
  losses: v.strictObject({
    hour: about("In the last hour.", LossesSchema),
    day: about("In the last 24 hours.", LossesSchema),
  }),
});

/** @internal A part of `/api/v1/history`: a moment to be marked in charts. */
export const MarkSchema = v.strictObject({
  time: about("Seconds since 1970.", v.number()),
  kind: v.picklist(["failover", "back", "outage", "outage_end", "reload", "start"]),
  about: words("What it was, in words."),
});

/** What is the matter with one. */
export type ConditionShape = NonNullable<(typeof ConditionSchema)["~types"]>["output"];
/** One worker. */
export type WorkerShape = NonNullable<(typeof WorkerSchema)["~types"]>["output"];
/** Whether anything is wrong. */
export type AttentionShape = NonNullable<(typeof AttentionSchema)["~types"]>["output"];
/** What was lost in one stretch of time. */
export type LossesShape = NonNullable<(typeof LossesSchema)["~types"]>["output"];
/** The causes of what was lost. */
export type CausesShape = NonNullable<(typeof CausesSchema)["~types"]>["output"];
/** A moment to be marked in charts. */
export type MarkShape = NonNullable<(typeof MarkSchema)["~types"]>["output"];
