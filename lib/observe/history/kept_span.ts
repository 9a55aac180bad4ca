/**
 * From when to when a history is.
 */

import { axisOf } from "./day_packer.ts";
import type { Database } from "./database.ts";

/** The start of the oldest step and the end of the newest; `undefined` while there is none. */
export function keptSpan(
  database: Database,
): { readonly from: number | undefined; readonly to: number | undefined } {
  const { first, last } = database.row("SELECT min(day) AS first, max(day) AS last FROM day") ?? {};
  const starts = typeof first === "number" ? axisOf(database, first).map(({ at }) => at) : [];
  const ends = typeof last === "number" ? axisOf(database, last).map(({ at, ms }) => at + ms) : [];
  const oldest = database.row("SELECT min(at) AS at FROM step")?.["at"];
  const newest = database.row("SELECT at + ms AS at FROM step ORDER BY at DESC LIMIT 1")?.["at"];
  if (typeof oldest === "number") starts.push(oldest);
  if (typeof newest === "number") ends.push(newest);
  return {
    from: starts.length === 0 ? undefined : Math.min(...starts),
    to: ends.length === 0 ? undefined : Math.max(...ends),
  };
}
