/**
 * The shape of answers about workers and what the farm loses: see shapes.ts.
 *
 * A worker is a name that miners work under, seen in the last day, connected or not.
 */

import * as v from "valibot";
import { WORKER_STATES } from "../../base/worker_state.ts";
import { about, amount, count, part, time, words } from "./schema_words.ts";

/** @internal A part of answers: what is wrong with a worker. */
export const ConditionSchema = v.strictObject({
  state: about(
    "The worst trouble: `missing`, `refused`, `flapping`, `silent`, `weak`, `waiting` (for a " +
      "pool); `working` if there is none.",
    v.picklist(WORKER_STATES),
  ),
  reason: words(
    "For `refused`, the most frequent reason, as in `shares.refused` and `shares.rejected`; for " +
      "`weak`, one of `below_kind`, `below_itself`, `fewer_connections` or `asicboost_lost`; else " +
      "empty.",
  ),
  part: about(
    "For `refused`, the part of its shares that is lost; for `weak`, the part of its usual " +
      "hashrate that is left; else null.",
    v.nullable(v.number()),
  ),
  about: words("The trouble in a sentence, with what to do; empty for `working`."),
});

/** @internal A part of answers: an observation, which does not change the state. */
export const ObservationSchema = v.strictObject({
  kind: about(
    "`gaps`: minutes without a share at regular times, as a hidden fee or a dying board makes; " +
      "`below_itself`, `below_kind`: hashes are missing.",
    v.picklist(["gaps", "below_itself", "below_kind"]),
  ),
  about: words("The observation in a sentence, with the figures."),
});

/** @internal Answer of `/api/v1/workers/{id}`, and a row of `/api/v1/workers`. */
export const WorkerSchema = v.strictObject({
  id: words("Its number for this run of the program, a decimal."),
  account: words("The sub-account; empty in single-user mode."),
  worker: words("Its name, as the pool knows it."),
  condition: ConditionSchema,
  connections: count("Its connections now."),
  usual_connections: count(
    "The most connections it had for half an hour at a time in the last day.",
  ),
  missing_machines: count("Machines under this name that are missing."),
  miners: about("Session ids of its connections, 100 at most.", v.array(v.string())),
  client_agent: words("The software of its last connection, as it names itself."),
  address: words("The IP address of its last connection, without the port."),
  subnet: words("The network of that address: an IPv4 /24, an IPv6 /64."),
  first_seen_seconds: amount("Time since it first logged in."),
  gone_seconds: about(
    "Time since its last connection ended; null while it has one.",
    v.nullable(v.number()),
  ),
  went: words("Why its last connection ended; empty before the first ended."),
  last_share_seconds: about(
    "Time since its last share; null before the first.",
    v.nullable(v.number()),
  ),
  connects_hour: count(
    "Logins within the last hour, except those after btcagent disconnected it or no pool served " +
      "it.",
  ),
  hashrate: v.strictObject({
    minutes_15: amount("Hashrate estimated over 15 minutes; 0 while it has no connection."),
    minutes_60: amount("The same over an hour."),
  }),
  usual_hashrate: about(
    "Its own hashrate in the long run, or before it went missing; null while not known.",
    v.nullable(v.number()),
  ),
  kind_hashrate: about(
    "The median hashrate of workers with the same software; null for fewer than five.",
    v.nullable(v.number()),
  ),
  hour: v.strictObject({
    good: count(
      "Good shares within the last hour: accepted, kept, or sent to a pool that gives no verdicts.",
    ),
    lost: count("Shares refused here or rejected by the pool."),
  }),
  observations: v.array(ObservationSchema),
});

/** @internal Answer of `/api/v1/workers`. */
export const WorkersSchema = v.strictObject({
  total: count("Workers that match."),
  offset: count("Number of matching workers before this page."),
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
    "The pool, software, network or sub-account, or the reason: `refused_` (here), `rejected_` " +
      "(by the pool) or `unanswered_` with a word of the summary's `shares`, as in " +
      "`rejected_stale`; or `outage`. Empty if there is none, `others` for all that are not " +
      "listed apart.",
  ),
  good: count(
    "Good shares: accepted, kept, or sent to a pool that gives no verdicts; 0 for a reason.",
  ),
  lost: count("Shares that were lost."),
  part: part(
    "The lost part of the work of all its shares; for a reason, of all shares of the farm.",
  ),
  lost_hashes: amount("Hashes spent on the lost shares, estimated."),
  reasons: about("Lost shares by reason.", v.record(v.string(), v.number())),
});

/** @internal A part of answers: what was lost in one period. */
export const LossesSchema = v.strictObject({
  good: count("Good shares: accepted, kept, or sent to a pool that gives no verdicts."),
  lost: count(
    "Shares refused here, rejected by a pool, never answered, or found while no pool answered.",
  ),
  part: part("The lost part of the work of all shares."),
  lost_hashes: amount("Hashes spent on the lost shares, estimated."),
  sentence: words("The main causes in a sentence; empty while nothing was lost."),
});

/** @internal A part of answers: what was lost in one period, by cause. */
export const LossesByCauseSchema = v.strictObject({
  ...LossesSchema.entries,
  reasons: about("The worst first, 50 at most, as in the other lists.", v.array(CauseSchema)),
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
    "Workers by state; the sum is all that were seen in the last day.",
    v.strictObject(states),
  ),
  missing_machines: count(
    "Missing machines: the usual connections of missing workers, plus those that other workers " +
      "have fewer of than usual.",
  ),
  trouble_hashrate: amount(
    "Hashrate lost to workers in trouble, estimated from what they did before.",
  ),
  backup: about(
    "Set while miners work for a backup pool instead of the preferred one (the pinned pool, " +
      "else the first of the list); else null.",
    v.nullable(v.strictObject({
      pool: words("The pool they work for, host:port."),
      since: time("Since when."),
      instead_of: words("The preferred pool, host:port."),
      reason: words(
        "Why they do not work for the preferred pool; empty if it only has to prove itself.",
      ),
    })),
  ),
  outage: v.strictObject({
    since: about(
      "When the current outage began; null while a pool serves.",
      v.nullable(v.string()),
    ),
    today_seconds: amount("Time that no pool served any miner since midnight, local time."),
  }),
  expected_hashrate: about(
    "The median hashrate of the last 24 hours in which the farm worked; null in the first hour.",
    v.nullable(v.number()),
  ),
  nominal_hashrate: about(
    "The hashrate the farm should have by `workers.nominal_hashrate`; null if that is not set.",
    v.nullable(v.number()),
  ),
  losses: v.strictObject({
    hour: about("In the last hour.", LossesSchema),
    day: about("In the last 24 hours.", LossesSchema),
  }),
});

/** @internal A part of `/api/v1/history`: an event that charts mark. */
export const MarkSchema = v.strictObject({
  time: about("Seconds since 1970.", v.number()),
  kind: v.picklist(["failover", "back", "outage", "outage_end", "reload", "start"]),
  about: words("The event in words."),
});

/** What is wrong with a worker. */
export type ConditionShape = NonNullable<(typeof ConditionSchema)["~types"]>["output"];
/** One worker. */
export type WorkerShape = NonNullable<(typeof WorkerSchema)["~types"]>["output"];
/** Whether anything is wrong. */
export type AttentionShape = NonNullable<(typeof AttentionSchema)["~types"]>["output"];
/** What was lost in one period. */
export type LossesShape = NonNullable<(typeof LossesSchema)["~types"]>["output"];
/** The causes of what was lost in one period. */
export type LossesByCauseShape = NonNullable<(typeof LossesByCauseSchema)["~types"]>["output"];
/** The causes of what was lost. */
export type CausesShape = NonNullable<(typeof CausesSchema)["~types"]>["output"];
/** An event that charts mark. */
export type MarkShape = NonNullable<(typeof MarkSchema)["~types"]>["output"];
