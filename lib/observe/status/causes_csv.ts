/**
 * `/api/v1/causes.csv`: what was lost and why, for a spreadsheet.
 */

import { csvLine } from "./csv.ts";
import type { CausesShape } from "./worker_shapes.ts";

const HEAD = ["window", "dimension", "name", "good", "lost", "part", "lost_hashes"];

/** The dimensions of causes, as the first cells name them. */
const DIMENSIONS = ["reasons", "pools", "software", "subnets", "accounts"] as const;

/** Yields the text of the answer: the totals of both periods, then each cause. */
export function* causesCsv(causes: CausesShape): Generator<string, void> {
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
