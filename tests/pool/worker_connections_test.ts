/** PoolRoster: a connection for each worker at pools whose entries say so. */

import assert from "node:assert/strict";
import { ERROR_CODE } from "../../lib/protocol/stratum/error_code.ts";
import { PoolFault } from "../../lib/base/violation.ts";
import type { PoolConnectionOptions } from "../../lib/pool/connection.ts";
import { POOL_KINDS } from "../../lib/pool/kinds.ts";
import type { ListedPool } from "../../lib/pool/settings.ts";
import { LogCapture } from "../support/log_capture.ts";
import { RosterRig, TICK_MS } from "../support/roster_rig.ts";
import type { Mood } from "../support/fake_pools.ts";

const OWN = { kind: "stratum", workers: "connection", account: "bc1qfarm.main" } as const;

/** A rig whose workers have connections of their own, and the names they were opened under. */
async function rigOf(
  workers: readonly string[],
  moods: readonly Mood[] = ["serves"],
  listed: Partial<ListedPool> = OWN,
) {
  const rig = await RosterRig.startedStratum(moods, 1, listed);
  await rig.pass(TICK_MS);
  rig.workerNames = new Set(workers);
  rig.miners = 0;
  return rig;
}

/** The names of the workers that have a connection of their own, in order. */
function served({ roles }: RosterRig): string[] {
  return [...roles.workers.values()].flat().sort();
}

function names(count: number): string[] {
  return Array.from({ length: count }, (_, i) => `rig${i}`);
}

function counts({ roster }: RosterRig) {
  return roster.pools.map(({ workerConnections: { ready, opening } }) => [ready, opening]);
}

/** Has pools treat the connections of single workers otherwise than those for all. */
function treat(rig: RosterRig, how: (options: PoolConnectionOptions) => PoolConnectionOptions) {
  rig.open = (options) => {
    const changed = { ...options, kind: "stratum" as const };
    return POOL_KINDS.open(options.isOfOneWorker === true ? how(changed) : changed);
  };
}

Deno.test("every worker that has a miner gets a connection under its own name, others none", async () => {
  using log = new LogCapture();
  const rig = await rigOf(["x", "y", "a b", "a+b"]);
  await rig.pass(2_000);
  assert.deepEqual(served(rig), ["a b", "a+b", "x", "y"]);
  assert.deepEqual(counts(rig), [[3, 0]], "two names are one at the pool");
  const opening = rig.pools.fakeDial.calls.map(({ opening }) => new TextDecoder().decode(opening));
  const authorized = opening.map((text) => /authorize","params":\["([^"]*)"/.exec(text)?.[1]);
  assert.deepEqual(authorized.sort(), [
    "bc1qfarm.a-b",
    "bc1qfarm.main",
    "bc1qfarm.x",
    "bc1qfarm.y",
  ]);
  const said = log.take().filter((line) => line.includes("one connection for each worker"));
  assert.equal(said.length, 1);
  assert.match(said[0]!, /such as bc1qfarm\.x\..* work as bc1qfarm\.main/);
});

Deno.test("no worker has a connection of its own unless the entry says so", async () => {
  for (const workers of ["one", "each"] as const) {
    const rig = await rigOf(["x"], ["serves"], { ...OWN, workers });
    await rig.pass(5_000);
    assert.equal(rig.pools.links.length, 1);
  }
});

Deno.test("200 workers get their connections within 22 seconds: ten at once, then ten a second", async () => {
  const rig = await rigOf(names(200));
  let before = 1;
  for (let second = 0; second < 22; second++) {
    await rig.pass(1_000);
    const now = rig.pools.links.length;
    assert.ok(now - before <= (second === 0 ? 20 : 11), `${now - before} in a second`);
    before = now;
  }
  assert.deepEqual(counts(rig), [[200, 0]]);
});

Deno.test("a worker without a miner for a minute loses its connection", async () => {
  const rig = await rigOf(["x", "y"]);
  await rig.pass(2_000);
  rig.workerNames = new Set(["y"]);
  await rig.pass(50_000);
  assert.deepEqual(counts(rig), [[2, 0]]);
  await rig.pass(20_000);
  assert.deepEqual(counts(rig), [[1, 0]]);
  assert.deepEqual(served(rig), ["y"]);
});

Deno.test("a lost connection is opened again, and its pool stays where it is in the order", async () => {
  const rig = await rigOf(["x"]);
  await rig.pass(40_000);
  await rig.pools.lose(0, 1);
  await rig.pass(3_000);
  assert.deepEqual(served(rig), ["x"]);
  assert.deepEqual(rig.roles.active, [0]);
});

Deno.test("workers' own connections follow when the shared connection moves to another pool, and back", async () => {
  const rig = await rigOf(names(5), ["serves", "serves"]);
  rig.reconfigure([0, 1], { connections: undefined });
  await rig.pass(5_000);
  assert.deepEqual(counts(rig), [[5, 0], [0, 0]]);
  rig.roster.pin(1);
  await rig.pass(2_000);
  assert.deepEqual(served(rig), names(5));
  assert.deepEqual(counts(rig)[1], [5, 0]);
  await rig.pass(8_000);
  assert.deepEqual(counts(rig), [[0, 0], [5, 0]], "closed once their last verdicts had time");
  rig.roster.pin(undefined);
  await rig.pass(200_000);
  assert.deepEqual(counts(rig), [[5, 0], [0, 0]]);
});

/** Two pools and five workers that have their connections to the first. */
async function atTheFirst(): Promise<RosterRig> {
  const rig = await rigOf(names(5), ["serves", "serves"]);
  rig.reconfigure([0, 1], { connections: undefined });
  await rig.pass(5_000);
  assert.deepEqual(counts(rig), [[5, 0], [0, 0]]);
  return rig;
}

/** The first pool closes the connections for all, which may have nothing to do. */
async function closeShared(rig: RosterRig): Promise<void> {
  for (const { pool, dial, connection } of rig.pools.links) {
    const opening = new TextDecoder().decode(rig.pools.fakeDial.calls[dial - 1]!.opening);
    if (pool === 0 && opening.includes('"bc1qfarm.main"')) connection.end();
  }
  await rig.pass(TICK_MS);
}

Deno.test("workers stay where they are when only the idle connection for all is closed there", async () => {
  const rig = await atTheFirst();
  await closeShared(rig);
  assert.deepEqual(rig.roles.active, [1]);
  const own = new Set(rig.roles.workers.keys());
  for (let minutes = 0; minutes < 10; minutes++) {
    await rig.pass(60_000);
    assert.deepEqual(counts(rig), [[5, 0], [0, 0]]);
    assert.deepEqual(served(rig), names(5));
  }
  assert.deepEqual(rig.roles.active, [0], "it returns");
  assert.deepEqual(new Set(rig.roles.workers.keys()), own, "none was opened again");
});

Deno.test("they follow once their own connections are closed too, or the pool is unwanted", async () => {
  const rig = await atTheFirst();
  await closeShared(rig);
  rig.pools.moods[0] = "refuses";
  await rig.pools.lose(0);
  await rig.pass(10_000);
  assert.deepEqual(counts(rig), [[0, 0], [5, 0]]);
  for (const change of ["gone", "last"] as const) {
    const other = await atTheFirst();
    await closeShared(other);
    other.reconfigure(change === "gone" ? [1] : [1, 0], { connections: undefined });
    await other.pass(10_000);
    assert.deepEqual(counts(other).map(([ready]) => ready).sort(), [0, 5], change);
    assert.equal(other.roster.pools.find(({ poolId }) => poolId === 1)!.workerConnections.ready, 5);
  }
});

Deno.test("they follow when the pool does no work", async () => {
  using _log = new LogCapture();
  const rig = await atTheFirst();
  const [all] = rig.roles.activeUpstreams;
  const refused = {
    kind: "rejected",
    reason: "stale",
    code: ERROR_CODE.jobNotFound,
    text: "no",
  } as const;
  for (let n = 0; n <= 25; n++) {
    all!.watch.judged(n % 2, { ...refused, poolCode: 21, poolText: "no" }, rig.clock.now());
    await rig.pass(3_000);
  }
  await rig.pass(10_000);
  assert.deepEqual(rig.roles.active, [1]);
  assert.deepEqual(counts(rig), [[0, 0], [5, 0]]);
});

Deno.test("a pool that accepts a worker's connection and closes it again is tried less and less often", async () => {
  using _log = new LogCapture();
  const rig = await rigOf(names(3));
  const before = rig.pools.dialled.length;
  let since = 0;
  await rig.pass(3_600_000, () => {
    if (++since < 20) return;
    since = 0;
    for (const { dial, connection } of rig.pools.links) if (dial > before) connection.end();
  });
  const tries = rig.pools.dialled.length - before;
  assert.ok(tries < 120, `${tries} in an hour, of 3 workers`);
});

Deno.test('a reload to workers "one" closes them, a reload to "connection" opens them', async () => {
  const rig = await rigOf(["x"]);
  await rig.pass(2_000);
  const [pool] = rig.pools.entries;
  rig.roster.reconfigure({ ...rig.settings, pools: [{ ...pool!, ...OWN, workers: "one" }] });
  await rig.pass(10_000);
  assert.deepEqual([counts(rig), served(rig)], [[[0, 0]], []]);
  rig.roster.reconfigure(rig.settings);
  await rig.pass(10_000);
  assert.deepEqual([counts(rig), served(rig)], [[[1, 0]], ["x"]]);
});

Deno.test("a pool that accepts no connections of single workers is given up for an hour and logged once", async () => {
  using log = new LogCapture();
  const rig = await rigOf(names(100));
  let tries = 0;
  treat(rig, (options) => {
    tries++;
    return { ...options, dial: () => Promise.reject(new Deno.errors.ConnectionReset("reset")) };
  });
  await rig.pass(60_000);
  const given = log.take().filter((line) => line.includes("accepts no connections of single"));
  assert.equal(given.length, 1);
  assert.match(given[0]!, /sees all miners as one worker, bc1qfarm\.main/);
  const before = tries;
  assert.ok(before < 40, `${before} tries`);
  await rig.pass(60_000);
  assert.equal(tries, before);
  rig.roster.reconfigure(rig.settings);
  await rig.pass(2_000);
  assert.ok(tries > before, "a reload tries again");
  assert.deepEqual(rig.roles.active, [0], "the connection for all has nothing to do with it");
});

Deno.test("a worker that is refused is left out while others have their connections", async () => {
  const rig = await rigOf(["good", "bad", "other"]);
  let refusals = 0;
  treat(rig, (options) => {
    if (!options.account.endsWith(".bad")) return options;
    refusals++;
    return { ...options, dial: () => Promise.reject(new PoolFault("authorize-refused", "no")) };
  });
  await rig.pass(120_000);
  assert.deepEqual(served(rig), ["good", "other"]);
  assert.equal(refusals, 1);
});

Deno.test("a pool that accepts a few connections of single workers keeps those, and gets no more", async () => {
  using log = new LogCapture();
  const rig = await rigOf(names(50));
  let opened = 0;
  treat(rig, (options) => {
    if (++opened <= 20) return options;
    return { ...options, dial: () => Promise.reject(new Deno.errors.ConnectionReset("reset")) };
  });
  await rig.pass(120_000);
  assert.deepEqual(counts(rig), [[20, 0]]);
  const said = log.take().filter((line) => line.includes("than the 20 it has"));
  assert.equal(said.length, 1);
});

Deno.test("a pool that closes everything whenever they are opened is given up, too", async () => {
  using log = new LogCapture();
  const rig = await rigOf(names(200));
  for (let round = 0; round < 5; round++) {
    await rig.pass(10_000);
    await rig.pools.lose(0);
  }
  await rig.pass(20_000);
  assert.deepEqual([counts(rig), rig.roles.active], [[[0, 0]], [0]]);
  const said = log.take().filter((line) => line.includes("it closes all connections when"));
  assert.equal(said.length, 1);
});

for (const [reason, code] of [["other", 24], ["stale", 21], ["duplicate", 22]] as const) {
  Deno.test(`one whose shares are all refused with ${code} is closed`, async () => {
    const rig = await rigOf(["x"]);
    await rig.pass(2_000);
    const [own] = rig.roles.workers.keys();
    const words = { text: "no", poolCode: code, poolText: "no" };
    for (let n = 0; n <= 25; n++) {
      own!.watch.judged(1, { kind: "rejected", reason, code, ...words }, rig.clock.now());
      await rig.pass(3_000);
    }
    assert.ok(!rig.roles.workers.has(own!));
  });
}

Deno.test("workers beyond the limit of open files have no connections, which is logged once", async () => {
  using log = new LogCapture();
  const rig = await rigOf(names(10));
  rig.quota.reconfigure(4);
  await rig.pass(10_000);
  assert.deepEqual(counts(rig), [[4, 0]]);
  const said = log.take().filter((line) =>
    line.includes("The limit of open files allows 4 connections")
  );
  assert.equal(said.length, 1, said.join("\n"));
  rig.workerNames = new Set(names(10).slice(3));
  await rig.pass(70_000);
  assert.deepEqual(counts(rig), [[4, 0]], "those that are free are for others");
});
