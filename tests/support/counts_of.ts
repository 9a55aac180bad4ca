/** What charts are drawn from, as a made-up summary has it. */

import type { Counts } from "../../lib/observe/chart_samples.ts";
import { goodShares } from "../../lib/observe/status/share_sums.ts";
import type { SummaryShape } from "../../lib/observe/status/shapes.ts";

/** The counts of a summary. */
export function countsOf(summary: SummaryShape): Counts {
  const { miners, shares, credited_difficulty, traffic } = summary;
  const sum = (counts: Readonly<Record<string, number>>) =>
    Object.values(counts).reduce((total, count) => total + count, 0);
  return {
    miners: miners.states.working,
    accepted: goodShares(shares),
    rejected: sum(shares.rejected) + sum(shares.refused),
    difficulty: credited_difficulty,
    bytesUp: traffic.bytes_written,
    bytesDown: traffic.bytes_read,
  };
}
