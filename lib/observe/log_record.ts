/**
 * What is logged: an event in parts, and its message as text that may be shown anywhere.
 */

import { printable } from "../base/printable.ts";

/** How much an event matters, the least first. */
export const LOG_LEVELS = ["debug", "info", "warning", "error"] as const;

/** How much an event matters. */
export type LogLevel = typeof LOG_LEVELS[number];

/** The parts of the program that log. */
export const LOG_AREAS = ["agent", "miner", "mux", "pool"] as const;

/** One part of the program that logs. */
export type LogArea = typeof LOG_AREAS[number];

/** Values for the places a message names in braces. */
export type LogValues = Readonly<Record<string, unknown>>;

/** What one part of the program has to say. */
export interface LogEvent {
  /** How much it matters. */
  readonly level: LogLevel;
  /** The part of the program. */
  readonly area: LogArea;
  /** A sentence with `{places}` for values. */
  readonly template: string;
  /** What goes there, and what programs may want to know beside it. */
  readonly values: LogValues;
}

/** An event and its time. */
export interface LogRecord extends LogEvent {
  /** Milliseconds since 1970. */
  readonly timestamp: number;
}

/** A longer message or value is cut, in UTF-16 units: a peer or a stack may have much to say. */
export const MAX_TEXT = 4000;

/** The message with its values, on one line, without anything unprintable. */
export function messageOf({ template, values }: LogEvent): string {
  return fillPlaces(template, (name) => textOf(values[name]));
}

/** `template` with what `value` says for each place, on one line, printable. */
export function fillPlaces(template: string, value: (name: string) => string): string {
  const text = template.replace(/\{(\w+)\}/g, (_, name: string) => value(name));
  return printable(cut(text));
}

/** A value in words. Never throws, whatever the value does when it is asked for them. */
export function textOf(value: unknown): string {
  try {
    return value instanceof Error ? value.message : String(value);
  } catch {
    return "?";
  }
}

/** The values as JSON has them; a value JSON cannot have is put in words. */
export function plainValues(values: LogValues): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name, plain(value)]),
  );
}

function plain(value: unknown): unknown {
  if (typeof value === "number" || typeof value === "boolean" || value === null) return value;
  return value === undefined ? undefined : cut(textOf(value));
}

function cut(text: string): string {
  return text.length <= MAX_TEXT ? text : `${text.slice(0, MAX_TEXT)}…`;
}
