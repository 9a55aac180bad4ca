/**
 * The shape of every answer of the JSON API, described once.
 *
 * The types come from here, the tables of `conf/docs/api.md` are made from here (`deno task docs`), and the
 * tests hold every answer to it. The program itself imports only the types.
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
import { about, amount, count, flag, time, words } from "./schema_words.ts";
import { AttentionSchema, ConditionSchema, MarkSchema } from "./worker_shapes.ts";

const level = v.picklist(["debug", "info", "warning", "error"]);

const REFUSED: Readonly<Record<SnakeCase<RefuseReason>, string>> = {
  illegal: "No share at all, or not for us to read.",
  unauthorized: "Sent before the miner had logged in.",
  stale: "For a job that is over, or of another connection.",
  duplicate: "Sent before; only where shares are checked here.",
  time_too_old: "The header's time is before the job's.",
  time_too_new: "The header's time is more than 7,000 s after the job's.",
  version_mask: "Version bits the pool would not take.",
  low_difficulty: "Too little work, by our own arithmetic; only where shares are checked here.",
  too_many: "Too many of the miner's shares wait for a verdict.",
  no_pool: "No pool served the miner.",
};

const REJECTED: Readonly<Record<SnakeCase<RejectReason>, string>> = {
  stale: "Rejected by the pool: the job is over.",
  duplicate: "Rejected: sent before.",
  low_difficulty: "Rejected: too little work.",
  time_too_old: "Rejected: the header's time.",
  time_too_new: "Rejected: the header's time.",
  version_mask: "Rejected: version bits outside the mask.",
  other: "Rejected for any other reason.",
};

const UNANSWERED: Readonly<Record<SnakeCase<UnansweredReason>, string>> = {
  connection_lost: "The pool's connection was lost before the verdict.",
  miner_gone: "The miner was gone, and no verdict came.",
  timed_out: "No verdict came within a minute.",
  stopped: "btcagent stopped before the verdict came.",
};

/** A count for each reason. */
function counts<Reason extends string>(texts: Readonly<Record<Reason, string>>) {
  const entries = Object.entries<string>(texts).map(([reason, what]) => [reason, count(what)]);
  return Object.fromEntries(entries) as Record<Reason, ReturnType<typeof count>>;
}

/** @internal A part of answers. */
export const SharesSchema = v.strictObject({
  received: count("All that miners sent."),
  refused: v.strictObject(counts(REFUSED)),
  outage: count("For made-up jobs while no pool answered; they earn nothing."),
  kept: count("Good for their miner, below the pool's difficulty: credited, not sent."),
  submitted: count("Sent on to a pool: what remains of `received`."),
  accepted: count("Accepted by the pool."),
  rejected: v.strictObject(counts(REJECTED)),
  contradicted: count(
    "Rejected by the pool as low difficulty, though good by our own arithmetic, or, with `verify`, " +
      "accepted though too low; `rejected` and `accepted` have them, too.",
  ),
  assumed: count("Sent to a pool that gives no verdicts."),
  unanswered: v.strictObject(counts(UNANSWERED)),
  waiting: count("Submitted, and the verdict may still come."),
  blocks: count("Of those submitted, shares that are blocks by our own arithmetic."),
  blocks_lost: count(
    "Blocks that did not reach the pool, or that it never answered: the log has each.",
  ),
});

/** @internal A part of answers. */
export const HashrateSchema = v.strictObject({
  minutes_1: amount("Estimated from the difficulties of good shares over the last minute."),
  minutes_15: amount("The same over 15 minutes."),
  minutes_60: amount("The same over an hour."),
});

/** @internal A part of answers. */
export const HistogramSchema = v.strictObject({
  bounds_seconds: about("Upper bounds of the steps, ascending.", v.array(v.number())),
  counts: about("How many fell into each; the last is beyond all bounds.", v.array(v.number())),
  sum_seconds: amount("All of them together."),
});

/** @internal A part of answers. */
export const TrafficSchema = v.strictObject({
  bytes_read: count("Payload bytes from the pool."),
  bytes_written: count("Payload bytes to the pool."),
  frames_read: count(
    "Messages from the pool: binary frames of an agent pool, lines of a Stratum pool.",
  ),
  frames_written: count(
    "Messages for the pool, likewise; the last may still wait to be written.",
  ),
});

/** @internal Answer of `/api/v1/summary`. */
export const SummarySchema = v.strictObject({
  version: words("Of btcagent."),
  deno: words("Version of Deno."),
  started_at: time("When the program started."),
  uptime_seconds: amount("Since then."),
  serving: flag("Whether miners have a pool to work for."),
  reason: words("Why not; empty if they have."),
  miners: v.strictObject({
    connected: count("Connections of miners."),
    most: count("The most miners that are let in."),
    states: v.strictObject({
      connected: count("Have said nothing yet."),
      subscribed: count("Have subscribed only."),
      authorized: count("Have authorized only."),
      joining: count("Have logged in and wait for a pool."),
      working: count("Have been given work."),
    }),
    asicboost: v.strictObject({
      never: count("Working, and have not rolled versions."),
      rolling: count("Working, and roll versions."),
      lost: count("Working, and have ceased to roll versions."),
      cannot_narrow: count("Working, and roll bits that their pool did not allow."),
    }),
    silent_connections: count(
      "Connections that ended without having sent a byte, as health checks do.",
    ),
    bytes_read: count("Payload bytes from miners."),
    bytes_written: count("Payload bytes that their sockets have taken."),
  }),
  attention: about("Whether anything is wrong, and what.", AttentionSchema),
  accounts: count("Sub-accounts that are open."),
  pinned_pool: about(
    "The place, from 1, of the pool that is preferred by hand; null for none.",
    v.nullable(v.number()),
  ),
  reloads: v.strictObject({
    done: count("How often the configuration was read again."),
    failed: count("How often it could not be used, and the old one stayed."),
    last_at: about("When it was last tried; null for never.", v.nullable(v.string())),
    last_went_well: flag("Whether that went well; true before the first."),
  }),
  hashrate: HashrateSchema,
  credited_difficulty: amount("Difficulties of all shares accepted, assumed or kept, together."),
  brake_lost_difficulty: amount(
    "Work that pools did not count, as difficulty, while theirs was far too low for the miners.",
  ),
  shares: SharesSchema,
  stray_verdicts: about(
    "Verdicts no miner waited for, by reason.",
    v.record(v.string(), v.number()),
  ),
  traffic: TrafficSchema,
  moves: count("How often a miner changed from one pool connection to another."),
  outgrown: count(
    "How often a miner had to reconnect, since the pools leave too few bytes for its extranonces.",
  ),
  outage_seconds: amount("How long sub-accounts were open and had no pool, all together."),
  limits: about("How often each bound was reached.", v.record(v.string(), v.number())),
  certificates: about(
    "Those shown to miners that speak TLS.",
    v.array(v.strictObject({
      file: words("The file it was read from."),
      names: words("Whom it is for."),
      expires_at: time("When it ends."),
      days_left: about("Until then; below 0 if it has ended.", v.number()),
    })),
  ),
  verdict_latency: HistogramSchema,
  job_fanout: HistogramSchema,
  process: v.strictObject({
    resident_bytes: count("Memory of the process."),
    heap_bytes: count("Memory of its JavaScript heap that is in use."),
    sockets: count("Sockets in use: miners, pools, listening."),
    open_files_limit: about("Files that may be open; null if not known.", v.nullable(v.number())),
  }),
});

/** @internal What a pool speaks. */
export const KindSchema = about(
  "What is spoken: `agent`, btcpool's agent protocol; `stratum`, ordinary Stratum V1; `unknown` " +
    "while that is being found out.",
  v.picklist(KINDS_OF_POOL),
);

/** @internal A part of answers. */
export const ConnectionSchema = v.strictObject({
  name: words("As in the log: host:port #number."),
  kind: KindSchema,
  role: about("", v.picklist(["opening", "spare", "serving"])),
  age_seconds: amount("How long it has been opening, or ready."),
  miners: count("Miners that work on it."),
  job_age_seconds: about("Since its last job; null before the first.", v.nullable(v.number())),
  difficulty: about(
    "What its pool demands of shares now; where that sets each miner's, what they begin with; null " +
      "while opening.",
    v.nullable(v.number()),
  ),
  version_mask: about("8 hex digits; null while opening.", v.nullable(v.string())),
  verdicts: about("Whether it judges shares; null while opening.", v.nullable(v.boolean())),
  extranonce2_bytes: about(
    "How many bytes of extranonce2 it leaves to this program; null while opening.",
    v.nullable(v.number()),
  ),
});

/** What its jobs were like. */
const JOB_COUNTS = {
  empty_job_seconds: amount(
    "How long its newest job had no transactions but the coinbase, all sub-accounts together.",
  ),
  behind_seconds: amount(
    "How long it worked on a block that others had left 30 s before, counted once that is sure, likewise.",
  ),
  payout_changes: count("How often a job did not pay an output that its earlier jobs paid."),
};

/** Connections for one worker each, in sum: there may be thousands. */
const WORKER_CONNECTIONS = {
  ready: count("Those that are ready."),
  opening: count("Those that are being opened."),
};

/** @internal A part of answers. */
export const PoolSchema = v.strictObject({
  address: words("host:port."),
  kind: KindSchema,
  account: words("The sub-account there, or the user at a Stratum pool."),
  listed: flag("Whether it is in the configuration; if not, miners leave it as soon as they can."),
  state: about(
    "The best of its connections. Without any: `cold` if it closed spare connections that had nothing " +
      "to do, so that none is kept and it is connected to when it is needed; else `waiting`.",
    v.picklist(["serving", "spare", "opening", "cold", "waiting"]),
  ),
  reason: words("Why the last connection failed; empty since one was last ready."),
  retry_in_seconds: amount("Until it may be dialled again."),
  connections: about("Those for all miners.", v.array(ConnectionSchema)),
  worker_connections: about(
    "Those for one worker each, where `workers` is `connection`.",
    v.strictObject({ ...WORKER_CONNECTIONS, miners: count("Miners that work on them.") }),
  ),
  connects: count("Connections that became ready."),
  failures: count("Connections that never did."),
  losses: count("Connections lost after they were ready."),
  activations: count("How often one of its connections began to serve."),
  ...JOB_COUNTS,
  traffic: TrafficSchema,
  shares: SharesSchema,
  credited_difficulty: amount(
    "Difficulties the pool counts for the shares it accepted, together; its own sum should agree.",
  ),
  brake_lost_difficulty: amount(
    "Work the pool did not count, as difficulty, while its difficulty was far too low for the miners.",
  ),
});

/** @internal A part of answers. */
export const AccountSchema = v.strictObject({
  account: words("As miners spell it; empty for the one of single-user mode."),
  open: flag("Whether it has pool connections now."),
  miners: count("Its miners."),
  waiting_miners: count("Those of them that wait for a pool."),
  moves: count("How often one of its miners changed from one pool connection to another."),
  outage_seconds: amount("How long it was open and had no pool."),
  hashrate: HashrateSchema,
  shares: SharesSchema,
  pools: about("In the order of the configuration; empty while it is closed.", v.array(PoolSchema)),
});

/** @internal A part of answers. */
export const PoolTotalSchema = v.strictObject({
  position: count("Its place in the configuration, from 1; the first is the best."),
  address: words("host:port."),
  kind: KindSchema,
  pinned: flag("Whether it is preferred by hand to all others."),
  accounts: v.strictObject({
    serving: count("Open sub-accounts it serves."),
    spare: count("Those it is ready for."),
    opening: count("Those it is being connected to for."),
    cold: count("Those it is connected to for when it is needed: it closes spare connections."),
    waiting: count("Those it has no connection for."),
  }),
  miners: count("Miners that work for it."),
  worker_connections: about(
    "Connections for one worker each, where `workers` is `connection`.",
    v.strictObject(WORKER_CONNECTIONS),
  ),
  reason: words("Why its last connection failed, of the first sub-account where one did."),
  retry_in_seconds: amount("Until it may be dialled again, of that sub-account."),
  job_age_seconds: about(
    "Since the last job, on the serving connection where that is longest; null if none serves.",
    v.nullable(v.number()),
  ),
  extranonce2_bytes: about(
    "The fewest bytes of extranonce2 that one of its connections leaves; null while none is ready.",
    v.nullable(v.number()),
  ),
  connects: count("Connections that became ready."),
  failures: count("Connections that never did."),
  losses: count("Connections lost after they were ready."),
  activations: count("How often one of its connections began to serve."),
  ...JOB_COUNTS,
  traffic: TrafficSchema,
  shares: SharesSchema,
  credited_difficulty: amount(
    "Difficulties the pool counts for the shares it accepted, together; its own sum should agree.",
  ),
  brake_lost_difficulty: amount(
    "Work the pool did not count, as difficulty, while its difficulty was far too low for the miners.",
  ),
});

/** @internal Answer of `/api/v1/history`. */
export const HistorySchema = v.strictObject({
  columns: about(
    "The values of a sample: `time` it ended (seconds since 1970), `seconds` it covers, `miners` " +
      "that worked, shares `accepted`, assumed or kept, `rejected` or refused, the `difficulty` of the " +
      "accepted ones, `bytes_up` to pools and `bytes_down`.",
    v.array(v.string()),
  ),
  hour: about("Every 10 s, the oldest first.", v.array(v.array(v.number()))),
  day: about("Every minute, the oldest first.", v.array(v.array(v.number()))),
  marks: about("What happened in these 24 hours, the oldest first.", v.array(MarkSchema)),
});

/** @internal Event `state` of `/api/v1/stream`. */
export const StreamStateSchema = v.strictObject({
  control: flag("Whether anything may be changed: `status.control`."),
  summary: about("As of `/api/v1/summary`.", SummarySchema),
  pools: about("As of `/api/v1/upstreams`.", v.array(PoolTotalSchema)),
});

/** @internal Answer of `/api/v1/upstreams`. */
export const UpstreamsSchema = v.strictObject({
  pools: about(
    "Each pool, all sub-accounts together, those that are closed included.",
    v.array(PoolTotalSchema),
  ),
  accounts: about(
    "Sub-accounts that are open, then those that were lately.",
    v.array(AccountSchema),
  ),
});

/** @internal Answer of `/api/v1/miners/{id}`, and a row of `/api/v1/miners`. */
export const MinerSchema = v.strictObject({
  id: about("Session id, 8 hex digits; null before it has subscribed.", v.nullable(v.string())),
  address: words("Where it came from."),
  user: words("The name it logged in with; empty before."),
  account: words(
    "The sub-account, named as in `/api/v1/upstreams`; empty in single-user mode, and before.",
  ),
  worker: words("What the pool knows it by; empty before."),
  client_agent: words("What it calls itself."),
  state: about(
    "How far it has come.",
    v.picklist(["connected", "subscribed", "authorized", "joining", "working"]),
  ),
  worker_id: about(
    "The number of its worker, as in `/api/v1/workers/{id}`; null before it has logged in.",
    v.nullable(v.string()),
  ),
  condition: about(
    "What is the matter with it, by the same rules as for a worker; null before it has logged in.",
    v.nullable(ConditionSchema),
  ),
  connected_seconds: amount("Since it connected."),
  silent_seconds: amount("Since it last sent anything."),
  last_share_seconds: about("Since its last share; null for none yet.", v.nullable(v.number())),
  upstream: about("The pool connection it works on; null for none.", v.nullable(v.string())),
  difficulty: about("What it was last told; null before.", v.nullable(v.number())),
  version_mask: words("Version bits it may roll, 8 hex digits."),
  asicboost: about(
    "Whether it rolls versions; `cannot_narrow` if it rolled bits that its pool did not allow.",
    v.picklist(["never", "rolling", "lost", "cannot_narrow"]),
  ),
  hashrate: v.strictObject({
    minutes_15: amount("Estimated over 15 minutes, in steps of 5."),
    minutes_60: amount("The same over an hour."),
  }),
  shares: SharesSchema,
});

/** @internal Answer of `/api/v1/miners`. */
export const MinersSchema = v.strictObject({
  total: count("Miners that match."),
  offset: count("How many of them were left out before."),
  miners: v.array(MinerSchema),
});

/** @internal Answer of `/api/v1/miner-table`. */
export const MinerTableSchema = v.strictObject({
  columns: about(
    "The values of a row, named as in `/api/v1/miners/{id}`; `worker` is the user's name before " +
      "the pool knows it, `hashrate` over 15 minutes, `accepted` with those assumed or " +
      "kept, `rejected` " +
      "with those refused here.",
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
    "The oldest first.",
    v.array(v.strictObject({
      number: count("Counted from 1."),
      time: time("When."),
      level: about("", level),
      area: words("The part of the program."),
      message: words("As in the log."),
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
    words("Why not; empty if they have. Left out where a token is wanted and none was sent."),
  ),
});

/** @internal Answer of what changes something. */
export const DoneSchema = v.strictObject({ done: words("What was done.") });

/** @internal Answer of `/api/v1/reload`. */
export const ReloadSchema = v.strictObject({
  done: words("What was done."),
  changes: about(
    "Every setting that changed; of a list, every place.",
    v.array(v.strictObject({
      key: words("As in `limits.max_miners`."),
      before: words("What it was, without secrets."),
      after: words("What it is in the file."),
      takes_effect: about(
        "At once, for miners or pool connections that are new, after a restart, or never.",
        v.picklist(["now", "new_miners", "new_connections", "restart", "never"]),
      ),
    })),
  ),
  needs_restart: about(
    "The keys of those that keep their old value until a restart.",
    v.array(v.string()),
  ),
});

/** @internal Answer of `/api/v1/log-level`. */
export const LogLevelsSchema = v.strictObject({
  levels: about(
    "The least important lines that are written, by area.",
    v.record(v.string(), level),
  ),
});

/** @internal Body of every error. */
export const ProblemSchema = v.strictObject({
  status: count("The HTTP status."),
  title: words("What is wrong, and what was wanted."),
  problems: v.optional(about(
    "Of a configuration that cannot be used: everything that is wrong in the file.",
    v.array(v.strictObject({
      line: count("From 1."),
      column: count("From 1."),
      key: words("As in `pools[0][1]`; empty for the file as a whole."),
      found: words("What stands there."),
      wanted: words("What has to stand there."),
      hint: v.optional(words("What to do.")),
    })),
  )),
});

/** How often shares came and where they ended. */
export type SharesShape = NonNullable<(typeof SharesSchema)["~types"]>["output"];
/** See {@linkcode SummarySchema}. */
export type SummaryShape = NonNullable<(typeof SummarySchema)["~types"]>["output"];
/** An account in {@linkcode UpstreamsSchema}. */
export type AccountShape = NonNullable<(typeof AccountSchema)["~types"]>["output"];
/** A pool in {@linkcode UpstreamsSchema}. */
export type PoolTotalShape = NonNullable<(typeof PoolTotalSchema)["~types"]>["output"];
/** A pool of an account. */
export type PoolShape = NonNullable<(typeof PoolSchema)["~types"]>["output"];
/** See {@linkcode HistorySchema}. */
export type HistoryShape = NonNullable<(typeof HistorySchema)["~types"]>["output"];
/** See {@linkcode StreamStateSchema}. */
export type StreamStateShape = NonNullable<(typeof StreamStateSchema)["~types"]>["output"];
/** See {@linkcode MinerSchema}. */
export type MinerShape = NonNullable<(typeof MinerSchema)["~types"]>["output"];
/** An event in {@linkcode EventsSchema}. */
export type EventShape = NonNullable<(typeof EventsSchema)["~types"]>["output"]["events"][number];
/** A histogram. */
export type HistogramShape = NonNullable<(typeof HistogramSchema)["~types"]>["output"];
/** See {@linkcode ReloadSchema}. */
export type ReloadShape = NonNullable<(typeof ReloadSchema)["~types"]>["output"];
/** See {@linkcode LogLevelsSchema}. */
export type LogLevelsShape = NonNullable<(typeof LogLevelsSchema)["~types"]>["output"];
/** Body of every error. */
export type ProblemShape = NonNullable<(typeof ProblemSchema)["~types"]>["output"];
