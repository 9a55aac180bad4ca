/**
 * The shape of counts of shares, hashrates, times and traffic in answers: see shapes.ts.
 */

import * as v from "valibot";
import type {
  RefuseReason,
  RejectReason,
  SnakeCase,
  UnansweredReason,
} from "../../base/share_reasons.ts";
import { about, amount, count } from "./schema_words.ts";

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
  timed_out: "No verdict came within a minute, or before many more shares were sent.",
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
  assumed: count(
    "Submitted shares answered true without a verdict: their pool gives none, and they are good; or " +
      "the verdict is late, and they move on to `accepted`, `rejected` or `unanswered`.",
  ),
  early: count("Shares answered true because their verdict was late."),
  early_open: count("Those of `early` that are still `assumed`: neither good nor lost yet."),
  early_rejected: count(
    "Those of `early` that the pool then rejected: the miner does not know. `rejected` includes them.",
  ),
  unanswered: v.strictObject(counts(UNANSWERED)),
  waiting: count("Submitted shares whose miner waits for the verdict."),
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
    "Messages from the pool: binary frames of an agent pool, lines of a Stratum pool, messages of a Stratum " +
      "V2 pool.",
  ),
  frames_written: count(
    "Messages queued for the pool, counted in the same way; the last may not be written yet.",
  ),
  frames_ignored: count(
    "Messages from a Stratum V2 pool that had no effect: unknown ones, jobs that cannot be used, " +
      "verdicts on no share; the log says which.",
  ),
});

/** Counts of shares by result and reason. */
export type SharesShape = NonNullable<(typeof SharesSchema)["~types"]>["output"];
/** A histogram. */
export type HistogramShape = NonNullable<(typeof HistogramSchema)["~types"]>["output"];
