/** The ledger: counts that stand side by side add up, and one miner's never touch another's. */

import assert from "node:assert/strict";
import {
  Ledger,
  MinerLedgers,
  refusedIn,
  rejectedIn,
  ShareCounter,
  unansweredIn,
  waitingIn,
} from "../../lib/mux/ledger.ts";

Deno.test("ShareCounter counts a share for its miner, its connection and all together", () => {
  const counter = new ShareCounter(4);
  const upstream = new Ledger();
  for (const id of [0, 1, 2, 3]) counter.begin(id);
  counter.add(2, "received", upstream);
  counter.add(2, "submitted", upstream);
  counter.add(undefined, "received");
  assert.equal(counter.total.get("received"), 2);
  assert.equal(upstream.get("received"), 1);
  assert.equal(counter.minerShares(2).received, 1);
  assert.equal(counter.minerShares(2).submitted, 1);
  for (const other of [0, 1, 3]) assert.equal(counter.minerShares(other).received, 0);
});

Deno.test("ShareCounter begins every miner at zero, and shows nothing of one that has gone", () => {
  const counter = new ShareCounter(4);
  counter.begin(3);
  counter.add(3, "accepted");
  counter.credit(3, 64, 1000);
  assert.ok(counter.minerHashrate(3, 60_000, 0, 1000) > 0);
  counter.end(3);
  assert.equal(counter.minerShares(3).accepted, 0);
  assert.equal(counter.minerHashrate(3, 60_000, 0, 1000), 0);
  counter.begin(0);
  counter.add(3, "accepted");
  assert.equal(counter.minerShares(0).accepted, 0);
  assert.equal(counter.minerHashrate(0, 60_000, 0, 1000), 0);
  assert.equal(counter.total.get("accepted"), 2);
});

Deno.test("MinerLedgers keeps the first and the last row apart", () => {
  const miners = new MinerLedgers(0xffff);
  miners.add(0, "unansweredTimedOut");
  miners.add(0xfffe, "received");
  miners.add(0xfffe, "unansweredTimedOut");
  miners.clear(0xfffe);
  assert.equal(miners.snapshot(0).unansweredTimedOut, 1);
  assert.deepEqual(miners.snapshot(0xfffe), miners.snapshot(1));
});

Deno.test("waitingIn is what neither verdict nor anything else has ended", () => {
  const ledger = new Ledger();
  for (let i = 0; i < 20; i++) ledger.add("submitted");
  for (
    const end of [
      "accepted",
      "rejectedStale",
      "rejectedDuplicate",
      "rejectedLowDifficulty",
      "rejectedTimeTooOld",
      "rejectedTimeTooNew",
      "rejectedVersionMask",
      "rejectedOther",
      "assumed",
      "unansweredConnectionLost",
      "unansweredMinerGone",
      "unansweredTimedOut",
    ] as const
  ) ledger.add(end);
  for (const reason of ["refusedIllegal", "refusedUnauthorized", "refusedStale"] as const) {
    ledger.add(reason);
  }
  const snapshot = ledger.snapshot();
  assert.equal(refusedIn(snapshot), 3);
  assert.equal(rejectedIn(snapshot), 7);
  assert.equal(unansweredIn(snapshot), 3);
  assert.equal(waitingIn(snapshot), 8);
});

Deno.test("A snapshot stays as it was when it was taken", () => {
  const ledger = new Ledger();
  ledger.add("accepted");
  const before = ledger.snapshot();
  ledger.add("accepted");
  assert.equal(before.accepted, 1);
  assert.equal(Object.values(before).reduce((a, b) => a + b, 0), 1);
});
