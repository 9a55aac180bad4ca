/**
 * What is the matter with a worker, as the agent decided it, in words and a colour; pure.
 */

/** @import { WorkerState } from "../../../base/worker_state.ts" */
/** @import { ConditionShape } from "../worker_shapes.ts" */
import { formatCount, formatDuration, formatHashrate, formatPercent } from "./format.js";
import { adviceOf, hasText, t, word } from "./texts.js";

/** @typedef {"good" | "warn" | "bad" | "calm"} Tone */

/**
 * The figures that belong to a state, as far as they are known.
 *
 * @typedef {object} Figures
 * @property {number | null} [goneSeconds]
 * @property {number | null} [lastShareSeconds]
 * @property {number} [connectsHour]
 * @property {number} [connections]
 * @property {number} [usualConnections]
 * @property {number | null} [usualHashrate]
 */

/** @type {Record<WorkerState, Tone>} */
const TONES = {
  missing: "bad",
  refused: "bad",
  flapping: "warn",
  silent: "bad",
  weak: "warn",
  waiting: "warn",
  working: "good",
};

/**
 * @param {WorkerState} state
 * @param {number | null} [goneSeconds] since its last connection ended
 * @returns {Tone}
 */
export function stateTone(state, goneSeconds = null) {
  return isAway(state, goneSeconds) ? "calm" : TONES[state];
}

/**
 * Whether it is disconnected, but not long enough to be missing.
 *
 * @param {WorkerState} state
 * @param {number | null} [goneSeconds]
 */
function isAway(state, goneSeconds) {
  return state === "working" && typeof goneSeconds === "number";
}

/** Why shares are lost, in words that say what it means. @param {string} reason */
export function reasonWords(reason) {
  const key = `why_${reason}`;
  return hasText(key) ? t(key) : word(reason);
}

/**
 * A state in a few words, with the figure that matters.
 *
 * @param {Pick<ConditionShape, "state" | "reason" | "part">} condition
 * @param {Figures} figures
 */
export function stateText({ state, reason, part }, figures) {
  const percent = part === null ? "" : formatPercent(part);
  if (isAway(state, figures.goneSeconds)) {
    return t("stateAway", { time: formatDuration(figures.goneSeconds ?? 0) });
  }
  switch (state) {
    case "missing":
      return missingText(figures);
    case "refused":
      return t("stateRefused", { percent, reason: reasonWords(reason) });
    case "flapping":
      return figures.connectsHour === undefined
        ? t("flapping")
        : t("stateFlapping", { count: formatCount(figures.connectsHour) });
    case "silent":
      return typeof figures.lastShareSeconds === "number"
        ? t("stateSilent", { time: formatDuration(figures.lastShareSeconds) })
        : t("stateSilentEver");
    case "weak":
      return weakText(reason, percent, figures);
    default:
      return t(state);
  }
}

/** @param {Figures} figures */
function missingText({ goneSeconds, usualHashrate }) {
  if (typeof goneSeconds !== "number") return t("missing");
  const time = formatDuration(goneSeconds);
  return usualHashrate
    ? t("stateMissingHad", { time, hashrate: formatHashrate(usualHashrate) })
    : t("stateMissing", { time });
}

/** @param {string} reason @param {string} percent @param {Figures} figures */
function weakText(reason, percent, { connections, usualConnections }) {
  switch (reason) {
    case "below_kind":
      return t("stateBelowKind", { percent });
    case "below_itself":
      return t("stateBelowItself", { percent });
    case "fewer_connections":
      return connections === undefined || usualConnections === undefined
        ? t("weakConnections")
        : t("stateFewer", {
          some: formatCount(connections),
          usual: formatCount(usualConnections),
        });
    case "asicboost_lost":
      return t("stateBoostLost");
    default:
      return t("weak");
  }
}

/**
 * What to do about it: the agent's own sentence, or in Chinese the page's.
 *
 * @param {ConditionShape} condition
 */
export function conditionAdvice({ state, reason, about }) {
  return adviceOf(`${state}_${reason}`) ?? adviceOf(state) ?? sentence(about);
}

/** The agent's sentences go on in logs and alerts; here they end. @param {string} text */
export function sentence(text) {
  return text === "" || text.endsWith(".") ? text : `${text}.`;
}
