/**
 * The shape of events of `/api/v1/stream` that no other answer has: see shapes.ts.
 */

import * as v from "valibot";
import { about, count } from "./schema_words.ts";

/** @internal Event `missed` of `/api/v1/stream`. */
export const MissedSchema = v.strictObject({
  reason: about(
    "`away`: the reader was away for longer than lines and samples are kept; `restarted`: its " +
      "`Last-Event-ID` is not of this run of btcagent.",
    v.picklist(["away", "restarted"]),
  ),
  events: about(
    "Lines of the log that it missed; null after a restart.",
    v.nullable(count("A number of lines.")),
  ),
  samples: about(
    "Samples that it missed; null after a restart.",
    v.nullable(count("A number of samples.")),
  ),
});

/** What a reader that was away too long is told. */
export type MissedShape = NonNullable<(typeof MissedSchema)["~types"]>["output"];
