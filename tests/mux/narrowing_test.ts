/** Miners that cannot keep to fewer version bits than all, and whose shares speak of their firmware. */

import assert from "node:assert/strict";
import { CheckedUpstream } from "../support/checked_upstream.ts";
import { MuxWorld } from "../support/mux_world.ts";

const FULL = 0x1fffe000;

Deno.test("a miner that needs all version bits moves to the connection that allows them, and stays", () => {
  const world = new MuxWorld();
  const narrow = world.active("narrow");
  narrow.versionMask = 0;
  const full = world.active("full");
  const miner = world.join();
  const other = world.join();
  // Of two miners one sits at each connection.
  const stubborn = narrow.registered.has(miner.sessionId) ? miner : other;
  assert.equal(stubborn.seat!.needFullMask(), true);
  narrow.writeOut();
  assert.ok(full.registered.has(stubborn.sessionId));
  assert.ok(!narrow.registered.has(stubborn.sessionId));
  assert.equal(stubborn.job.isClean, true);
  assert.equal(world.submit(stubborn, stubborn.job.id, FULL).receipt, "waiting");
  // Where there are fewest it would sit elsewhere.
  const third = world.active("third");
  third.versionMask = 0x00ffe000;
  world.mux.versionMaskChanged(third);
  world.rest(full);
  assert.equal(stubborn.seat!.versionMask === FULL, false, "with none it works where it can");
  full.writeOut();
  world.activate(full);
  assert.equal(stubborn.seat!.needFullMask(), !full.registered.has(stubborn.sessionId));
  assert.equal(stubborn.seat!.versionMask, FULL);
});

Deno.test("no miner moves if no connection allows all version bits, or its own does", () => {
  const world = new MuxWorld();
  const pool = world.active("a");
  const miner = world.join();
  assert.equal(miner.seat!.needFullMask(), false);
  pool.versionMask = 0x00ffe000;
  assert.equal(miner.seat!.needFullMask(), false);
  world.ready("spare");
  assert.equal(miner.seat!.needFullMask(), false, "a spare serves nobody");
  assert.equal(world.mux.moves, 0);
});

Deno.test("no miner moves to a connection that allows all version bits but has no room", () => {
  const world = new MuxWorld();
  const pool = world.active("a");
  pool.versionMask = 0;
  const miner = world.join();
  const narrow = new CheckedUpstream("n", world.mux, { size: 6 });
  world.mux.upstreamReady(narrow);
  world.mux.moved(undefined, narrow);
  assert.equal(narrow.versionMask, FULL);
  assert.equal(miner.seat!.needFullMask(), false);
  assert.equal(world.mux.moves, 0);
});

Deno.test("bits set in a job's own version must not be rolled, whether the miner configured or not", () => {
  const world = new MuxWorld();
  const pool = world.active("a");
  pool.versionMask = 0xffffffff;
  const miner = world.join();
  // The jobs of these tests have version 20000000.
  assert.equal(world.submit(miner, miner.job.id, 0x20000000).receipt, 33);
  assert.equal(world.submit(miner, miner.job.id, 0x1fffe000).receipt, "waiting");
});

Deno.test("a job is current from the last clean one on, and from the last change of mask", () => {
  const world = new MuxWorld();
  const pool = world.active("a");
  const miner = world.join();
  const isCurrent = (number: number) => miner.seat!.isCurrent(number);
  const first = miner.job.id;
  assert.ok(isCurrent(first));
  world.job(pool, "1");
  assert.ok(isCurrent(first) && isCurrent(miner.job.id), "a job beside it makes none old");
  world.job(pool, "2", true);
  const clean = miner.job.id;
  assert.ok(!isCurrent(first) && !isCurrent(clean - 1) && isCurrent(clean));
  pool.versionMask = 0;
  world.mux.versionMaskChanged(pool);
  assert.ok(!isCurrent(clean), "it was given before the mask");
  world.job(pool, "3");
  assert.ok(isCurrent(miner.job.id));
  const narrow = miner.job.id;
  pool.versionMask = 0x1fffe000;
  world.mux.versionMaskChanged(pool);
  assert.ok(!isCurrent(narrow), "it was given when nothing could be rolled");
  world.clock.advance(10_000);
  world.tick();
  assert.notEqual(miner.job.id, narrow);
  assert.ok(isCurrent(miner.job.id));
  const before = miner.job.id;
  const spare = world.ready("b");
  world.activate(spare);
  world.rest(pool);
  assert.equal(isCurrent(before), before >= miner.job.id);
  assert.ok(isCurrent(miner.job.id));
  world.lose(spare);
  assert.ok(!isCurrent(before), "without a place nothing is");
});
