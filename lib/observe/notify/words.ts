/**
 * Words and figures in messages.
 */

import { printable } from "../../base/printable.ts";

/** The longest foreign text within a message, in UTF-16 units. */
const MAX_FOREIGN = 60;

/** A foreign text, printable and cut to a readable length. */
export function shown(text: string, most: number = MAX_FOREIGN): string {
  // Cut first: a name may be long, and a cut may halve a character, which `printable` mends.
  const cut = text.length > most ? `${text.slice(0, most - 1)}…` : text;
  return printable(cut);
}

/** At most five of `names`, and how many more `all` has. */
export function listed(names: readonly string[], all: number): string {
  const some = names.slice(0, 5).map((name) => name.trim() === "" ? "(no name)" : shown(name));
  if (some.length === 0) return "";
  const rest = all - some.length;
  return rest > 0 ? `${some.join(", ")} and ${rest} more` : some.join(", ");
}

/** A length of time in milliseconds as `45 s`, `12 min`, `3 h 5 min` or `2 d 3 h`. */
export function duration(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 120) return `${seconds} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 120) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return minutes % 60 === 0 ? `${hours} h` : `${hours} h ${minutes % 60} min`;
  return hours % 24 === 0 ? `${hours / 24} d` : `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

const UNITS = ["H/s", "kH/s", "MH/s", "GH/s", "TH/s", "PH/s", "EH/s", "ZH/s"];

/** Hashes a second as `1.25 PH/s`. */
export function hashrate(hashes: number): string {
  let unit = 0;
  let value = Math.max(0, hashes);
  while (value >= 999.5 && unit < UNITS.length - 1) {
    value /= 1000;
    unit++;
  }
  const digits = value >= 99.5 || unit === 0 ? 0 : value >= 9.95 ? 1 : 2;
  return `${value.toFixed(digits)} ${UNITS[unit]}`;
}

/** A part of 1 as `81 %`, or `2.5 %` if it is small. */
export function percent(part: number): string {
  const value = 100 * part;
  return `${value < 10 ? String(Math.round(10 * value) / 10) : Math.round(value)} %`;
}

/** `1 machine` or `12 machines`. */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
