/** Which miners are sent away. */

import assert from "node:assert/strict";
import { systemTime } from "../../lib/base/system_time.ts";
import { Farewells } from "../../lib/mux/farewells.ts";
import type { MinerSeat } from "../../lib/mux/seat.ts";
import { WaitingMiners } from "../../lib/mux/waiting_miners.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { looseSeat } from "../support/loose_seat.ts";

const GRACE_MS = 30_000;

function rig() {
  const clock = new FakeClock();
  const waiting = new WaitingMiners(clock.now, GRACE_MS);
  const roomy = new Set<MinerSeat>();
  const isRoomFor = (seat: MinerSeat) => roomy.has(seat);
  return {
    clock,
    waiting,
    roomy,
    farewells: new Farewells({ waiting, isRoomFor, timers: systemTime }),
  };
}

Deno.test("an overdue miner is disconnected unless there is room for it", () => {
  const { clock, waiting, roomy, farewells } = rig();
  const [lost, lucky] = [looseSeat(1), looseSeat(2)];
  for (const { seat } of [lost, lucky]) waiting.add(seat);
  roomy.add(lucky.seat);
  clock.advance(GRACE_MS - 1);
  farewells.tick();
  assert.equal(lost.miner.disconnectedFor, undefined);
  clock.advance(1);
  farewells.tick();
  assert.equal(lost.miner.disconnectedFor, "no pool for over 30 s");
  assert.equal(lucky.miner.disconnectedFor, undefined);
});

Deno.test("a refused account turns its newcomers away and keeps the miners that worked", () => {
  const { waiting, farewells } = rig();
  const [worked, young, late] = [looseSeat(1), looseSeat(2), looseSeat(3)];
  worked.seat.isAdmitted = true;
  for (const { seat } of [worked, young]) waiting.add(seat);
  assert.ok(!farewells.turnedAway(late.miner));
  farewells.refuse();
  assert.deepEqual([...waiting.seats()], [worked.seat]);
  assert.equal(young.miner.turnedAwayFor, "the pool refuses its sub-account");
  assert.ok(young.seat.isGone && !worked.seat.isGone);
  assert.ok(farewells.turnedAway(late.miner));
  farewells.accept();
  assert.ok(!farewells.turnedAway(looseSeat(4).miner));
});
