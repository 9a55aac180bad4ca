/** What the demo says of its shares in the end. */

import assert from "node:assert/strict";
import { demoSummary, toldOf } from "../../lib/app/demo_summary.ts";
import { Ledger } from "../../lib/mux/books/ledger.ts";
import { newMinerCounts } from "../../lib/sim/miner_ledger.ts";

const NONE = new Ledger().snapshot();

Deno.test("a demo shows how many shares were sent and kept, and what the pools answered", () => {
  assert.deepEqual(
    demoSummary(111, { ...NONE, received: 111, submitted: 30, kept: 81 }, [
      { what: "agent pool", submits: 20, accepted: 20, rejected: 0 },
      { what: "Stratum pool", submits: 10, accepted: 9, rejected: 1 },
    ], undefined),
    [
      "Miners found 111 shares: 30 sent up, 81 kept here (below the pool's difficulty).",
      "The agent pool checked the header of each of the 20 that reached it: 20 accepted, 0 rejected.",
      "The Stratum pool checked the header of each of the 10 that reached it: 9 accepted, 1 rejected.",
    ],
  );
});

Deno.test("every share of a demo is in exactly one of its figures", () => {
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
  const [line = ""] = demoSummary(100, shares, [], undefined);
  const [found, ...ends] = [...line.matchAll(/\d+/g)].map(Number);
  assert.deepEqual([found, ...ends], [100, 30, 50, 7, 4, 4, 5]);
});

Deno.test("a demo with faulty miners shows the verdicts of the miners without faults", () => {
  const told = toldOf({
    ...newMinerCounts(),
    submitted: 60,
    accepted: 50,
    rejected: 7,
    rejectedByCode: new Map([[21, 4], [23, 3]]),
    waitingNow: 1,
    unanswered: 2,
  });
  const line = demoSummary(60, NONE, [], told).at(-1);
  assert.equal(
    line,
    "Miners without faults found 60 of them: 50 accepted, 4 too late, 3 without an answer, " +
      "3 rejected.",
  );
});
