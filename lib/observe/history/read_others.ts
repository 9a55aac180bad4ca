/**
 * Reads events, causes and what was learned.
 */

import { MARK_KINDS } from "../marks.ts";
import { CauseCounts, readCauses } from "./cause_counts.ts";
import type { Database } from "./database.ts";
import type { CauseStep, HistoryEvent } from "./steps.ts";

/** An hour, in milliseconds. */
export const HOUR_MS = 3_600_000;

/** Hours of causes read in a turn: 500 combinations at most. */
const HOURS_A_TURN = 1;

/** The newest `most` events of a period, oldest first; those of kinds that we know. */
export function readEvents(
  database: Database,
  from: number,
  to: number,
  most: number,
): HistoryEvent[] {
  const rows = database.rows(
    "SELECT at, kind, text FROM event WHERE at >= ? AND at < ? ORDER BY at DESC, id DESC LIMIT ?",
    from,
    to,
    most,
  );
  const events: HistoryEvent[] = [];
  for (const { at, kind: written, text } of rows.toReversed()) {
    const kind = MARK_KINDS.find((known) => known === written);
    if (kind !== undefined) events.push({ at: Number(at), kind, text: String(text) });
  }
  return events;
}

/** What was counted in the hours that began in a period, summed up by causes. */
export function* readCauseSums(
  database: Database,
  from: number,
  to: number,
): Generator<void, CauseStep[]> {
  const counts = new CauseCounts();
  const hours = database.rows(
    "SELECT hour FROM cause_hour WHERE hour >= ? AND hour <= ? ORDER BY hour",
    Math.floor(from / HOUR_MS),
    Math.ceil(to / HOUR_MS) - 1,
  );
  for (let i = 0; i < hours.length; i++) {
    const text = causesTextOf(database, Number(hours[i]!["hour"]));
    if (text !== undefined) readCauses(text, counts);
    if (i % HOURS_A_TURN === HOURS_A_TURN - 1) yield;
  }
  return counts.list();
}

/** The counts of an hour as they are written. */
export function causesTextOf(database: Database, hour: number): string | undefined {
  const text = database.row("SELECT causes FROM cause_hour WHERE hour = ?", hour)?.["causes"];
  return typeof text === "string" ? text : undefined;
}

/** What was learned of a kind, by key. */
export function readLearned(database: Database, kind: string): Map<string, number> {
  const learned = new Map<string, number>();
  for (
    const { key, value } of database.rows("SELECT key, value FROM learned WHERE kind = ?", kind)
  ) {
    learned.set(String(key), Number(value));
  }
  return learned;
}
