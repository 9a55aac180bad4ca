/** The whole proxy with simulated Stratum V2 pools that change, forget, close and break. */

import assert from "node:assert/strict";
import { SimFarm } from "../../lib/sim/sim_farm.ts";
import { SimPool } from "../../lib/sim/sim_pool.ts";
import type { Sv2PoolOptions } from "../../lib/sim/sv2_pool/settings.ts";
import { SimSv2Pool } from "../../lib/sim/sv2_pool/sim_sv2_pool.ts";
import { agentEntry } from "../support/agent_entry.ts";
import { LogCapture } from "../support/log_capture.ts";
import { moveAmongKinds, troubleOf } from "../support/moving_farm.ts";
import {
  ADDRESS,
  assertSameBooks,
  mineThroughSv2,
  sv2Entry,
  sv2Proxy,
  viewOf,
} from "../support/sv2_farms.ts";
import { NARROW_FIRMWARE, TINY_VARDIFF } from "../support/stratum_farms.ts";
import { assertSharesAddUp, TestProxy, until } from "../support/test_proxy.ts";

/** Difficulty of pools whose miners find shares all the time. */
const QUICK = 2 ** -20;

const FIXED: Sv2PoolOptions = {
  difficulty: QUICK,
  minDifficulty: QUICK / 2 ** 10,
  sharesPerMinute: 0,
  acksEvery: 1,
  jobIntervalMs: 2_000,
};

/** A farm that hashes through `pools`, of the kinds that the test chose. */
class World implements AsyncDisposable {
  readonly proxy: TestProxy;
  readonly farm: SimFarm;

  constructor(pools: readonly SimSv2Pool[], miners = 8, settings: Record<string, unknown> = {}) {
    this.proxy = sv2Proxy(pools, settings);
    this.farm = SimFarm.start({
      port: this.proxy.port,
      count: miners,
      mode: { kind: "hash" },
      connectsPerSecond: 200,
    });
  }

  /** Settles when the pool at a place has accepted `count` more shares. */
  async mines(count = 10, place = 0): Promise<void> {
    const before = viewOf(this.proxy, place).shares.accepted;
    await until(
      () => viewOf(this.proxy, place).shares.accepted >= before + count,
      `pool ${place} accepts ${count} more shares`,
    );
  }

  /** Stops the miners; nobody was disconnected. */
  async rest(): Promise<void> {
    this.farm.setMode({ kind: "idle" });
    await this.farm.until(() => this.farm.statistics().waitingNow === 0);
    await until(() => this.proxy.statistics().waitingShares === 0, "all shares are judged");
    assert.deepEqual(this.farm.faults, []);
    assert.deepEqual(troubleOf(this.farm.miners), []);
    assertSharesAddUp(this.proxy.statistics());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await using stack = new AsyncDisposableStack();
    stack.use(this.proxy);
    stack.use(this.farm);
  }
}

Deno.test("Jobs that forbid version rolling: miners get a mask of 0, and their shares arrive", async () => {
  await using pool = await SimSv2Pool.start(FIXED);
  await using world = new World([pool]);
  await world.mines();
  await pool.setFaults({ fixVersions: true });
  pool.newBlock();
  await world.mines(30);
  await pool.setFaults({ fixVersions: false });
  pool.newBlock();
  await world.mines(30);
  await world.rest();
  assertSameBooks(viewOf(world.proxy), pool.statistics());
});

Deno.test("Targets that the pool changes by itself, up and down: every share by its own job's", async () => {
  await mineThroughSv2({
    pool: { ...FIXED, jobIntervalMs: 0 },
    miners: 20,
    seconds: 16,
    shares: 200,
    meanwhile: (pool, second) => {
      pool.setDifficulty(QUICK * [1, 8, 1 / 4, 3.7, 16, 1][second % 6]!);
    },
    look: (pool) => assert.ok(pool.statistics().acceptedByTarget.size > 3),
  });
});

Deno.test("Prefixes that the pool changes: no miner notices, no share is refused", async () => {
  await mineThroughSv2({
    pool: { ...FIXED, like: "sri", jobIntervalMs: 0 },
    miners: 10,
    seconds: 8,
    shares: 100,
    meanwhile: (pool, second) => pool.setExtranoncePrefix(Uint8Array.of(0xe0, second)),
    look: (pool, { proxy }) => {
      assert.equal(
        pool.statistics().rejected - (pool.statistics().rejectedBy.get("stale-share") ?? 0),
        0,
      );
      assert.ok(proxy.statistics().working > 0);
    },
  });
});

Deno.test("A miner that joins between a future job and its previous hash mines like the others", async () => {
  await using pool = await SimSv2Pool.start(FIXED);
  await using world = new World([pool], 4);
  await world.mines();
  pool.newFuture();
  await using late = SimFarm.start({
    port: world.proxy.port,
    count: 4,
    mode: { kind: "hash" },
  });
  await until(() => world.proxy.statistics().working === 8, "all are in");
  pool.newBlock();
  await late.until(() => late.statistics().accepted >= 10);
  late.setMode({ kind: "idle" });
  await late.until(() => late.statistics().waitingNow === 0);
  await world.rest();
  assert.deepEqual(troubleOf(late.miners), []);
  assertSameBooks(viewOf(world.proxy), pool.statistics());
});

Deno.test("A previous hash for an unknown job and an insane job cost nobody a connection", async () => {
  await using pool = await SimSv2Pool.start(FIXED);
  await using world = new World([pool]);
  await world.mines();
  pool.sendUnknownPrevHash();
  pool.newBlock();
  await world.mines();
  pool.newJob("scriptLength");
  pool.newJob();
  await world.mines();
  await world.rest();
  assertSameBooks(viewOf(world.proxy), pool.statistics());
  assert.equal(
    pool.statistics().channelsNow,
    pool.statistics().connections - 1,
    "the probe is gone",
  );
});

Deno.test("One channel serves many miners that come at once", async () => {
  await using pool = await SimSv2Pool.start(FIXED);
  await using world = new World([pool], 60);
  await until(() => world.proxy.statistics().working === 60, "all are in");
  await world.mines(30);
  await world.rest();
  assert.equal(pool.statistics().mostChannels, 1);
  assertSameBooks(viewOf(world.proxy), pool.statistics());
});

Deno.test("A channel that the pool closes: miners go to the next pool, and come back", async () => {
  await using first = await SimSv2Pool.start(FIXED);
  await using second = await SimSv2Pool.start({ ...FIXED, like: "blitzpool" });
  await using world = new World([first, second], 8, { failover: { return_after_seconds: 1 } });
  await world.mines(10, 0);
  await until(() => second.statistics().channelsNow === 1, "there is a spare");
  await first.setFaults({ refuseConnections: true });
  first.closeChannels();
  await world.mines(10, 1);
  await first.setFaults({ refuseConnections: false });
  await world.mines(10, 0);
  await world.rest();
});

Deno.test("A flipped bit ends the connection, and nobody is disconnected", async () => {
  await using first = await SimSv2Pool.start(FIXED);
  await using second = await SimSv2Pool.start(FIXED);
  await using world = new World([first, second]);
  await world.mines(10, 0);
  const serving = first.clients().find(({ channels }) => channels.length > 0)!;
  await first.setFaults({ flippedBit: { frame: serving.framesSent, byte: -3 } });
  first.newJob();
  await world.mines(10, 1);
  await first.setFaults({ flippedBit: undefined });
  await world.rest();
});

Deno.test("The only pool is lost and comes back: it is dialed until it answers", async () => {
  await using pool = await SimSv2Pool.start(FIXED);
  await using world = new World([pool]);
  await world.mines();
  await pool.setFaults({ refuseConnections: true });
  pool.resetConnections();
  await until(() => pool.clients().length === 0, "it is gone");
  await pool.setFaults({ refuseConnections: false });
  await world.mines();
  await world.rest();
});

Deno.test("A pool that asks for another connection gets it before the old one is closed", async () => {
  await using pool = await SimSv2Pool.start(FIXED);
  await using world = new World([pool], 8, {
    advanced: { pool_connection_number_per_subaccount: 1 },
  });
  await world.mines();
  const before = pool.clients().map(({ number }) => number);
  assert.equal(before.length, 1);
  pool.askToReconnect("", 0);
  await until(
    () => pool.clients().length === 1 && pool.clients()[0]!.number > before[0]!,
    "another connection serves, the old one is closed",
  );
  await world.mines();
  await world.rest();
  assert.equal(viewOf(world.proxy).shares.unansweredConnectionLost, 0);
  assertSameBooks(viewOf(world.proxy), pool.statistics());
});

Deno.test("A user that the pool does not know is named, and the proxy goes on", async () => {
  using log = new LogCapture();
  await using pool = await SimSv2Pool.start({ ...FIXED, accounts: ["somebody"] });
  await using agent = await SimPool.start({ difficulty: QUICK });
  await using proxy = sv2Proxy([], { pools: [sv2Entry(pool), agentEntry(agent, "farm")] });
  await using farm = SimFarm.start({ port: proxy.port, count: 4, mode: { kind: "hash" } });
  await until(() => proxy.statistics().shares.accepted >= 10, "the other pool serves");
  assert.match(log.take().join("\n"), new RegExp(`Cannot open a channel as "${ADDRESS}\\.farm"`));
  assert.deepEqual(troubleOf(farm.miners), []);
});

Deno.test("Each worker is seen by its name where the pool grants that", async () => {
  await mineThroughSv2({
    pool: { ...FIXED, jobIntervalMs: 0 },
    entry: { workers: "each" },
    miners: 6,
    seconds: 4,
    shares: 60,
    look: (pool, { proxy }) => {
      const names = [...pool.statistics().byName.keys()].toSorted();
      assert.equal(names.length, 6, names.join(", "));
      assert.ok(proxy.statistics().working === 6);
    },
  });
});

Deno.test("Late errors, delayed and cumulative verdicts: the books add up", async () => {
  for (
    const [options, faults] of [
      [{ hasCumulativeCounts: true, acksEvery: 10 }, {}],
      [{ acksEvery: 3 }, { verdictDelayMs: 700 }],
    ] as const
  ) {
    await using pool = await SimSv2Pool.start({ ...FIXED, ...options });
    await pool.setFaults(faults);
    await using world = new World([pool]);
    await world.mines(60);
    await world.rest();
    const { shares, strayVerdicts } = world.proxy.statistics();
    assert.equal(strayVerdicts.unexplained, 0);
    assert.equal(shares.submitted, pool.statistics().submits);
    await until(
      () => viewOf(world.proxy).shares.accepted === pool.statistics().acknowledged,
      "every acknowledgement has settled its shares",
    );
  }
});

Deno.test("Wrong bits, bytes after the last field and messages before the channel do no harm", async () => {
  await using pool = await SimSv2Pool.start(FIXED);
  await pool.setFaults({ hasWrongBits: true, leftOverBytes: 5, jobsBeforeOpen: 20 });
  await using world = new World([pool]);
  await world.mines(30);
  await world.rest();
  assertSameBooks(viewOf(world.proxy), pool.statistics());
});

Deno.test("A farm moves among pools of three kinds: no disconnect, no other extranonce1, equal sums", () =>
  moveAmongKinds({ miners: 10, moves: 80, shares: 5 }));

Deno.test("A pool's size is asked for at the start, so that its miners get what fits", async () => {
  await using pool = await SimSv2Pool.start({ ...FIXED, like: "braiins" });
  await using proxy = new TestProxy([], { pools: [sv2Entry(pool)], vardiff: TINY_VARDIFF });
  await using farm = SimFarm.start({
    port: proxy.port,
    count: 4,
    mode: { kind: "hash" },
    firmware: NARROW_FIRMWARE,
  });
  await until(() => proxy.statistics().shares.accepted >= 20, "it mines");
  for (const { work } of farm.miners) assert.equal(work!.extranonce1.length, 4, "2 bytes");
  assert.deepEqual(troubleOf(farm.miners), []);
  assert.deepEqual([...pool.statistics().badBehaviour], []);
  assert.equal(pool.statistics().goodbyes, 1, "the channel of the question was closed");
});
