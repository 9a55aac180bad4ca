/**
 * Numbers, times and sizes as people read them, in the language chosen.
 */

import { LOCALE } from "./texts.js";

const whole = new Intl.NumberFormat(LOCALE, { maximumFractionDigits: 0 });
const clock = new Intl.DateTimeFormat(LOCALE, {
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  hourCycle: "h23",
});
const day = new Intl.DateTimeFormat(LOCALE, { month: "short", day: "numeric" });

/** @param {number} value */
export function formatCount(value) {
  return whole.format(value);
}

/**
 * Three digits that count, or four.
 *
 * @param {number} value
 */
function digits(value) {
  const places = value >= 100 ? 1 : value >= 10 ? 1 : 2;
  return value === 0 ? "0" : value.toFixed(places);
}

/**
 * @param {number} value
 * @param {readonly string[]} units each a thousand of the one before
 */
function scaled(value, units) {
  let step = 0;
  while (value >= 999.95 && step < units.length - 1) {
    value /= 1000;
    step++;
  }
  return { value: step === 0 ? String(Math.round(value)) : digits(value), unit: units[step] ?? "" };
}

const HASHRATES = ["H/s", "kH/s", "MH/s", "GH/s", "TH/s", "PH/s", "EH/s", "ZH/s"];

/** @param {number} hashes a second */
export function hashrateParts(hashes) {
  return scaled(hashes, HASHRATES);
}

/** @param {number} hashes a second */
export function formatHashrate(hashes) {
  const { value, unit } = hashrateParts(hashes);
  return `${value} ${unit}`;
}

/** @param {number} bytes */
export function bytesParts(bytes) {
  return scaled(bytes, ["B", "kB", "MB", "GB", "TB"]);
}

/** @param {number} bytes */
export function formatBytes(bytes) {
  const { value, unit } = bytesParts(bytes);
  return `${value} ${unit}`;
}

/**
 * Hashes as a count, not a rate.
 *
 * @param {number} hashes
 */
export function formatHashes(hashes) {
  const { value, unit } = scaled(hashes, ["H", "kH", "MH", "GH", "TH", "PH", "EH", "ZH", "YH"]);
  return `${value} ${unit}`;
}

/**
 * A part of one in percent. Never 0 % for what is something, nor 100 % for what is not all.
 *
 * @param {number} part
 */
export function formatPercent(part) {
  const percent = part * 100;
  if (percent === 0) return "0 %";
  if (percent < 0.01) return "< 0.01 %";
  if (percent > 99 && percent < 100) return `${Math.floor(percent * 10) / 10} %`;
  return `${percent.toFixed(percent < 1 ? 2 : percent < 10 ? 1 : 0)} %`;
}

/**
 * A part of time in percent, exact where it matters: a hundredth of a percent is four minutes of a
 * month. Never 100 % for what is not all.
 *
 * @param {number} part
 */
export function formatUptime(part) {
  return part >= 1 ? "100 %" : `${(Math.floor(part * 10_000) / 100).toFixed(2)} %`;
}

const DAY = LOCALE === "zh-CN" ? "天" : "d";
const HOUR = LOCALE === "zh-CN" ? "小时" : "h";
const MINUTE = LOCALE === "zh-CN" ? "分钟" : "min";
/** After hours Chinese has a shorter word, and the column is narrow. */
const MINUTE_OF_HOUR = LOCALE === "zh-CN" ? "分" : "min";
const SECOND = LOCALE === "zh-CN" ? "秒" : "s";

/**
 * A time in one unit, or in two where one would be rough.
 *
 * @param {number} seconds
 */
export function formatDuration(seconds) {
  if (seconds < 60) return `${Math.floor(seconds)} ${SECOND}`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} ${MINUTE}`;
  if (seconds < 86_400) {
    const minutes = Math.floor(seconds % 3600 / 60);
    return `${Math.floor(seconds / 3600)} ${HOUR}${
      minutes > 0 ? ` ${minutes} ${MINUTE_OF_HOUR}` : ""
    }`;
  }
  const hours = Math.floor(seconds % 86_400 / 3600);
  return `${Math.floor(seconds / 86_400)} ${DAY}${hours > 0 ? ` ${hours} ${HOUR}` : ""}`;
}

/**
 * A short time: 38 ms, 1.2 s.
 *
 * @param {number} seconds
 */
export function formatLatency(seconds) {
  return seconds < 1 ? `${Math.round(seconds * 1000)} ms` : `${digits(seconds)} ${SECOND}`;
}

/** @param {Date} time */
export function formatClock(time) {
  return clock.format(time);
}

/**
 * The time, with the day before it unless that is today.
 *
 * @param {Date} time
 */
export function formatMoment(time) {
  const isToday = time.toDateString() === new Date().toDateString();
  return isToday ? clock.format(time) : `${day.format(time)} ${clock.format(time)}`;
}

/**
 * A difficulty, which may be a tiny fraction.
 *
 * @param {number} difficulty
 */
export function formatDifficulty(difficulty) {
  return difficulty >= 1 ? whole.format(difficulty) : String(Number(difficulty.toPrecision(3)));
}
