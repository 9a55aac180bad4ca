/**
 * Reads parts of steps that are not packed yet: SQLite reads the whole record of all workers, but
 * only the part that is asked for becomes memory of ours.
 */

import { DAY_MS, type Span } from "./axis.ts";
import { BadRecord } from "./bytes.ts";
import type { Database } from "./database.ts";
import { MOST_HEAD_BYTES, partOf, readPart } from "./worker_step_record.ts";

/** The steps that began from `from` on and before `to`, oldest first, at most `most`. */
export function spansBetween(database: Database, from: number, to: number, most: number): Span[] {
  const rows = database.rows(
    "SELECT at, ms FROM step WHERE at >= ? AND at < ? ORDER BY at LIMIT ?",
    from,
    to,
    most,
  );
  return rows.map(({ at, ms }) => ({ at: Number(at), ms: Number(ms) }));
}

/** The same of one day. */
export function spansOfDay(database: Database, day: number, most: number): Span[] {
  return spansBetween(database, day * DAY_MS, (day + 1) * DAY_MS, most);
}

/**
 * Puts the 32 bits of workers `from`..`to` - 1 in the step at `at`, if there is one, into `values`,
 * each `stride` after the one before, the first at `start`.
 *
 * @returns whether there is such a step.
 */
export function readWorkersOf(
  database: Database,
  at: number,
  from: number,
  to: number,
  values: Uint32Array,
  start: number,
  stride: number,
): boolean {
  const head = database.row(
    `SELECT substr(workers, 1, ${MOST_HEAD_BYTES}) AS part FROM step WHERE at = ?`,
    at,
  )?.["part"];
  if (!(head instanceof Uint8Array)) return false;
  skipBad(() => {
    const { start: first, length } = partOf(head, from, to);
    const part = database.row(
      "SELECT substr(workers, ?, ?) AS part FROM step WHERE at = ?",
      first + 1,
      length,
      at,
    )?.["part"];
    if (part instanceof Uint8Array) readPart(head, part, from, to, values, start, stride);
  });
  return true;
}

/** The record of the sums of the step at `at`. */
export function sumsRecordOf(database: Database, at: number): Uint8Array | undefined {
  const record = database.row("SELECT sums FROM step WHERE at = ?", at)?.["sums"];
  return record instanceof Uint8Array ? record : undefined;
}

/** A damaged record is left out: it costs what was in it and nothing else. */
export function skipBad(read: () => void): void {
  try {
    read();
  } catch (error) {
    if (!(error instanceof BadRecord)) throw error;
  }
}
