/**
 * Takes a worker out of a history so that no byte of its name is left in the file: names are data
 * of customers.
 *
 * Deleted bytes are overwritten (`secure_delete`), the tables that hold names are written again, so
 * that nothing is left in the gaps between rows, free pages are cut off, and the log is emptied.
 */

import { finished } from "../../base/steps.ts";
import { giveBack } from "./cleaning.ts";
import type { Database } from "./database.ts";
import { findWorkers, fullNameOf } from "./find_worker.ts";
import { DAY_KEY } from "./schema.ts";
import { skipBad } from "./steps_table.ts";
import { eraseWorker } from "./worker_step_record.ts";

/** What was found and removed. */
export interface Purged {
  /** The workers, each `account.name`, or the name alone without a sub-account. */
  readonly workers: readonly string[];
  /** Whether nothing is left in the log either: another process may be reading it. */
  readonly isLogEmpty: boolean;
}

/** Tables with names of workers in them, or in texts. */
const TABLES = ["worker", "learned", "event"] as const;

/** Tries to empty the log. */
const TRIES = 20;

/**
 * Removes every worker that `wanted` means: a name, or `account.name`, as it is or as it is shown.
 *
 * @throws the errors of the database.
 */
export function purgeWorker(database: Database, wanted: string): Purged {
  const found = finished(findWorkers(database, wanted));
  if (found.length === 0) return { workers: [], isLogEmpty: true };
  database.run("PRAGMA secure_delete = ON");
  for (const { id } of found) eraseSteps(database, id);
  database.transaction(() => {
    for (const { id, name } of found) {
      database.run("DELETE FROM worker WHERE id = ?", id);
      eraseMentions(database, name);
    }
  });
  for (const table of TABLES) writeAnew(database, table);
  finished(giveBack(database, function* (act) {
    yield database.transaction(act);
  }));
  return { workers: found.map(fullNameOf), isLogEmpty: emptyLog(database) };
}

/** Empties the log into the database. @returns whether nobody kept it from doing so. */
export function emptyLog(database: Database): boolean {
  for (let i = 0; i < TRIES; i++) {
    if (database.checkpoint("TRUNCATE").isComplete) return true;
  }
  return false;
}

function eraseSteps(database: Database, worker: number): void {
  for (const { day } of database.rows("SELECT day FROM day")) {
    database.run("DELETE FROM worker_day WHERE id = ?", Number(day) * DAY_KEY + worker);
  }
  for (const { at } of database.rows("SELECT at FROM step")) {
    // One at a time, so that the process that keeps the history can write in between.
    database.transaction(() => {
      const record = database.row("SELECT workers FROM step WHERE at = ?", Number(at))?.["workers"];
      if (!(record instanceof Uint8Array)) return;
      skipBad(() => {
        if (!eraseWorker(record, worker)) return;
        database.run("UPDATE step SET workers = ? WHERE at = ?", record, Number(at));
      });
    });
  }
}

/** What else has the name in it: what was learned of the worker, and words of events. */
function eraseMentions(database: Database, name: string): void {
  for (const { kind, key } of database.rows("SELECT kind, key FROM learned")) {
    if (mentions(String(key), name)) {
      database.run("DELETE FROM learned WHERE kind = ? AND key = ?", String(kind), String(key));
    }
  }
  for (const { id, text } of database.rows("SELECT id, text FROM event")) {
    if (!mentions(String(text), name)) continue;
    const rest = String(text).split(name).join("?");
    database.run("UPDATE event SET text = ? WHERE id = ?", rest, Number(id));
  }
}

/** Whether a text has the name in it as a word of its own: `rig1` is not in `rig10`. */
function mentions(text: string, name: string): boolean {
  if (name === "") return false;
  const isOfName = (character: string | undefined) =>
    character !== undefined && /[\p{L}\p{N}]/u.test(character);
  for (let at = text.indexOf(name); at >= 0; at = text.indexOf(name, at + 1)) {
    if (!isOfName(text[at - 1]) && !isOfName(text[at + name.length])) return true;
  }
  return false;
}

/** Writes a table into new pages; the old ones are overwritten when they become free. */
function writeAnew(database: Database, table: typeof TABLES[number]): void {
  const ofTable = database.rows("SELECT type, sql FROM sqlite_schema WHERE tbl_name = ?", table);
  const own = ofTable.find(({ type }) => type === "table")?.["sql"];
  const indexes = ofTable.filter(({ type, sql }) => type === "index" && sql !== null);
  const sql = String(own).replace(/^CREATE TABLE "?\w+"?/, `CREATE TABLE ${table}_anew`);
  database.transaction(() => {
    database.run(sql);
    database.run(`INSERT INTO ${table}_anew SELECT * FROM ${table}`);
    database.run(`DROP TABLE ${table}`);
    database.run(`ALTER TABLE ${table}_anew RENAME TO ${table}`);
    for (const index of indexes) database.run(String(index["sql"]));
  });
}
