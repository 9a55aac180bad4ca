/** Miners without a place, and how long they may wait. */

import assert from "node:assert/strict";
import { WaitingMiners } from "../../lib/mux/waiting_miners.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { looseSeat } from "../support/loose_seat.ts";

const GRACE_MS = 30_000;

function waitingRoom() {
  const clock = new FakeClock();
  return { clock, waiting: new WaitingMiners(clock.now, GRACE_MS) };
}

Deno.test("in an outage all miners are overdue at its end of grace, however late they came", () => {
  const { clock, waiting } = waitingRoom();
  waiting.add(looseSeat(1).seat);
  clock.advance(GRACE_MS - 1);
  waiting.add(looseSeat(2).seat);
  assert.ok(!waiting.areOverdue);
  clock.advance(1);
  assert.equal([...waiting.overdue()].length, 2);
  assert.equal(waiting.overdueReason, "no pool for over 30 s");
});

Deno.test("while a pool serves each miner has its own grace, the longest wait first", () => {
  const { clock, waiting } = waitingRoom();
  waiting.outageEnds();
  const seats = [1, 2, 3].map((id) => looseSeat(id).seat);
  for (const seat of seats) {
    waiting.add(seat);
    clock.advance(10_000);
  }
  // One that waits already keeps its turn.
  waiting.add(seats[0]!);
  assert.deepEqual([...waiting.overdue()], [seats[0]]);
  assert.equal(waiting.overdueReason, "no pool connection with room for over 30 s");
  clock.advance(10_000);
  assert.deepEqual([...waiting.overdue()], [seats[0], seats[1]]);
  waiting.delete(seats[0]!);
  assert.deepEqual([...waiting.overdue()], [seats[1]]);
});

Deno.test("the wait in an outage does not count against a miner once a pool serves", () => {
  const { clock, waiting } = waitingRoom();
  waiting.add(looseSeat(1).seat);
  clock.advance(GRACE_MS - 1);
  waiting.outageEnds();
  clock.advance(GRACE_MS - 1);
  assert.ok(!waiting.areOverdue);
  clock.advance(1);
  assert.ok(waiting.areOverdue);
  waiting.outageBegins();
  assert.ok(!waiting.areOverdue, "a new outage has a whole grace");
});

Deno.test("no miner is overdue while there is no limit", () => {
  const { clock, waiting } = waitingRoom();
  waiting.add(looseSeat(1).seat);
  waiting.reconfigure(Infinity);
  clock.advance(1_000 * GRACE_MS);
  assert.ok(!waiting.areOverdue);
});

Deno.test("only waiting miners that worked before are told news", () => {
  const { waiting } = waitingRoom();
  const [old, young] = [looseSeat(1), looseSeat(2)];
  old.seat.isAdmitted = true;
  waiting.add(young.seat);
  assert.ok(!waiting.haveIdlers);
  waiting.add(old.seat);
  assert.ok(waiting.haveIdlers);
  assert.deepEqual(waiting.idlers.handles(), [old.miner.handle]);
});
