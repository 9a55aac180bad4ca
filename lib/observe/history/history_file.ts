/**
 * The file of a history, open: its database and the numbers of names in it.
 *
 * Opening it makes the tables, upgrades those of an older version, and replaces a damaged file.
 */

import type { Now } from "../../base/clock.ts";
import { Database } from "./database.ts";
import { NameTable } from "./name_table.ts";
import type { Place } from "./place.ts";
import { APPLICATION_ID, SCHEMA_VERSION, UPGRADES } from "./schema.ts";
import { troubleOf, troubleText } from "./trouble.ts";

/** What opening needs. */
export interface FileOptions {
  /** Monotonic time. */
  readonly now: Now;
  /** Milliseconds since 1970. */
  readonly wallNow: Now;
  /** The greatest size of the file, in bytes. */
  readonly maxBytes: number;
  /** The most workers in it. */
  readonly mostWorkers: number;
  /** Gets the time that each call took that may wait for the disk. */
  readonly disk: (ms: number) => void;
}

/** An open file. */
export interface HistoryFile {
  /** Its database. */
  readonly database: Database;
  /** The numbers of workers, by sub-account and name. */
  readonly workers: NameTable;
  /** The numbers of sums, by kind and name. */
  readonly subjects: NameTable;
  /** Which file this is, also after another takes its place. */
  readonly identity: string | undefined;
}

/** Pools and sub-accounts with sums of their own. */
const MOST_SUBJECTS = 1_024;

/** At the start another process may write for a moment: `btcagent history purge`. */
const OPEN_BUSY_MS = 2_000;

/** The log's file is cut to this length once all of it is in the database. */
const LOG_BYTES = 4 * 2 ** 20;

/** The file is damaged: the message is a clause that says how. */
class Damaged extends Error {
  override readonly name = "Damaged";
}

/**
 * Opens the file of a place, or makes one. A damaged file is set aside.
 *
 * @param say gets a sentence about what an operator should know.
 * @throws PlaceTaken, the errors of SQLite and Deno's, if there can be no file.
 */
export function openHistoryFile(
  place: Place,
  options: FileOptions,
  say: (sentence: string) => void,
): HistoryFile {
  const replaced = (why: string) => {
    const path = place.setAside(options.wallNow());
    say(`${place.path} is damaged (${why}): it is ${path} now, and the history starts again`);
  };
  if (place.look() === "damaged") {
    replaced("it is not a database");
    place.look();
  }
  try {
    return open(place, options);
  } catch (error) {
    if (!isDamage(error)) throw error;
    replaced(troubleText(error));
    place.look();
    return open(place, options);
  }
}

function open(place: Place, { now, maxBytes, mostWorkers, disk }: FileOptions): HistoryFile {
  const database = new Database(place.path, { now, disk, busyMs: OPEN_BUSY_MS });
  try {
    if (database.number("PRAGMA schema_version") === 0) {
      // Only possible in an empty database. Deno refuses VACUUM, which could change it later.
      database.run("PRAGMA auto_vacuum = INCREMENTAL");
    }
    database.run("PRAGMA journal_mode = WAL");
    database.run("PRAGMA synchronous = NORMAL");
    database.run("PRAGMA wal_autocheckpoint = 0");
    database.run("PRAGMA temp_store = MEMORY");
    database.run(`PRAGMA journal_size_limit = ${LOG_BYTES}`);
    upgrade(database);
    const pageBytes = database.number("PRAGMA page_size");
    const { isComplete } = database.checkpoint("TRUNCATE");
    const wanted = database.number("PRAGMA page_count") * pageBytes;
    if (isComplete && place.length < wanted) {
      throw new Damaged(`it has ${place.length} bytes, wanted ${wanted}`);
    }
    touch(database);
    database.run(`PRAGMA max_page_count = ${Math.ceil(maxBytes / pageBytes)}`);
    const file = {
      database,
      workers: new NameTable(database, "worker", mostWorkers),
      subjects: new NameTable(database, "subject", MOST_SUBJECTS),
      identity: place.identity(),
    };
    // From now on nothing waits: it is tried again in a later turn.
    database.run("PRAGMA busy_timeout = 0");
    return file;
  } catch (error) {
    database.close();
    throw error;
  }
}

/** Takes the steps that make the tables what they are now, each whole or not at all. */
function upgrade(database: Database): void {
  const version = database.number("PRAGMA user_version");
  for (let step = version; step < SCHEMA_VERSION; step++) {
    database.transaction(() => {
      for (const statement of UPGRADES[step]!) database.run(statement);
      database.run(`PRAGMA user_version = ${step + 1}`);
      database.run(`PRAGMA application_id = ${APPLICATION_ID}`);
    });
  }
}

/** Reads a little of every table, so that damage is found now and not in days. */
function touch(database: Database): void {
  const tables = database.rows("SELECT name FROM sqlite_schema WHERE type = 'table'");
  for (const { name } of tables) {
    database.row(`SELECT * FROM "${name}" LIMIT 1`);
    if (name !== "learned") database.row(`SELECT * FROM "${name}" ORDER BY rowid DESC LIMIT 1`);
  }
}

function isDamage(error: unknown): boolean {
  return error instanceof Damaged || isDamagedDatabase(error);
}

function isDamagedDatabase(error: unknown): boolean {
  try {
    return troubleOf(error) === "damaged";
  } catch {
    return false;
  }
}
