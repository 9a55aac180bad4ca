/**
 * The shape of every answer of the JSON API, in the one place that describes it.
 *
 * The types and the tables of `conf/docs/api.md` (`deno task docs`) are made from it, and tests check every
 * answer against it. The program itself imports only the types.
 *
 * Times of day are ISO 8601 in UTC, durations are in seconds, hashrates in hashes a second.
 */

import * as v from "valibot";
import { KINDS_OF_POOL } from "../../base/pool_kind.ts";
import type {
  RefuseReason,
  RejectReason,
  SnakeCase,
  UnansweredReason,
} from "../../base/share_reasons.ts";
import { ChannelSchema } from "./notify_shapes.ts";
import { about, amount, count, flag, time, words } from "./schema_words.ts";
import { AttentionSchema, ConditionSchema, MarkSchema } from "./worker_shapes.ts";

const level = v.picklist(["debug", "info", "warning", "error"]);

const REFUSED: Readonly<Record<SnakeCase<RefuseReason>, string>> = {
  illegal: "Not a share, or not readable.",
  unauthorized: "Sent before the miner logged in.",
  stale: "For a job that is over or belongs to another connection.",
  duplicate: "Sent before. Only counted where shares are checked here.",
  time_too_old: "The header's time is before the job's.",
  time_too_new: "The header's time is more than 7,000 s after the job's.",
  version_mask: "Version bits that the pool does not allow.",
  low_difficulty:
    "Too little work, as btcagent calculates it. Only counted where shares are checked here.",
  too_many: "Too many shares of the miner were waiting for a verdict.",
  no_pool: "No pool served the miner.",
};

const REJECTED: Readonly<Record<SnakeCase<RejectReason>, string>> = {
  stale: "Rejected by the pool: the job is over.",
  duplicate: "Rejected: sent before.",
  low_difficulty: "Rejected: too little work.",
  time_too_old: "Rejected: the header's time is too old.",
  time_too_new: "Rejected: the header's time is too new.",
  version_mask: "Rejected: version bits outside the mask.",
  other: "Rejected for any other reason.",
};

const UNANSWERED: Readonly<Record<SnakeCase<UnansweredReason>, string>> = {
  connection_lost: "The pool's connection was lost before the verdict.",
  miner_gone: "The miner had disconnected, and no verdict came.",
  timed_out: "No verdict came within a minute.",
  stopped: "btcagent stopped before the verdict came.",
};

/** Makes a count for each reason. */
function counts<Reason extends string>(texts: Readonly<Record<Reason, string>>) {
  const entries = Object.entries<string>(texts).map(([reason, what]) => [reason, count(what)]);
  return Object.fromEntries(entries) as Record<Reason, ReturnType<typeof count>>;
}

/** @internal A part of answers. */
export const SharesSchema = v.strictObject({
  received: count("All shares that miners sent."),
  refused: v.strictObject(counts(REFUSED)),
  outage: count("Shares for made-up jobs while no pool answered; they earn nothing."),
  kept: count("Shares good for their miner but below the pool's difficulty: credited, not sent."),
  submitted: count("Shares sent to a pool: the rest of `received`."),
  accepted: count("Shares that the pool accepted."),
  rejected: v.strictObject(counts(REJECTED)),
  contradicted: count(
    "Shares that the pool rejected as low difficulty although btcagent finds them good, or, " +
      "with `verify`, accepted although they are too low. `rejected` and `accepted` include them.",
  ),
  assumed: count("Shares sent to a pool that gives no verdicts."),
  unanswered: v.strictObject(counts(UNANSWERED)),
  waiting: count("Submitted shares that wait for their verdict."),
  blocks: count("Submitted shares that are blocks as btcagent calculates it."),
  blocks_lost: count(
    "Blocks that did not reach the pool or got no answer; the log has a line for each.",
  ),
});

/** @internal A part of answers. */
export const HashrateSchema = v.strictObject({
  minutes_1: amount(
    "Hashrate estimated from the difficulties of good shares over the last minute.",
  ),
  minutes_15: amount("The same over 15 minutes."),
  minutes_60: amount("The same over an hour."),
});

/** @internal A part of answers. */
export const HistogramSchema = v.strictObject({
  bounds_seconds: about("Upper bounds of the steps, ascending.", v.array(v.number())),
  counts: about(
    "Count of each step; the last is for values beyond all bounds.",
    v.array(v.number()),
  ),
  sum_seconds: amount("Sum of all values."),
});

/** @internal A part of answers. */
export const TrafficSchema = v.strictObject({
  bytes_read: count("Payload bytes from the pool."),
  bytes_written: count("Payload bytes to the pool."),
  frames_read: count(
    "Messages from the pool: binary frames of an agent pool, lines of a Stratum pool.",
  ),
  frames_written: count(
    "Messages queued for the pool, counted in the same way; the last may not be written yet.",
  ),
});

/** @internal Answer of `/api/v1/summary`. */
export const SummarySchema = v.strictObject({
  version: words("Version of btcagent."),
  deno: words("Version of Deno."),
  started_at: time("When the program started."),
  uptime_seconds: amount("Time since the program started."),
  serving: flag("Whether miners have a pool to work for."),
  reason: words("Why miners have no pool; empty if they have one."),
  miners: v.strictObject({
    connected: count("Connections of miners."),
    most: count("The most miners that may be connected at a time."),
    states: v.strictObject({
      connected: count("Miners that have sent nothing yet."),
      subscribed: count("Miners that have only subscribed."),
      authorized: count("Miners that have only authorized."),
      joining: count("Miners that have logged in and wait for a pool."),
      working: count("Miners that have work."),
    }),
    asicboost: v.strictObject({
      never: count("Working miners that have never rolled versions."),
      rolling: count("Working miners that roll versions."),
      lost: count("Working miners that have stopped rolling versions."),
      cannot_narrow: count("Working miners that roll bits their pool did not allow."),
    }),
    silent_connections: count(
      "Connections that ended without sending a byte, as those of health checks do.",
    ),
    bytes_read: count("Payload bytes from miners."),
    bytes_written: count("Payload bytes to miners that their sockets have accepted."),
  }),
  attention: about("Whether anything is wrong, and what.", AttentionSchema),
  accounts: count("Open sub-accounts."),
  pinned_pool: about(
    "Position of the pinned pool in the list, from 1; null if none is pinned.",
    v.nullable(v.number()),
  ),
  reloads: v.strictObject({
    done: count("Reloads that succeeded."),
    failed: count("Reloads that failed; the current configuration was kept."),
    last_at: about("When the last reload was; null if there was none.", v.nullable(v.string())),
    last_went_well: flag("Whether the last reload succeeded; true before the first."),
  }),
  hashrate: HashrateSchema,
  credited_difficulty: amount("Sum of the difficulties of all shares accepted, assumed or kept."),
  brake_lost_difficulty: amount(
    "Difficulty of the work that pools did not count while their difficulty was far too low for " +
      "the miners.",
  ),
  shares: SharesSchema,
  stray_verdicts: about(
    "Verdicts for which no share was waiting, by reason.",
    v.record(v.string(), v.number()),
  ),
  traffic: TrafficSchema,
  moves: count("Moves of miners from one pool connection to another."),
  outgrown: count(
    "Miners that had to reconnect because the pools leave too few bytes for their extranonces.",
  ),
  outage_seconds: amount(
    "Time that sub-accounts were open without a pool, summed over all of them.",
  ),
  limits: about("Times that each bound was reached.", v.record(v.string(), v.number())),
  certificates: about(
    "Certificates shown to miners that connect with TLS.",
    v.array(v.strictObject({
      file: words("The file the certificate was read from."),
      names: words("The names it is valid for."),
      expires_at: time("When it expires."),
      days_left: about("Days until it expires; below 0 if it has expired.", v.number()),
    })),
  ),
  notify: about("Channels that alarms are sent to.", v.array(ChannelSchema)),
  verdict_latency: HistogramSchema,
  job_fanout: HistogramSchema,
  process: v.strictObject({
    resident_bytes: count("Resident memory of the process."),
    heap_bytes: count("Memory in use on its JavaScript heap."),
    sockets: count("Sockets in use: miners, pools and listening ports."),
    open_files_limit: about(
      "The most files that may be open; null if not known.",
      v.nullable(v.number()),
    ),
  }),
});

/** @internal The protocol of a pool. */
export const KindSchema = about(
  "The pool's protocol: `agent`, btcpool's agent protocol; `stratum`, ordinary Stratum V1; " +
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

/** @internal Answer of `/api/v1/history`. */
export const HistorySchema = v.strictObject({
  columns: about(
    "The values of a sample: `time` when it ended (seconds since 1970), `seconds` it covers, " +
      "`miners` working, shares `accepted` (assumed and kept included), `rejected` (refused " +
      "included), the `difficulty` of the accepted ones, `bytes_up` to pools and `bytes_down` " +
      "from them.",
    v.array(v.string()),
  ),
  hour: about("Samples of every 10 s, oldest first.", v.array(v.array(v.number()))),
  day: about("Samples of every minute, oldest first.", v.array(v.array(v.number()))),
  marks: about("Events of these 24 hours, oldest first.", v.array(MarkSchema)),
});

/** @internal Event `state` of `/api/v1/stream`. */
export const StreamStateSchema = v.strictObject({
  control: flag("Whether changes are allowed: `status.control`."),
  summary: about("As in `/api/v1/summary`.", SummarySchema),
  pools: about("As in `/api/v1/upstreams`.", v.array(PoolTotalSchema)),
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

/** @internal Answer of `/api/v1/miners/{id}`, and a row of `/api/v1/miners`. */
export const MinerSchema = v.strictObject({
  id: about("Session id, 8 hex digits; null before it has subscribed.", v.nullable(v.string())),
  address: words("Its IP address and port."),
  user: words("The name it logged in with; empty before the login."),
  account: words(
    "Its sub-account, named as in `/api/v1/upstreams`; empty in single-user mode, and before " +
      "the login.",
  ),
  worker: words("Its name at the pool; empty before the login."),
  client_agent: words("Its software, as it names itself."),
  state: about(
    "The state of its connection.",
    v.picklist(["connected", "subscribed", "authorized", "joining", "working"]),
  ),
  worker_id: about(
    "The number of its worker, as in `/api/v1/workers/{id}`; null before the login.",
    v.nullable(v.string()),
  ),
  condition: about(
    "What is wrong with it, by the same rules as for a worker; null before the login.",
    v.nullable(ConditionSchema),
  ),
  connected_seconds: amount("Time since it connected."),
  silent_seconds: amount("Time since it last sent anything."),
  last_share_seconds: about(
    "Time since its last share; null before the first.",
    v.nullable(v.number()),
  ),
  upstream: about("The pool connection it works on; null if none.", v.nullable(v.string())),
  difficulty: about(
    "The difficulty it was last sent; null before the first.",
    v.nullable(v.number()),
  ),
  version_mask: words("The version bits it may roll, 8 hex digits."),
  asicboost: about(
    "Whether it rolls versions; `cannot_narrow` if it rolled bits that its pool did not allow.",
    v.picklist(["never", "rolling", "lost", "cannot_narrow"]),
  ),
  hashrate: v.strictObject({
    minutes_15: amount("Hashrate estimated over 15 minutes, in steps of 5 minutes."),
    minutes_60: amount("The same over an hour."),
  }),
  shares: SharesSchema,
});

/** @internal Answer of `/api/v1/miners`. */
export const MinersSchema = v.strictObject({
  total: count("Miners that match."),
  offset: count("Number of matching miners before this page."),
  miners: v.array(MinerSchema),
});

/** @internal Answer of `/api/v1/miner-table`. */
export const MinerTableSchema = v.strictObject({
  columns: about(
    "The values of a row, named as in `/api/v1/miners/{id}`. `worker` is the user's name until " +
      "the pool knows it, `hashrate` is over 15 minutes, `accepted` includes shares assumed and " +
      "kept, `rejected` those refused here.",
    v.array(v.string()),
  ),
  rows: about(
    "A row for each miner.",
    v.array(v.array(v.nullable(v.union([v.string(), v.number()])))),
  ),
});

/** @internal Answer of `/api/v1/events`. */
export const EventsSchema = v.strictObject({
  events: about(
    "Oldest first.",
    v.array(v.strictObject({
      number: count("Number of the event, counted from 1."),
      time: time("When it was logged."),
      level: about("", level),
      area: words("The part of the program."),
      message: words("The message as in the log."),
    })),
  ),
});

/** @internal Answer of `/api/v1/config`. */
export const ConfigAnswerSchema = v.strictObject({
  config: about(
    "The settings in force, as in the file; secrets are `***`.",
    v.record(v.string(), v.unknown()),
  ),
});

/** @internal Answer of `/healthz`. */
export const HealthSchema = v.strictObject({
  serving: flag("Whether miners have a pool to work for; if not, the status is 503."),
  reason: v.optional(
    words(
      "Why miners have no pool; empty if they have one. Left out where a token is required and " +
        "none was sent.",
    ),
  ),
});

/** @internal Answer of requests that change something. */
export const DoneSchema = v.strictObject({ done: words("What was done.") });

/** @internal Answer of `/api/v1/reload`. */
export const ReloadSchema = v.strictObject({
  done: words("What was done."),
  changes: about(
    "Every setting that changed; for a list, every element.",
    v.array(v.strictObject({
      key: words("Name of the setting, as in `limits.max_miners`."),
      before: words("The value before, without secrets."),
      after: words("The value in the file."),
      takes_effect: about(
        "When the change takes effect: at once, for new miners, for new pool connections, after " +
          "a restart, or never.",
        v.picklist(["now", "new_miners", "new_connections", "restart", "never"]),
      ),
    })),
  ),
  needs_restart: about(
    "Keys of the settings that change only at a restart.",
    v.array(v.string()),
  ),
});

/** @internal Answer of `/api/v1/log-level`. */
export const LogLevelsSchema = v.strictObject({
  levels: about(
    "The least important level that is written, by area.",
    v.record(v.string(), level),
  ),
});

/** @internal Body of every error. */
export const ProblemSchema = v.strictObject({
  status: count("The HTTP status."),
  title: words("What is wrong and what was expected."),
  problems: v.optional(about(
    "For a configuration with errors: everything that is wrong in the file.",
    v.array(v.strictObject({
      line: count("From 1."),
      column: count("From 1."),
      key: words("Name of the setting, as in `pools[0][1]`; empty for the file as a whole."),
      found: words("What the file has there."),
      wanted: words("What is expected there."),
      hint: v.optional(words("What to do.")),
    })),
  )),
});

/** Counts of shares by result and reason. */
export type SharesShape = NonNullable<(typeof SharesSchema)["~types"]>["output"];
/** The totals of the program, of {@linkcode SummarySchema}. */
export type SummaryShape = NonNullable<(typeof SummarySchema)["~types"]>["output"];
/** An account in {@linkcode UpstreamsSchema}. */
export type AccountShape = NonNullable<(typeof AccountSchema)["~types"]>["output"];
/** A pool in {@linkcode UpstreamsSchema}. */
export type PoolTotalShape = NonNullable<(typeof PoolTotalSchema)["~types"]>["output"];
/** A pool of an account. */
export type PoolShape = NonNullable<(typeof PoolSchema)["~types"]>["output"];
/** The samples of the last day, of {@linkcode HistorySchema}. */
export type HistoryShape = NonNullable<(typeof HistorySchema)["~types"]>["output"];
/** What the live page is sent every 2 s, of {@linkcode StreamStateSchema}. */
export type StreamStateShape = NonNullable<(typeof StreamStateSchema)["~types"]>["output"];
/** One connected miner, of {@linkcode MinerSchema}. */
export type MinerShape = NonNullable<(typeof MinerSchema)["~types"]>["output"];
/** An event in {@linkcode EventsSchema}. */
export type EventShape = NonNullable<(typeof EventsSchema)["~types"]>["output"]["events"][number];
/** A histogram. */
export type HistogramShape = NonNullable<(typeof HistogramSchema)["~types"]>["output"];
/** The result of a reload, of {@linkcode ReloadSchema}. */
export type ReloadShape = NonNullable<(typeof ReloadSchema)["~types"]>["output"];
/** The log level of each area, of {@linkcode LogLevelsSchema}. */
export type LogLevelsShape = NonNullable<(typeof LogLevelsSchema)["~types"]>["output"];
/** Body of every error. */
export type ProblemShape = NonNullable<(typeof ProblemSchema)["~types"]>["output"];
