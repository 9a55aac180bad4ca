/**
 * Finds workers by name, as people give it: `account.worker`, or the worker's name alone, and with
 * "?" for what cannot be printed, as names are shown.
 */

import { printable } from "../../base/printable.ts";
import type { Database, Row } from "./database.ts";
import type { WorkerName } from "./steps.ts";

/** A worker that was found. */
export interface FoundWorker extends WorkerName {
  /** Its number in the file. */
  readonly id: number;
}

/** Numbers looked through in a turn: by SQLite alone, and by us. */
const IDS_A_TURN = 4_096;
const NAMES_A_TURN = 512;

/** Stands for what cannot be printed. */
const MARK = "?";

/**
 * The workers that `wanted` means, in every sub-account: those of exactly this name, or else those
 * that are shown so.
 */
export function* findWorkers(database: Database, wanted: string): Generator<void, FoundWorker[]> {
  const end = database.number("SELECT max(id) FROM worker") + 1;
  const exact: FoundWorker[] = [];
  for (let from = 0; from < end; from += IDS_A_TURN) {
    const rows = database.rows(
      `SELECT id, account, name FROM worker WHERE id >= ?2 AND id < ?3
         AND (name = ?1 OR account || '.' || name = ?1)`,
      wanted,
      from,
      from + IDS_A_TURN,
    );
    exact.push(...rows.map(foundIn));
    yield;
  }
  return exact.length > 0 || !wanted.includes(MARK) ? exact : yield* shownAs(database, wanted, end);
}

/** `account.worker`, or the name alone without a sub-account. */
export function fullNameOf({ account, name }: WorkerName): string {
  return account === "" ? name : `${account}.${name}`;
}

function* shownAs(
  database: Database,
  wanted: string,
  end: number,
): Generator<void, FoundWorker[]> {
  const shown: FoundWorker[] = [];
  for (let from = 0; from < end; from += NAMES_A_TURN) {
    const rows = database.rows(
      "SELECT id, account, name FROM worker WHERE id >= ? AND id < ?",
      from,
      from + NAMES_A_TURN,
    );
    for (let i = 0; i < rows.length; i++) {
      const worker = foundIn(rows[i]!);
      if (printable(worker.name) === wanted || printable(fullNameOf(worker)) === wanted) {
        shown.push(worker);
      }
    }
    yield;
  }
  return shown;
}

function foundIn(row: Row): FoundWorker {
  return { id: Number(row["id"]), account: String(row["account"]), name: String(row["name"]) };
}
