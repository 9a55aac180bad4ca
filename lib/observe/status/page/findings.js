/**
 * Whether anything is wrong in the farm, and what, from the agent's summary: a headline, workers by
 * state, and statements; pure.
 */

/** @import { StreamStateShape } from "../shapes.ts" */
/** @import { LossesShape } from "../worker_shapes.ts" */
/** @import { WorkerState } from "../../../base/worker_state.ts" */
/** @import { Tone } from "./condition_words.js" */
/** @import { TextKey } from "./texts.js" */
import {
  formatCount,
  formatDuration,
  formatHashrate,
  formatMoment,
  formatPercent,
} from "./format.js";
import { weekSentence } from "./history_words.js";
import { t } from "./texts.js";
import { STATES } from "./worker_rows.js";

/** @typedef {StreamStateShape["summary"]} Summary */
/** @typedef {{ readonly tone: Tone, readonly text: string }} Statement */

/** Losses below this part of the work are what every farm has. */
const WORTH_A_LOOK = 0.01;
const SEVERE = 0.05;

/** How bad losses are. @param {LossesShape} losses @returns {Tone} */
export function lossTone({ part }) {
  return part >= SEVERE ? "bad" : part >= WORTH_A_LOOK ? "warn" : "calm";
}

/** What is lost in an hour is shown as a rate; just after the start there was less than an hour. */
const HOUR = 3600;
const SHORTEST = 10;

/**
 * Hashes a second that the losses of the last hour are.
 *
 * @param {LossesShape} losses of that hour
 * @param {number} uptime of the agent, in seconds
 */
export function lostRate({ lost_hashes: hashes }, uptime) {
  return hashes / Math.min(HOUR, Math.max(SHORTEST, uptime));
}

/** Every worker that was seen in the last day. @param {Summary} summary */
export function workersIn({ attention: { workers } }) {
  return STATES.reduce((sum, state) => sum + workers[state], 0);
}

/**
 * How many of each kind of trouble there are; of what is missing, machines.
 *
 * @param {Summary} summary
 * @returns {[WorkerState, number][]}
 */
export function troubleCounts({ attention: { workers, missing_machines: machines } }) {
  return STATES.filter((state) => state !== "working").map((state) => [
    state,
    state === "missing" ? machines : workers[state],
  ]);
}

/**
 * The answer in one line. It never says more than what was looked at.
 *
 * @param {Summary} summary
 * @returns {Statement}
 */
export function headlineOf(summary) {
  const { serving, attention } = summary;
  const { workers, missing_machines: machines, losses, backup } = attention;
  const total = workersIn(summary);
  const troubled = total - workers.working;
  if (!serving) return { tone: "bad", text: t("headNoPool") };
  if (troubled > 0) {
    const isBad = machines + workers.missing + workers.refused + workers.silent > 0;
    const values = { count: formatCount(troubled), total: formatCount(total) };
    return { tone: isBad ? "bad" : "warn", text: t("headTrouble", values) };
  }
  if (total === 0) return { tone: "calm", text: t("headNobody") };
  const count = formatCount(total);
  const { hour } = losses;
  if (hour.good + hour.lost === 0) return { tone: "calm", text: t("headNoShares", { count }) };
  const isCalm = backup === null && lossTone(hour) === "calm";
  const text = t("headCalm", { count, percent: formatPercent(hour.part) });
  return { tone: isCalm ? "good" : "warn", text };
}

/**
 * What the trouble costs in hashes; empty for nothing.
 *
 * @param {Summary} summary
 */
export function costOf({ attention, serving }) {
  // Without a pool it is all of it.
  if (!serving) return "";
  const { trouble_hashrate: cost, expected_hashrate: expected } = attention;
  if (cost <= 0) return "";
  const hashrate = formatHashrate(cost);
  return expected === null || expected <= 0
    ? t("costs", { hashrate })
    : t("costsPart", { hashrate, percent: formatPercent(cost / expected) });
}

/**
 * What is to be said of pools and losses, the worst first.
 *
 * @param {Summary} summary
 * @param {string} lossSentence of the last hour
 * @returns {Statement[]}
 */
export function statementsOf(summary, lossSentence) {
  const { attention, serving } = summary;
  const { outage, backup, losses: { hour } } = attention;
  /** @type {Statement[]} */
  const statements = [];
  if (!serving && outage.since !== null) {
    const time = formatMoment(new Date(outage.since));
    statements.push({ tone: "bad", text: t("outageNow", { time }) });
  }
  if (serving && backup !== null) {
    const { pool, since, instead_of: instead, reason: why } = backup;
    const values = { pool, instead, time: formatMoment(new Date(since)), reason: why };
    statements.push({
      tone: "warn",
      text: t(why === "" ? "backupProving" : "backupSince", values),
    });
  }
  // While all is well the headline says what was lost.
  if (lossSentence !== "" && headlineOf(summary).tone !== "good") {
    statements.push({ tone: lossTone(hour), text: lossSentence });
  }
  if (outage.today_seconds >= 1) {
    const time = formatDuration(outage.today_seconds);
    statements.push({ tone: "calm", text: t("outageToday", { time }) });
  }
  const week = weekSentence(summary.history);
  if (week !== "") statements.push({ tone: "calm", text: week });
  return statements;
}

/** The texts of the states' buttons. @type {Record<Exclude<WorkerState, "working">, TextKey>} */
const BUTTONS = {
  missing: "countMissing",
  refused: "countRefused",
  flapping: "countFlapping",
  silent: "countSilent",
  weak: "countWeak",
  waiting: "countWaiting",
};

/**
 * The words after the number of workers, or of missing machines, in a state.
 *
 * @param {WorkerState} state
 * @param {number} count
 * @returns {string}
 */
export function countWords(state, count) {
  return state === "working" ? t("working") : t(BUTTONS[state], { count });
}
