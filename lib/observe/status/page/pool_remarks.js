/**
 * What is odd about a pool, as keys of texts with their values; pure.
 */

/** @import { StreamStateShape } from "../shapes.ts" */
import { formatCount, formatDuration, formatPercent } from "./format.js";

/** @typedef {StreamStateShape["pools"][number]} Pool */
/** @typedef {"blocksLost" | "contradicted" | "payoutChanges" | "brakeLoss" | "behind" | "emptyJobs"} Remark */

/** Times shorter than this are what every pool has at new blocks, in seconds. */
const WORTH_A_WORD = 60;

/** A smaller part of the work is not missed. */
const LOST_PART = 0.001;

/**
 * The worst first.
 *
 * @param {Pool} pool
 * @returns {[Remark, Record<string, string>][]}
 */
export function poolRemarks(pool) {
  const { shares, credited_difficulty: credited, brake_lost_difficulty: lost } = pool;
  const { empty_job_seconds: empty, behind_seconds: behind, payout_changes: payouts } = pool;
  const part = lost / Math.max(lost + credited, Number.MIN_VALUE);
  /** @type {[boolean, Remark, Record<string, string>][]} */
  const remarks = [
    [shares.blocks_lost > 0, "blocksLost", { count: formatCount(shares.blocks_lost) }],
    [shares.contradicted > 0, "contradicted", { count: formatCount(shares.contradicted) }],
    [payouts > 0, "payoutChanges", { count: formatCount(payouts) }],
    [part >= LOST_PART, "brakeLoss", { part: formatPercent(part) }],
    [behind >= WORTH_A_WORD, "behind", { time: formatDuration(Math.round(behind)) }],
    [empty >= WORTH_A_WORD, "emptyJobs", { time: formatDuration(Math.round(empty)) }],
  ];
  return remarks.flatMap(([isOdd, key, values]) => isOdd ? [[key, values]] : []);
}
