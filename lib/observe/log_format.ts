/**
 * Formats a log record as a line: for people, with colour on a terminal, or as JSON for programs.
 */

import { escapedJson } from "../base/printable.ts";
import { formatLocalTime } from "./local_time.ts";
import { type LogLevel, type LogRecord, messageOf, plainValues } from "./log_record.ts";

/** Lines for people, or one JSON object per line. */
export type LogFormat = "text" | "json";

const PLAIN = "\x1b[0m";
const FAINT = "\x1b[2m";

/** Colours of the terminal's own palette, readable on light and on dark backgrounds. */
const COLOURS: Readonly<Record<LogLevel, string>> = {
  debug: FAINT,
  info: "\x1b[32m",
  warning: "\x1b[33m",
  error: "\x1b[1;31m",
};

/** Formats a record as one line with its end. Never throws. */
export function formatRecord(record: LogRecord, format: LogFormat, hasColour: boolean): string {
  return format === "json" ? formatJson(record) : formatText(record, hasColour);
}

/** `2026-11-22 14:03:11.123 +02:00 info    pool   text`, in local time. */
function formatText(record: LogRecord, hasColour: boolean): string {
  const time = formatLocalTime(record.timestamp);
  const level = record.level.padEnd(7);
  const area = record.area.padEnd(6);
  const message = messageOf(record);
  if (!hasColour) return `${time} ${level} ${area} ${message}\n`;
  const shown = record.level === "debug" ? `${FAINT}${message}${PLAIN}` : message;
  return `${FAINT}${time}${PLAIN} ${COLOURS[record.level]}${level}${PLAIN} ` +
    `${FAINT}${area}${PLAIN} ${shown}\n`;
}

/** One object; its `time` is in UTC, which the `Z` at its end says. */
function formatJson(record: LogRecord): string {
  const head = {
    time: new Date(record.timestamp).toISOString(),
    level: record.level,
    area: record.area,
    message: messageOf(record),
  };
  // The head comes first: a value with the name of one of its members is left out.
  const text = JSON.stringify({ ...head, ...plainValues(record.values), ...head });
  // Characters that JSON allows in a text but that a terminal or a line reader may misread are
  // escaped.
  return escapedJson(text) + "\n";
}
