/**
 * Which history is kept, and what it says in words; pure.
 */

/** @import { Subject } from "./history_data.js" */
/** @import { Summary } from "./findings.js" */
/** @import { Span } from "./spans.js" */
import { formatPercent, formatUptime } from "./format.js";
import { LOCALE, t } from "./texts.js";

/** What the summary says of the history; `undefined` before it has said anything. */
/** @typedef {Summary["history"] | undefined} Kept */

/** @type {readonly Span[]} */
const EVERY = ["hour", "day", "week", "month"];
/** @type {readonly Span[]} */
const SHORT = ["hour", "day"];

/** Whether steps of it are on a disk. @param {Kept} kept */
export function isKept(kept) {
  return kept?.kept === true;
}

/** What can be shown of the whole farm. @param {Kept} kept */
export function spansOf(kept) {
  return isKept(kept) ? EVERY : SHORT;
}

/** Why there is no history, or no more of it, and what to do; empty if there is. @param {Kept} kept */
export function problemOf(kept) {
  if (kept === undefined) return "";
  if (kept !== null && kept.problem !== "") return t("historyProblem", { problem: kept.problem });
  return isKept(kept) ? "" : t("historyOff");
}

/**
 * How much of the time it worked.
 *
 * @param {Subject["kind"]} kind
 * @param {number | null | undefined} part
 */
export function uptimeText(kind, part) {
  if (part === null || part === undefined) return "";
  return t(kind === "worker" ? "connectedPart" : "uptimePart", { percent: formatUptime(part) });
}

/** The last seven days in a sentence; empty while little is known of them. @param {Kept} kept */
export function weekSentence(kept) {
  if (!kept || !isKept(kept)) return "";
  const { uptime_week_part: uptime, week_sentence: sentence, week_lost_part: lost } = kept;
  const losses = LOCALE !== "zh-CN" || lost === null
    ? sentence
    : t("lostWeek", { percent: formatPercent(lost) });
  if (uptime === null) return losses;
  const text = t("weekUptime", { percent: formatUptime(uptime) });
  return losses === "" ? text : `${text}${t("semicolon")}${losses}`;
}
