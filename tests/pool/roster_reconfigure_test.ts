/** The pool list and other settings change while connections are open. */

import assert from "node:assert/strict";
import { sumOfTraffic } from "../../lib/mux/books/traffic.ts";
import type { ListedPool } from "../../lib/pool/settings.ts";
import { LogCapture } from "../support/log_capture.ts";
import { RosterRig, TICK_MS } from "../support/roster_rig.ts";

const LINGER_MS = 5_000;

Deno.test("A removed pool serves until another is ready, then lingers for its last verdicts, then is closed", async () => {
  const rig = await RosterRig.started(["serves", "refuses"]);
  assert.deepEqual(rig.roles.active, [0]);
  rig.reconfigure([1]);
  await rig.pass(10_000);
  assert.deepEqual(rig.roles.active, [0], "it serves while the other refuses");
  rig.pools.moods[1] = "serves";
  await rig.pass(31_000, () => assert.equal(rig.roles.active.length, 1));
  assert.deepEqual(rig.roles.active, [1]);
  assert.deepEqual([...new Set(rig.pools.connected)], [1]);
  rig.roster.stop();
});

Deno.test("The connection to a removed pool that handed over its miners is kept for a while, and no longer", async () => {
  const rig = await RosterRig.started(["serves", "serves"]);
  await rig.pass(2_000);
  rig.reconfigure([1]);
  assert.deepEqual(rig.roles.active, [1], "the spare takes over at once");
  await rig.pass(LINGER_MS - 2 * TICK_MS);
  assert.ok(rig.pools.connected.includes(0));
  await rig.pass(4 * TICK_MS);
  assert.ok(!rig.pools.connected.includes(0));
  await rig.pools.lose(1);
  await rig.pass(TICK_MS);
  assert.ok(!rig.roles.active.includes(0), "it never serves again");
  rig.roster.stop();
});

Deno.test("When a removed pool is lost while it still serves, no next try is announced", async () => {
  using log = new LogCapture();
  const rig = await RosterRig.started(["serves", "refuses"]);
  rig.reconfigure([1]);
  log.take();
  await rig.pools.lose(0);
  const lost = log.take().filter((line) => line.includes(" lost ("));
  assert.deepEqual(lost.map((line) => line.replace(/^.*; /, "")), ["it is no longer in use"]);
  rig.roster.stop();
});

Deno.test("A dial to a removed pool is given up at once", async () => {
  const rig = await RosterRig.started(["hangs", "serves"]);
  assert.equal(rig.pools.pendingDials, 1);
  rig.reconfigure([1]);
  await rig.pass(TICK_MS);
  assert.deepEqual(rig.roles.active, [1]);
  assert.equal(rig.pools.pendingDials, 0);
  rig.roster.stop();
});

Deno.test("What is counted of a pool goes on when it is removed and comes back", async () => {
  const rig = await RosterRig.started(["serves", "serves"]);
  await rig.pass(2_000);
  rig.reconfigure([1]);
  await rig.pass(2 * LINGER_MS);
  const [listed, gone] = rig.roster.pools;
  assert.deepEqual([listed!.poolId, listed!.isListed], [1, true]);
  assert.deepEqual([gone!.poolId, gone!.isListed, gone!.connections], [0, false, []]);
  assert.equal(gone!.connects, 1);
  assert.deepEqual(rig.roster.traffic, sumOfTraffic([listed!.traffic, gone!.traffic]));
  rig.reconfigure([0, 1]);
  await rig.pass(2_000);
  const [first] = rig.roster.pools;
  assert.deepEqual([first!.poolId, first!.connects], [0, 2]);
  rig.roster.stop();
});

const CHANGES: readonly Partial<ListedPool>[] = [
  { password: "new" },
  { kind: "stratum" },
  { authorityKey: "0f".repeat(32) },
  { account: "bob" },
  { usesTls: true },
];

for (const change of CHANGES) {
  Deno.test(`A pool with another ${Object.keys(change)[0]} gets a new connection in place of the old one`, async () => {
    const rig = await RosterRig.started(["serves"], 1);
    const [old] = rig.pools.links;
    const [pool] = rig.pools.entries;
    rig.reconfigure([0], { pools: [{ ...pool!, ...change }] });
    await rig.pass(2_000);
    assert.equal(rig.pools.links.length, 2, "the old one stays for its last verdicts");
    await rig.pass(2 * LINGER_MS);
    assert.equal(rig.pools.links.length, 1);
    assert.notEqual(rig.pools.links[0], old);
    rig.roster.stop();
  });
}

Deno.test("A pool whose name is written with other letters, large or small, keeps its connection", async () => {
  const rig = await RosterRig.started(["serves"], 1);
  const [old] = rig.pools.links;
  rig.reconfigure([0], { pools: [{ ...rig.pools.entries[0]!, host: "POOL0" }] });
  await rig.pass(2 * LINGER_MS);
  assert.deepEqual(rig.pools.links, [old]);
  rig.roster.stop();
});

Deno.test("A change tries every pool again at once, however long it was to be left alone", async () => {
  const rig = await RosterRig.started(["serves", "refuses"]);
  await rig.pass(60_000);
  const wait = rig.roster.pools[1]!.retryInMs;
  assert.ok(wait > 2 * TICK_MS, `${wait} ms`);
  rig.pools.moods[1] = "serves";
  rig.reconfigure([0, 1]);
  await rig.pass(TICK_MS);
  assert.deepEqual(rig.roles.spare, [1]);
  rig.roster.stop();
});

Deno.test("The number of serving connections rises and falls without a moment with none", async () => {
  const rig = await RosterRig.started(["serves"], 1);
  rig.reconfigure([0], { connections: 3 });
  await rig.pass(2_000);
  assert.deepEqual(rig.roles.active, [0, 0, 0]);
  rig.reconfigure([0], { connections: 1 });
  assert.deepEqual(rig.roles.active, [0]);
  await rig.pass(2 * LINGER_MS);
  assert.deepEqual(rig.pools.connected, [0]);
  rig.roster.stop();
});

Deno.test("In an outage a shorter interval counts at once: the next made-up job is not waited for as long", async () => {
  const rig = await RosterRig.started(["serves"]);
  rig.reconfigure([0], { standbyIntervalMs: 3_600_000 });
  rig.pools.moods[0] = "refuses";
  await rig.pools.lose(0);
  await rig.pass(10_000);
  const before = rig.roles.jobs.length;
  rig.reconfigure([0], { standbyIntervalMs: 20_000 });
  await rig.pass(9_000);
  assert.equal(rig.roles.jobs.length, before, "20 s from the last are not over");
  await rig.pass(2_000);
  assert.equal(rig.roles.jobs.length, before + 1);
  rig.roster.stop();
});

Deno.test("A second pool that is added gets the warm spare, which the first pool had", async () => {
  const rig = await RosterRig.started(["serves", "serves"]);
  rig.reconfigure([0]);
  await rig.pass(10_000);
  assert.deepEqual(rig.pools.connected, [0, 0]);
  rig.reconfigure([0, 1]);
  await rig.pass(2 * LINGER_MS);
  assert.deepEqual([rig.roles.active, rig.roles.spare], [[0], [1]]);
  const dials = rig.pools.dialled.length;
  await rig.pass(60_000);
  assert.equal(rig.pools.dialled.length, dials, "and so it stays");
  rig.roster.stop();
});

Deno.test("While a second pool that is added does not answer, the first keeps its spare", async () => {
  const rig = await RosterRig.started(["serves", "refuses"]);
  rig.reconfigure([0]);
  await rig.pass(10_000);
  rig.reconfigure([0, 1]);
  await rig.pass(60_000, () => assert.deepEqual(rig.pools.connected, [0, 0]));
  rig.roster.stop();
});
