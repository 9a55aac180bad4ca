/** The ledger: counts that stand side by side add up, and one miner's never touch another's. */

import assert from "node:assert/strict";
import {
  REFUSE_REASONS,
  REJECT_REASONS,
  UNANSWERED_REASONS,
} from "../../../lib/base/share_reasons.ts";
import {
  columnOf,
  type Count,
  countOf,
  Ledger,
  MinerLedgers,
  refusedIn,
  rejectedIn,
  ShareCounter,
  unansweredIn,
  waitingIn,
} from "../../../lib/mux/books/ledger.ts";

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
  miners.add(0, columnOf("unansweredTimedOut"));
  miners.add(0xfffe, columnOf("received"));
  miners.add(0xfffe, columnOf("unansweredTimedOut"));
  miners.clear(0xfffe);
  assert.equal(miners.snapshot(0).unansweredTimedOut, 1);
  assert.deepEqual(miners.snapshot(0xfffe), miners.snapshot(1));
});

Deno.test("waitingIn is what neither verdict nor anything else has ended", () => {
  const ledger = new Ledger();
  for (let i = 0; i < 20; i++) ledger.add(columnOf("submitted"));
  const ends: Count[] = [
    "accepted",
    ...REJECT_REASONS.map((reason) => countOf("rejected", reason)),
    "assumed",
    ...UNANSWERED_REASONS.map((reason) => countOf("unanswered", reason)),
  ];
  for (const end of ends) ledger.add(columnOf(end));
  for (const reason of REFUSE_REASONS) ledger.add(columnOf(countOf("refused", reason)));
  const snapshot = ledger.snapshot();
  assert.equal(refusedIn(snapshot), REFUSE_REASONS.length);
  assert.equal(rejectedIn(snapshot), REJECT_REASONS.length);
  assert.equal(unansweredIn(snapshot), UNANSWERED_REASONS.length);
  assert.equal(waitingIn(snapshot), 20 - ends.length);
});

Deno.test("every reason is a count of its own, in ledgers of all and of each miner", () => {
  const counts = [
    ...REFUSE_REASONS.map((reason) => countOf("refused", reason)),
    ...REJECT_REASONS.map((reason) => countOf("rejected", reason)),
    ...UNANSWERED_REASONS.map((reason) => countOf("unanswered", reason)),
  ];
  for (const count of counts) {
    const [ledger, miners] = [new Ledger(), new MinerLedgers(1)];
    ledger.add(columnOf(count));
    miners.add(0, columnOf(count));
    for (const snapshot of [ledger.snapshot(), miners.snapshot(0)]) {
      assert.equal(snapshot[count], 1, count);
      assert.equal(Object.values(snapshot).reduce((sum, one) => sum + one, 0), 1, count);
    }
  }
});

Deno.test("A snapshot stays as it was when it was taken", () => {
  const ledger = new Ledger();
  ledger.add(columnOf("accepted"));
  const before = ledger.snapshot();
  ledger.add(columnOf("accepted"));
  assert.equal(before.accepted, 1);
  assert.equal(Object.values(before).reduce((a, b) => a + b, 0), 1);
});
