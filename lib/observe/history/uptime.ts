/** The part of the past in which miners had a pool. */

import type { HistoryFigures } from "./kept_history.ts";
import type { Subject, SumRow } from "./steps.ts";

/**
 * The part of the time in which there was a pool: of the farm of all the time since the history
 * began, so that time in which btcagent did not run counts as none. Steps after `now`, of a clock
 * that was ahead, are no part of it.
 */
export function uptimeOf(
  figures: Pick<HistoryFigures, "from" | "to">,
  { kind }: Subject,
  rows: readonly SumRow[],
  from: number,
  now: number,
): number | null {
  if (kind === "pool" || rows.length === 0) return null;
  let [seconds, outage] = [0, 0];
  for (const row of rows) {
    seconds += row.seconds;
    outage += row.outageSeconds;
  }
  const { from: first = from, to = from } = figures;
  const all = kind === "farm" ? (Math.min(to, now) - Math.max(from, first)) / 1000 : seconds;
  return all <= 0 ? null : Math.min(1, Math.max(0, (seconds - outage) / all));
}
