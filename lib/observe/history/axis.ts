/**
 * When the steps of one day were: the records of a day name its steps by their place in this list.
 *
 * A place is never given to another step, so a step that is added later, after the clock was set,
 * comes last.
 */

import { BadRecord, ByteReader, ByteWriter } from "./bytes.ts";

/** A day, in milliseconds. */
export const DAY_MS = 86_400_000;

/** Most steps of a day: twice as many as fit, for steps cut short by restarts. */
export const MOST_STEPS_A_DAY = 288;

/** One step. */
export interface Span {
  /** Its start. */
  readonly at: number;
  /** Its length in milliseconds. */
  readonly ms: number;
}

/** The day that a moment is in, counted from 1970, by UTC. */
export function dayOf(at: number): number {
  return Math.floor(at / DAY_MS);
}

/** The record of the steps of `day`. */
export function axisRecord(day: number, spans: readonly Span[]): Uint8Array {
  const writer = new ByteWriter();
  for (let i = 0; i < spans.length; i++) {
    writer.whole(spans[i]!.at - day * DAY_MS);
    writer.whole(spans[i]!.ms);
  }
  return writer.take();
}

/** The steps of `day` in a record. @throws BadRecord if it is damaged. */
export function readAxis(day: number, record: Uint8Array): Span[] {
  const reader = new ByteReader(record);
  const spans: Span[] = [];
  while (!reader.isOver) {
    if (spans.length >= MOST_STEPS_A_DAY) throw new BadRecord("a day has too many steps");
    spans.push({ at: day * DAY_MS + reader.whole(), ms: reader.whole() });
  }
  return spans;
}

/**
 * Whether two steps are of the same time: the middle of one is within the other. Clocks are never
 * quite right, so steps in a row may overlap a little.
 */
export function isSameTime(one: Span, other: Span): boolean {
  return contains(one, other.at + other.ms / 2) || contains(other, one.at + one.ms / 2);
}

function contains({ at, ms }: Span, time: number): boolean {
  return at <= time && time < at + ms;
}
