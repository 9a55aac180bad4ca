/** PoolRoster: more connections where one holds few miners. */

import assert from "node:assert/strict";
import { LogCapture } from "../support/log_capture.ts";
import { RosterRig, TICK_MS } from "../support/roster_rig.ts";

Deno.test("connections are opened for miners without room, ten a second after ten at once, until all have some", async () => {
  const rig = await RosterRig.startedStratum(["serves"], 1, { minersPerConnection: 5 });
  await rig.pass(TICK_MS);
  assert.equal(rig.pools.links.length, 1);
  rig.miners = 5;
  rig.roomless = () => Math.max(0, 100 - 5 * (rig.roles.active.length - 1));
  await rig.pass(TICK_MS);
  assert.equal(rig.pools.links.length, 11);
  const opened: number[] = [];
  for (let second = 0; second < 2; second++) {
    const before = rig.pools.links.length;
    await rig.pass(1000);
    opened.push(rig.pools.links.length - before);
  }
  assert.deepEqual(opened, [10, 0]);
  assert.equal(rig.roles.active.length, 21);
});

Deno.test("connections that no miner needs any more are closed", async () => {
  const rig = await RosterRig.startedStratum(["serves"], 1, { minersPerConnection: 5 });
  rig.miners = 5;
  rig.roomless = () => Math.max(0, 20 - 5 * (rig.roles.active.length - 1));
  await rig.pass(2 * TICK_MS);
  assert.equal(rig.roles.active.length, 5);
  rig.miners = 0;
  rig.roomless = () => 0;
  await rig.pass(10_000);
  assert.deepEqual([rig.roles.active.length, rig.pools.links.length], [1, 1]);
});

Deno.test("an account has no more connections than it may, which is said once", async () => {
  using log = new LogCapture();
  const rig = await RosterRig.startedStratum(["serves"], 1, { minersPerConnection: 1 });
  rig.miners = 1;
  rig.roomless = () => 5_000;
  await rig.pass(20_000);
  assert.equal(rig.roles.active.length, 100);
  const said = log.take().filter((line) => line.includes("the most for one account"));
  assert.equal(said.length, 1, said.join("\n"));
  assert.match(
    said[0]!,
    /100 connections.*waiting for a place: 5000.*Raise miners_per_connection, which is 1/,
  );
});
