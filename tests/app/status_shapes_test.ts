/** The API's shares are the ledger's, reason by reason. */

import assert from "node:assert/strict";
import {
  REFUSE_REASONS,
  REJECT_REASONS,
  snakeCase,
  UNANSWERED_REASONS,
} from "../../lib/base/share_reasons.ts";
import { columnOf, type Count, countOf, Ledger } from "../../lib/mux/books/ledger.ts";
import { sharesShape } from "../../lib/app/status_shapes.ts";

Deno.test("every reason of the ledger is shown under its name, and none twice", () => {
  const lists: Readonly<Record<"refused" | "rejected" | "unanswered", readonly string[]>> = {
    refused: REFUSE_REASONS,
    rejected: REJECT_REASONS,
    unanswered: UNANSWERED_REASONS,
  };
  for (const ended of ["refused", "rejected", "unanswered"] as const) {
    for (const reason of lists[ended]) {
      const ledger = new Ledger();
      // The types cannot follow both loops at once.
      ledger.add(columnOf(countOf(ended, reason) as Count));
      const shown: Record<string, number> = sharesShape(ledger.snapshot())[ended];
      assert.deepEqual(Object.keys(shown), lists[ended].map((each) => snakeCase(each)));
      assert.equal(shown[snakeCase(reason)], 1, `${ended} ${reason}`);
      assert.equal(Object.values(shown).reduce((sum, count) => sum + count, 0), 1);
    }
  }
});
