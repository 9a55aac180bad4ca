/**
 * The shape of answers about pools, their connections and the sub-accounts they serve: see
 * shapes.ts.
 */

import * as v from "valibot";
import { KINDS_OF_POOL } from "../../base/pool_kind.ts";
import { HashrateSchema, SharesSchema, TrafficSchema } from "./count_shapes.ts";
import { about, amount, count, flag, words } from "./schema_words.ts";

/** @internal The protocol of a pool. */
export const KindSchema = about(
  "The pool's protocol: `agent`, btcpool's agent protocol; `stratum`, ordinary Stratum V1; `sv2`, Stratum V2; " +
    "`unknown` until it is found out.",
  v.picklist(KINDS_OF_POOL),
);

/** @internal A part of answers. */
export const ConnectionSchema = v.strictObject({
  name: words("Its name as in the log: host:port #number."),
  kind: KindSchema,
  role: about("", v.picklist(["opening", "spare", "serving"])),
  age_seconds: amount("Time it has been opening, or ready."),
  miners: count("Miners working on it."),
  job_age_seconds: about("Time since its last job; null before the first.", v.nullable(v.number())),
  difficulty: about(
    "The pool's current difficulty; where the pool sets the difficulty of each miner, the one " +
      "miners begin with; null while opening.",
    v.nullable(v.number()),
  ),
  version_mask: about(
    "The pool's version mask, 8 hex digits; null while opening.",
    v.nullable(v.string()),
  ),
  verdicts: about("Whether the pool gives verdicts; null while opening.", v.nullable(v.boolean())),
  extranonce2_bytes: about(
    "Bytes of extranonce2 that the pool leaves to btcagent; null while opening.",
    v.nullable(v.number()),
  ),
});

/** Counts of a pool's unusual jobs. */
const JOB_COUNTS = {
  empty_job_seconds: amount(
    "Time that the pool's newest job had no transactions but the coinbase, summed over " +
      "sub-accounts.",
  ),
  behind_seconds: amount(
    "Time that the pool's jobs were on a block that other pools had left over 30 s before, " +
      "counted once that is certain, summed over sub-accounts.",
  ),
  payout_changes: count("Jobs that did not pay an output that the pool's earlier jobs paid."),
};

/** Connections for one worker each, in sum: there may be thousands. */
const WORKER_CONNECTIONS = {
  ready: count("Ready connections."),
  opening: count("Connections being opened."),
};

/** @internal A part of answers. */
export const PoolSchema = v.strictObject({
  address: words("host:port."),
  kind: KindSchema,
  account: words("The sub-account at this pool, or the user at a Stratum pool."),
  listed: flag(
    "Whether the pool is in the configuration; if not, miners move away from it as soon as they " +
      "can.",
  ),
  state: about(
    "The best state of its connections. Without any: `cold` if the pool closed idle spare " +
      "connections, so that btcagent connects to it only when it is needed; else `waiting`.",
    v.picklist(["serving", "spare", "opening", "cold", "waiting"]),
  ),
  reason: words("Why the last connection failed; empty once one has been ready again."),
  retry_in_seconds: amount("Time until btcagent may connect again."),
  connections: about("Connections for all miners.", v.array(ConnectionSchema)),
  worker_connections: about(
    "Connections for one worker each; only where `workers` is `connection`.",
    v.strictObject({ ...WORKER_CONNECTIONS, miners: count("Miners working on them.") }),
  ),
  connects: count("Connections that became ready."),
  failures: count("Connections that failed before they were ready."),
  losses: count("Connections lost after they were ready."),
  activations: count("Times that one of its connections began to serve."),
  ...JOB_COUNTS,
  traffic: TrafficSchema,
  shares: SharesSchema,
  credited_difficulty: amount(
    "Sum of the difficulties that the pool counts for the shares it accepted; the pool's own " +
      "sum should agree.",
  ),
  brake_lost_difficulty: amount(
    "Difficulty of the work that the pool did not count while its difficulty was far too low " +
      "for the miners.",
  ),
});

/** @internal A part of answers. */
export const AccountSchema = v.strictObject({
  account: words("Its name as miners spell it; empty in single-user mode."),
  open: flag("Whether it has pool connections now."),
  miners: count("Its miners."),
  waiting_miners: count("Its miners that wait for a pool."),
  moves: count("Moves of its miners from one pool connection to another."),
  outage_seconds: amount("Time it was open without a pool."),
  hashrate: HashrateSchema,
  shares: SharesSchema,
  pools: about(
    "Its pools in the order of the configuration; empty while it is closed.",
    v.array(PoolSchema),
  ),
});

/** @internal A part of answers. */
export const PoolTotalSchema = v.strictObject({
  position: count("Its position in the configuration, from 1; the first is preferred."),
  address: words("host:port."),
  kind: KindSchema,
  pinned: flag("Whether it is pinned."),
  accounts: v.strictObject({
    serving: count("Open sub-accounts it serves."),
    spare: count("Open sub-accounts with a ready spare connection to it."),
    opening: count("Open sub-accounts that are connecting to it."),
    cold: count(
      "Open sub-accounts that connect to it only when it is needed, since it closes idle spare " +
        "connections.",
    ),
    waiting: count("Open sub-accounts without a connection to it."),
  }),
  miners: count("Miners working for it."),
  worker_connections: about(
    "Connections for one worker each; only where `workers` is `connection`.",
    v.strictObject(WORKER_CONNECTIONS),
  ),
  reason: words("Why its last connection failed, for the first sub-account where one did."),
  retry_in_seconds: amount("Time until that sub-account may connect again."),
  job_age_seconds: about(
    "Age of the last job, on the serving connection where it is oldest; null if none serves.",
    v.nullable(v.number()),
  ),
  extranonce2_bytes: about(
    "The fewest bytes of extranonce2 that any of its connections leaves; null while none is ready.",
    v.nullable(v.number()),
  ),
  connects: count("Connections that became ready."),
  failures: count("Connections that failed before they were ready."),
  losses: count("Connections lost after they were ready."),
  activations: count("Times that one of its connections began to serve."),
  ...JOB_COUNTS,
  traffic: TrafficSchema,
  shares: SharesSchema,
  credited_difficulty: amount(
    "Sum of the difficulties that the pool counts for the shares it accepted; the pool's own " +
      "sum should agree.",
  ),
  brake_lost_difficulty: amount(
    "Difficulty of the work that the pool did not count while its difficulty was far too low " +
      "for the miners.",
  ),
});

/** @internal Answer of `/api/v1/pools`. */
export const PoolsSchema = v.strictObject({
  pools: about(
    "Every pool, summed over all sub-accounts, closed ones included.",
    v.array(PoolTotalSchema),
  ),
});

/** @internal Answer of `/api/v1/upstreams`. */
export const UpstreamsSchema = v.strictObject({
  pools: about(
    "Every pool, summed over all sub-accounts, closed ones included.",
    v.array(PoolTotalSchema),
  ),
  accounts: about(
    "Open sub-accounts, then those closed recently.",
    v.array(AccountSchema),
  ),
});

/** An account in {@linkcode UpstreamsSchema}. */
export type AccountShape = NonNullable<(typeof AccountSchema)["~types"]>["output"];
/** A pool in {@linkcode UpstreamsSchema}. */
export type PoolTotalShape = NonNullable<(typeof PoolTotalSchema)["~types"]>["output"];
/** A pool of an account. */
export type PoolShape = NonNullable<(typeof PoolSchema)["~types"]>["output"];
