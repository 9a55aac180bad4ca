/**
 * Times on charts: of the day on a chart of hours, with the day on one of days.
 */

import { isLong } from "./spans.js";
import { LOCALE } from "./texts.js";

const clock = /** @type {const} */ ({ hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const date = /** @type {const} */ ({ month: "short", day: "numeric" });

const minutes = new Intl.DateTimeFormat(LOCALE, clock);
const seconds = new Intl.DateTimeFormat(LOCALE, { ...clock, second: "2-digit" });
const days = new Intl.DateTimeFormat(LOCALE, date);
const moments = new Intl.DateTimeFormat(LOCALE, { ...date, ...clock });

/** @typedef {[number, number]} Range of time that a chart shows, in seconds since 1970 */

/**
 * The texts along the axis.
 *
 * @param {readonly number[]} times
 * @param {number} step from one to the next, in seconds
 * @param {Range} range
 */
export function tickTexts(times, step, range) {
  return times.map((time) => {
    const moment = new Date(time * 1000);
    const isMidnight = moment.getHours() === 0 && moment.getMinutes() === 0;
    if (isLong(range) && (isMidnight || step >= 86_400)) return days.format(moment);
    return (step < 60 ? seconds : minutes).format(moment);
  });
}

/** A moment as exactly as the chart shows it. @param {number} time @param {Range} range */
export function momentText(time, range) {
  return (isLong(range) ? moments : seconds).format(time * 1000);
}

/** A moment to the minute. @param {number} time @param {Range} range */
export function minuteText(time, range) {
  return (isLong(range) ? moments : minutes).format(time * 1000);
}
