/**
 * What was lost and mainly why, in one sentence; pure.
 */

/** @import { CausesShape, LossesShape } from "../worker_shapes.ts" */
import { reasonWords } from "./condition_words.js";
import { formatPercent } from "./format.js";
import { LOCALE, t, word } from "./texts.js";

/** Where shares are lost: the beginning of a cause's name, and its words. */
const PLACES = /** @type {const} */ ({
  refused: "refusedHere",
  rejected: "rejectedByPool",
  unanswered: "neverAnswered",
});

/**
 * A reason of the causes in words: where the share ended, and why.
 *
 * @param {string} name
 */
export function causeWords(name) {
  const [, place, reason = ""] = /^(refused|rejected|unanswered)_(.+)$/.exec(name) ?? [];
  if (place !== "refused" && place !== "rejected" && place !== "unanswered") {
    return reasonWords(name);
  }
  return t(PLACES[place], { reason: reasonWords(reason) });
}

/**
 * The same in few words.
 *
 * @param {string} name
 */
export function causeWord(name) {
  return word(name.replace(/^(?:refused|rejected|unanswered)_/, ""));
}

/** @typedef {CausesShape["hour"]} Causes */
/** @typedef {Causes["reasons"][number]} Cause */

/** Reasons that are named, and the smallest part of the work that the second and third have. */
const MOST_REASONS = 3;
const TOLD_PART = 0.001;

/** A software is named that has most of what was lost, and much more of it than of the rest. */
const MOST_PART = 0.5;
const TIMES_ITS_PART = 1.5;

/**
 * The agent's own sentence; in Chinese one made from the causes, once they are known.
 *
 * @param {LossesShape} losses
 * @param {Causes | undefined} causes of the same time
 * @param {import("./texts.js").TextKey} stretch the text that says how much
 */
export function lossSentence(losses, causes, stretch) {
  if (losses.lost === 0) return "";
  if (LOCALE !== "zh-CN" && losses.sentence !== "") return losses.sentence;
  const lost = t(stretch, { percent: formatPercent(losses.part) });
  const reasons = causes === undefined ? "" : mainReasons(causes);
  return reasons === "" ? lost : `${lost}${t("comma")}${t("why", { reasons })}`;
}

/**
 * The main reasons, each with its part of the work, and with the software that has most of it.
 *
 * @param {Causes} causes
 */
export function mainReasons({ good, reasons, software }) {
  return reasons.slice(0, MOST_REASONS)
    .filter(({ part }, place) => place === 0 || part >= TOLD_PART)
    .map((reason) => {
      const words = `${formatPercent(reason.part)} ${causeWords(reason.name)}`;
      const name = software.find((one) => hasMost(one, reason, good))?.name;
      return name === undefined ? words : t("mostly", { reason: words, name });
    })
    .join(t("semicolon"));
}

/** @param {Cause} software @param {Cause} reason @param {number} allGood shares of the farm */
function hasMost(software, reason, allGood) {
  if (software.name === "" || software.name === "others") return false;
  const part = (software.reasons[reason.name] ?? 0) / reason.lost;
  const itsPart = allGood === 0 ? 0 : software.good / allGood;
  return part > MOST_PART && part >= TIMES_ITS_PART * itsPart;
}
