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

/**
 * The agent's own sentence; in Chinese one made from the causes, once they are known.
 *
 * @param {LossesShape} losses
 * @param {CausesShape["hour"] | undefined} causes of the same time
 * @param {import("./texts.js").TextKey} stretch the text that says how much
 */
export function lossSentence(losses, causes, stretch) {
  if (losses.lost === 0) return "";
  if (LOCALE !== "zh-CN" && losses.sentence !== "") return losses.sentence;
  const lost = t(stretch, { percent: formatPercent(losses.part) });
  const [reason] = causes?.reasons ?? [];
  if (causes === undefined || reason === undefined) return lost;
  const worst = [causes.pools, causes.software].flatMap(([first]) =>
    first === undefined || first.lost === 0 || first.name === "" ? [] : [first.name]
  );
  return `${lost}${t("comma")}${
    t("why", { reasons: [causeWords(reason.name), ...worst].join(t("comma")) })
  }`;
}
