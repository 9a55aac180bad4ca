/**
 * The shape of every answer of the JSON API, in the one place that describes it: here, and for its
 * parts in count_shapes.ts, pool_shapes.ts, miner_shapes.ts and worker_shapes.ts.
 *
 * The types and the tables of `conf/docs/api.md` (`deno task docs`) are made from it, and tests
 * check every answer against it. The program itself imports only the types.
 *
 * Times of day are ISO 8601 in UTC, durations are in seconds, hashrates in hashes a second.
 */

import * as v from "valibot";
import { HashrateSchema, HistogramSchema, SharesSchema, TrafficSchema } from "./count_shapes.ts";
import { KeptHistorySchema } from "./history_shapes.ts";
import { ChannelSchema } from "./notify_shapes.ts";
import { PoolTotalSchema } from "./pool_shapes.ts";
import { about, amount, count, flag, time, words } from "./schema_words.ts";
import { AttentionSchema, MarkSchema } from "./worker_shapes.ts";

const level = v.picklist(["debug", "info", "warning", "error"]);

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
    health_checks: count(
      "Connections of load balancers with a PROXY header for no miner, and nothing after it, or without a byte.",
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
  credited_difficulty: amount(
    "Sum of the difficulties of all good shares: accepted, kept, or sent to a pool that gives no " +
      "verdicts.",
  ),
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
  history: about(
    "The history on disk; null if `history.path` is empty.",
    v.nullable(KeptHistorySchema),
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

/** @internal Answer of `/api/v1/history`. */
export const HistorySchema = v.strictObject({
  columns: about(
    "The values of a sample: `time` when it ended (seconds since 1970), `seconds` it covers, " +
      "`miners` working, good shares as `accepted` (kept ones included), `rejected` (refused " +
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

/** The totals of the program, of {@linkcode SummarySchema}. */
export type SummaryShape = NonNullable<(typeof SummarySchema)["~types"]>["output"];
/** The samples of the last day, of {@linkcode HistorySchema}. */
export type HistoryShape = NonNullable<(typeof HistorySchema)["~types"]>["output"];
/** What the live page is sent every 2 s, of {@linkcode StreamStateSchema}. */
export type StreamStateShape = NonNullable<(typeof StreamStateSchema)["~types"]>["output"];
/** An event in {@linkcode EventsSchema}. */
export type EventShape = NonNullable<(typeof EventsSchema)["~types"]>["output"]["events"][number];
/** The result of a reload, of {@linkcode ReloadSchema}. */
export type ReloadShape = NonNullable<(typeof ReloadSchema)["~types"]>["output"];
/** The log level of each area, of {@linkcode LogLevelsSchema}. */
export type LogLevelsShape = NonNullable<(typeof LogLevelsSchema)["~types"]>["output"];
/** Body of every error. */
export type ProblemShape = NonNullable<(typeof ProblemSchema)["~types"]>["output"];
