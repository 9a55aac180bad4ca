/**
 * Opens a history for a command beside the process that keeps it, which may run or not. Creates and
 * upgrades nothing, and leaves a damaged file alone.
 */

import type { Now } from "../../base/clock.ts";
import { fileTrouble } from "../../base/file_trouble.ts";
import { Database } from "./database.ts";
import { PlaceTaken, refuseForeign, refuseOthers } from "./place.ts";
import { SCHEMA_VERSION } from "./schema.ts";

/** A command waits this long for others that write, in milliseconds. */
const BUSY_MS = 30_000;

/** The part of a file that says whose it is, in bytes. */
const HEAD_BYTES = 512;

/** Opens the history at `path`. @throws an error whose message is a clause for people. */
export function lookInto(path: string, now: Now): Database {
  refuseOthers(path);
  const head = headOf(path);
  if (!head.startsWith("SQLite format 3\0")) throw new PlaceTaken("it is not a history");
  refuseForeign(head);
  const database = new Database(path, { now, busyMs: BUSY_MS });
  try {
    const version = database.number("PRAGMA user_version");
    if (version === SCHEMA_VERSION) return database;
    throw new PlaceTaken(
      "an older btcagent wrote it: start this one with it once, which brings it up to date",
    );
  } catch (error) {
    database.close();
    throw error;
  }
}

/** Whether a running process keeps the history at `path`. */
export function isKept(path: string): boolean {
  try {
    using lock = Deno.openSync(`${path}.lock`, { read: true, write: true });
    return !lock.tryLockSync(false);
  } catch {
    // There is no lock, or none for us to look at.
    return false;
  }
}

/** The size of a history with the files beside it, in bytes. */
export function sizeOf(path: string): number {
  let bytes = 0;
  for (const end of ["", "-wal"]) {
    try {
      bytes += Deno.statSync(path + end).size;
    } catch {
      // It is not there.
    }
  }
  return bytes;
}

function headOf(path: string): string {
  try {
    using file = Deno.openSync(path, { read: true });
    const bytes = new Uint8Array(HEAD_BYTES);
    const length = file.readSync(bytes) ?? 0;
    return String.fromCharCode(...bytes.subarray(0, length));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) throw new PlaceTaken("it is not there");
    throw new PlaceTaken(fileTrouble(error));
  }
}
