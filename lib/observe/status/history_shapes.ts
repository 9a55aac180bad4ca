/**
 * The shape of answers from the history that is kept on disk: see shapes.ts.
 */

import * as v from "valibot";
import { HISTORY_STATES } from "../history/kept_history.ts";
import { HistogramSchema } from "./count_shapes.ts";
import { about, count, flag, words } from "./schema_words.ts";
import { MarkSchema } from "./worker_shapes.ts";

/** @internal Answer of `/api/v1/history?span=…`. */
export const SpanSchema = v.strictObject({
  step_seconds: count("How long a row is: 600, or 3600 for a month. Rows of samples are shorter."),
  from: about("Start of the span, in seconds since 1970.", v.number()),
  to: about("Its end: now.", v.number()),
  columns: about(
    "The values of a row: `time` when it ended (seconds since 1970) and the `seconds` of it that " +
      "were observed. Of the farm, a pool or a sub-account then `miners` on average, shares " +
      "`good` and `lost`, `difficulty` and `lost_difficulty` of their work, `outage_seconds` " +
      "without a pool while miners wanted one, `bytes_up` to pools, `bytes_down` from them. Of a " +
      "worker `hashrate`, `lost_part` of its work, `connected_part` of the time, and " +
      "`condition`, the worst state.",
    v.array(v.string()),
  ),
  rows: about(
    "Ascending; at most 1,500. Time in which btcagent did not run, or a worker was not seen, has " +
      "no row; null is not known.",
    v.array(v.array(v.nullable(v.union([v.number(), v.string()])))),
  ),
  marks: about("Events of the span, oldest first.", v.array(MarkSchema)),
  uptime_part: about(
    "Of the time that was kept: of the farm, the part in which btcagent ran and had a pool for " +
      "its miners; of a sub-account that is observed, the part in which it had a pool; of a worker, the part in which it was connected. Null if nothing is " +
      "kept, and for a pool.",
    v.nullable(v.number()),
  ),
  is_kept: flag("Whether a history is kept on disk. If not, the last day is all there is."),
});

/** @internal A worker in the answer of `/api/v1/history/workers`. */
export const PastWorkerSchema = v.strictObject({
  account: words("The sub-account; empty in single-user mode."),
  worker: words("Its name without the sub-account."),
  hashrate: about("Hashes a second, on average over its `seconds`.", v.number()),
  lost_part: about("The part of its work that was lost.", v.number()),
  connected_part: about("The part of its `seconds` in which it was connected.", v.number()),
  seconds: about("The seconds of the span in which it was watched.", v.number()),
  first_seen: about("When it was seen first, ever, in seconds since 1970.", v.number()),
  last_seen: about("When it was seen connected last, in seconds since 1970.", v.number()),
});

/** @internal Answer of `/api/v1/history/workers`: a page of the workers of a span. */
export const PastWorkersSchema = v.strictObject({
  total: count("Workers that match."),
  offset: count("Matching workers before the page."),
  workers: about("The page.", v.array(PastWorkerSchema)),
});

const moment = (what: string) =>
  about(`${what}, in seconds since 1970; null for none.`, v.nullable(v.number()));

/** @internal A part of `/api/v1/summary`: the history on disk, and the last seven days in short. */
export const KeptHistorySchema = v.strictObject({
  kept: flag("Whether the file could be opened. If not, btcagent tries again every minute."),
  bytes: count("The size of the file, and of what waits to be moved into it."),
  from: moment("Start of the oldest step"),
  to: moment("End of the newest step"),
  state: about(
    "`working`; `waiting` if the file could not be opened in the first minutes, perhaps because " +
      "another process still has it; `no_clock` while the clock shows a time before this version was made; `full`, " +
      "`read_only`, `damaged`; `failing` for any other trouble with the disk.",
    v.picklist(HISTORY_STATES),
  ),
  problem: words("What is wrong, in words; empty if nothing is."),
  steps: count("Steps written since the start."),
  dropped_steps: count("Steps that could not be written since the start."),
  written_bytes: count("Bytes written to the disk since the start."),
  fsync: about("How long the disk took whenever btcagent waited for it.", HistogramSchema),
  week_sentence: words(
    "What was lost in the last seven days, and mainly why; empty if nothing was.",
  ),
  week_lost_part: about(
    "The lost part of the work of these days; null if nothing is known of them.",
    v.nullable(v.number()),
  ),
  uptime_week_part: about(
    "The part of these days, as far as they are kept, in which btcagent ran and had a pool for " +
      "its miners; null if none of them is kept.",
    v.nullable(v.number()),
  ),
});

/** A span of the past, of {@linkcode SpanSchema}. */
export type SpanShape = NonNullable<(typeof SpanSchema)["~types"]>["output"];
/** A worker of the past, of {@linkcode PastWorkerSchema}. */
export type PastWorkerShape = NonNullable<(typeof PastWorkerSchema)["~types"]>["output"];
/** The history on disk, of {@linkcode KeptHistorySchema}. */
export type KeptHistoryShape = NonNullable<(typeof KeptHistorySchema)["~types"]>["output"];
