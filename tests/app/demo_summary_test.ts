/** What the demo says of its shares in the end. */

import assert from "node:assert/strict";
import { demoSummary } from "../../lib/app/demo_summary.ts";
import { Ledger } from "../../lib/mux/books/ledger.ts";

const NONE = new Ledger().snapshot();

Deno.test("a demo says how many shares went up and how many were kept, and what pools judged", () => {
  assert.deepEqual(
    demoSummary(111, { ...NONE, received: 111, submitted: 30, kept: 81 }, [
      { what: "agent pool", submits: 20, accepted: 20, rejected: 0 },
      { what: "Stratum pool", submits: 10, accepted: 9, rejected: 1 },
    ]),
    [
      "Miners found 111 shares: 30 sent up, 81 kept here (below the pool's difficulty).",
      "The agent pool checked the header of each of the 20 that reached it: 20 accepted, 0 rejected.",
      "The Stratum pool checked the header of each of the 10 that reached it: 9 accepted, 1 rejected.",
    ],
  );
});

Deno.test("every share of a demo is in one of its figures, whatever became of it", () => {
  const shares = {
    ...NONE,
    received: 95,
    submitted: 30,
    kept: 50,
    refusedStale: 7,
    refusedDuplicate: 3,
    refusedLowDifficulty: 1,
    outage: 4,
  };
  const [line = ""] = demoSummary(100, shares, []);
  const [found, ...ends] = [...line.matchAll(/\d+/g)].map(Number);
  assert.deepEqual([found, ...ends], [100, 30, 50, 7, 4, 4, 5]);
});
