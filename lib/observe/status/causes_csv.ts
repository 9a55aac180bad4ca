/**
 * `/api/v1/causes.csv` and `/api/v1/history/causes.csv`: what was lost and why, for a spreadsheet.
 */

import { csvLine } from "./csv.ts";
import type { LossesByCauseShape } from "./worker_shapes.ts";

const HEAD = ["window", "dimension", "name", "good", "lost", "part", "lost_hashes"];

/** The dimensions of causes, as the first cells name them. */
const DIMENSIONS = ["reasons", "pools", "software", "subnets", "accounts"] as const;

/** Yields the text of the answer: the totals of each period, then each cause. */
export function* causesCsv(
  causes: Readonly<Record<string, LossesByCauseShape>>,
): Generator<string, void> {
  yield csvLine(HEAD);
  for (const [window, losses] of Object.entries(causes)) {
    const { good, lost, part, lost_hashes } = losses;
    yield csvLine([window, "all", "", good, lost, part, lost_hashes]);
    for (const dimension of DIMENSIONS) {
      for (const cause of losses[dimension]) {
        const { name, good, lost, part, lost_hashes } = cause;
        yield csvLine([window, dimension, name, good, lost, part, lost_hashes]);
      }
    }
  }
}
