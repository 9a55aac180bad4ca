/**
 * A logged event in parts, and its message as text that is safe to show anywhere.
 */

import { counted } from "../base/counted.ts";
import { printable } from "../base/printable.ts";

/** How much an event matters, the least first. */
export const LOG_LEVELS = ["debug", "info", "warning", "error"] as const;

/** How much an event matters. */
export type LogLevel = typeof LOG_LEVELS[number];

/** The parts of the program that log. */
export const LOG_AREAS = ["agent", "miner", "mux", "pool"] as const;

/** One part of the program that logs. */
export type LogArea = typeof LOG_AREAS[number];

/** Values for the places that a message names in braces. */
export type LogValues = Readonly<Record<string, unknown>>;

/** An event that one part of the program logs. */
export interface LogEvent {
  /** How much it matters. */
  readonly level: LogLevel;
  /** The part of the program. */
  readonly area: LogArea;
  /** A sentence with `{places}` for values; see {@linkcode fillPlaces}. */
  readonly template: string;
  /** Values for these places, and more values for programs. */
  readonly values: LogValues;
}

/** An event and its time. */
export interface LogRecord extends LogEvent {
  /** Milliseconds since 1970. */
  readonly timestamp: number;
}

/**
 * The greatest length of a message or value, in UTF-16 units; longer ones, from a peer or a stack
 * trace, are cut.
 */
export const MAX_TEXT = 4000;

/** Returns the message with its values, on one line, without unprintable characters. */
export function messageOf({ template, values }: LogEvent): string {
  return fillPlaces(template, (name) => textOf(values[name]));
}

/**
 * Fills each place of `template` with the text that `value` returns for its name: one line,
 * printable. A place with a noun, such as `{count|miner}`, becomes `1 miner` or `2 miners`.
 */
export function fillPlaces(template: string, value: (name: string) => string): string {
  const text = template.replace(
    /\{(\w+)(?:\|([\w -]+))?\}/g,
    (_, name: string, noun?: string) => {
      const filled = value(name);
      return noun === undefined ? filled : counted(filled, noun);
    },
  );
  return printable(cut(text));
}

/** Puts a value in words. Never throws, even when the value's own methods do. */
export function textOf(value: unknown): string {
  try {
    return value instanceof Error ? value.message : String(value);
  } catch {
    return "?";
  }
}

/** Returns the values as JSON can hold them; any other value is put in words. */
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
