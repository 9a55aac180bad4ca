/**
 * What an error of the database means, by SQLite's result codes (sqlite.org/rescode.html).
 */

import { fileTrouble } from "../../base/file_trouble.ts";
import type { HistoryState } from "./kept_history.ts";

/** What went wrong. `busy`: another process writes just now. */
export type Trouble = Exclude<HistoryState, "working" | "waiting" | "no_clock"> | "busy";

const CODES: Readonly<Record<number, Trouble>> = {
  5: "busy", // SQLITE_BUSY
  6: "busy", // SQLITE_LOCKED
  8: "read_only", // SQLITE_READONLY
  11: "damaged", // SQLITE_CORRUPT
  13: "full", // SQLITE_FULL
  26: "damaged", // SQLITE_NOTADB
};

/** What `error` means. @throws `error` itself if it comes neither from SQLite nor from Deno. */
export function troubleOf(error: unknown): Trouble {
  if (error instanceof Deno.errors.NotCapable) return "read_only";
  if (!isOfSqlite(error)) throw error;
  // The upper bits say more than is needed here.
  return CODES[(error.errcode ?? 0) & 0xff] ?? "failing";
}

/** `error` in words: a clause. */
export function troubleText(error: unknown): string {
  return fileTrouble(error);
}

function isOfSqlite(error: unknown): error is Error & { readonly errcode?: number } {
  if (!(error instanceof Error) || !("code" in error)) return false;
  // The second: work on a database that was closed meanwhile, because it was damaged or at a stop.
  return error.code === "ERR_SQLITE_ERROR" || error.code === "ERR_INVALID_STATE";
}
