/** The connections of an account, and where a miner can work. */

import assert from "node:assert/strict";
import type { MinerSeat } from "../../lib/mux/seat.ts";
import { Slot } from "../../lib/mux/slot.ts";
import { placeFor, Slots } from "../../lib/mux/slots.ts";
import type { Terms } from "../../lib/mux/terms.ts";
import { CheckedUpstream } from "../support/checked_upstream.ts";
import { looseSeat } from "../support/loose_seat.ts";
import { MuxWorld } from "../support/mux_world.ts";

/** No time of these tests. */
const NOW = 0;

const { mux } = new MuxWorld();

function slotOf(name: string, terms: Partial<Terms> = {}, versionMask = 0x1fffe000) {
  const upstream = new CheckedUpstream(name, mux, { terms });
  upstream.versionMask = versionMask;
  return new Slot<MinerSeat>(upstream, NOW);
}

function slotsOf(...all: Slot<MinerSeat>[]): Slots {
  const slots = new Slots();
  for (const slot of all) slots.add(slot);
  return slots;
}

Deno.test("connections serve in the order in which they became ready", () => {
  const [a, b, c] = [slotOf("a"), slotOf("b"), slotOf("c")];
  const slots = slotsOf(a, b, c);
  for (const slot of [c, a]) slots.serve(slot);
  assert.deepEqual(slots.inService(), [a, c]);
  slots.rest(a);
  assert.deepEqual(slots.inService(), [c]);
});

Deno.test("a lost connection serves nobody, and is counted until its shares have ended", () => {
  const [shared, own] = [slotOf("a"), slotOf("b", { difficulty: "passed" })];
  const slots = slotsOf(shared, own);
  slots.serve(shared);
  slots.give("x", own);
  slots.lose(shared);
  slots.lose(own);
  assert.deepEqual(slots.inService(), []);
  assert.ok(!slots.hasPool && !slots.hasOwn);
  assert.equal(slots.current.size, 0);
  assert.deepEqual([...slots.every()], [shared, own]);
  slots.ended(shared);
  assert.deepEqual([...slots.every()], [own]);
});

Deno.test("a standby that serves is no pool", () => {
  const [standby, pool] = [slotOf("standby", { verdicts: "none" }), slotOf("a")];
  const slots = slotsOf(standby, pool);
  slots.serve(standby);
  assert.ok(!slots.hasPool);
  assert.equal(slots.servingPool, undefined);
  slots.serve(pool);
  assert.ok(slots.hasPool);
  assert.equal(slots.servingPool, pool.upstream.poolId);
});

Deno.test("each tick checks all shared connections and a quarter of the workers' own", () => {
  const shared = slotOf("a");
  const own = Array.from({ length: 8 }, (_, i) => slotOf(`own${i}`, { difficulty: "passed" }));
  const slots = slotsOf(shared, ...own);
  const ticks = [1, 2, 3, 4].map(() => slots.due());
  for (const due of ticks) {
    assert.equal(due.length, 3);
    assert.equal(due[0], shared);
  }
  assert.equal(new Set(ticks.flat()).size, 9);
});

Deno.test("a miner that rolls all bits sits where they are allowed, also if that is fuller", () => {
  const [narrow, full] = [slotOf("narrow", {}, 0x1c000000), slotOf("full")];
  full.seat(looseSeat(9).seat);
  const { seat } = looseSeat(1);
  assert.equal(placeFor(seat, [narrow, full], NOW), narrow);
  seat.needsFullMask = true;
  assert.equal(placeFor(seat, [narrow, full], NOW), full);
  assert.equal(placeFor(seat, [narrow], NOW), narrow, "better than no place");
});

Deno.test("a connection that is full takes no more miners", () => {
  const [full, free] = [slotOf("full", { capacity: 1 }), slotOf("free")];
  full.seat(looseSeat(9).seat);
  for (const id of [7, 8]) free.seat(looseSeat(id).seat);
  const { seat } = looseSeat(1);
  assert.equal(placeFor(seat, [full, free], NOW), free);
  assert.equal(placeFor(seat, [full], NOW), undefined);
});

Deno.test("a worker's own connection is its place while it has room and the bits it needs", () => {
  const own = slotOf("own", { difficulty: "passed", capacity: 1 }, 0x1c000000);
  const slots = slotsOf(own);
  slots.give("x", own);
  const [x, other] = [looseSeat(1, "x").seat, looseSeat(2, "y").seat];
  assert.equal(slots.ownPlaceOf(x, NOW), own);
  assert.equal(slots.ownPlaceOf(other, NOW), undefined);
  x.needsFullMask = true;
  assert.equal(slots.ownPlaceOf(x, NOW), undefined);
  x.needsFullMask = false;
  own.seat(looseSeat(3, "x").seat);
  assert.equal(slots.ownPlaceOf(x, NOW), undefined, "it is full");
  x.slot = own;
  assert.equal(slots.ownPlaceOf(x, NOW), own, "it sits there");
});
