/** The whole way: miners that really hash, the proxy, a pool that checks every header. */

import assert from "node:assert/strict";
import { SimFarm } from "../../lib/sim/sim_farm.ts";
import { SimMiner } from "../../lib/sim/sim_miner.ts";
import { SimPool } from "../../lib/sim/sim_pool.ts";
import { mixedMinersHash, QUICK_DIFFICULTY } from "../support/hashing_farms.ts";
import { assertSharesAddUp, TestProxy, unjudged, until } from "../support/test_proxy.ts";

Deno.test("40 mixed miners hash, and the pool accepts every share they find", () =>
  mixedMinersHash({ difficulty: QUICK_DIFFICULTY, miners: 40, seconds: 0, shares: 60 }));

Deno.test("a job that the pool sends again has miners find other shares, all of them good", async () => {
  await using pool = await SimPool.start({ difficulty: QUICK_DIFFICULTY, resendIntervalMs: 500 });
  await using proxy = new TestProxy([pool]);
  await using farm = SimFarm.start({ port: proxy.port, count: 12, mode: { kind: "hash" } });
  await farm.until(() => farm.miners.every((miner) => miner.statistics().jobs >= 5));
  await farm.until(() => farm.statistics().accepted >= 20);
  farm.setMode({ kind: "idle" });
  await farm.until(() => farm.statistics().waitingNow === 0);
  const { accepted, submitted } = farm.statistics();
  assert.deepEqual([farm.faults, submitted - accepted], [[], 0]);
});

Deno.test("an entry of the old form, which names no kind, costs one connection for the question", async () => {
  await using pool = await SimPool.start({ difficulty: QUICK_DIFFICULTY });
  await using proxy = new TestProxy([], { pools: [[pool.hostname, pool.port, "demo"]] });
  await using farm = SimFarm.start({ port: proxy.port, count: 12, mode: { kind: "hash" } });
  await farm.until(() => farm.statistics().accepted >= 10);
  await pool.until(() => pool.statistics().connectionsNow === 2);
  farm.setMode({ kind: "idle" });
  await farm.until(() => farm.statistics().waitingNow === 0);
  const { connections, accepted, rejected } = pool.statistics();
  assert.equal(connections, 3, "one to ask, one that serves, one to spare");
  assert.deepEqual([farm.faults, farm.statistics().lostConnections], [[], 0]);
  assert.deepEqual([farm.statistics().accepted, rejected], [accepted, 0]);
  assertSharesAddUp(proxy.statistics());
});

Deno.test("a miner that sends its handshake one byte at a time mines like any other", async () => {
  await using pool = await SimPool.start({ difficulty: QUICK_DIFFICULTY });
  await using proxy = new TestProxy([pool]);
  await using miner = SimMiner.start({
    port: proxy.port,
    user: "demo.slow",
    firmware: "braiins",
    mode: { kind: "hash" },
    dribbleMs: 1,
  });
  await miner.until(() => miner.statistics().accepted >= 3);
  assert.deepEqual(miner.faults, []);
  assert.deepEqual([...pool.registeredNames], ["slow"]);
  assertSharesAddUp(proxy.statistics());
});

Deno.test("a pool that closes in the middle of a frame costs no miner its connection", async () => {
  await using pool = await SimPool.start({ difficulty: QUICK_DIFFICULTY });
  await using proxy = new TestProxy([pool]);
  await using farm = SimFarm.start({ port: proxy.port, count: 16, mode: { kind: "hash" } });
  await farm.until(() => farm.statistics().accepted >= 5);

  const half = Uint8Array.of(0x7f, 0x10, 0x0a, 0x00, 0x01);
  pool.finishConnections(half);
  await pool.until(() => pool.statistics().connectionsNow === 0);
  await pool.until(() => pool.workers().length === 16);
  const before = farm.statistics().accepted;
  await farm.until(() => farm.statistics().accepted >= before + 5);

  assert.equal(farm.statistics().lostConnections, 0);
  assert.deepEqual(farm.faults, []);
  farm.setMode({ kind: "idle" });
  await until(() => unjudged(proxy.statistics()) === 0, "every share was judged");
  assertSharesAddUp(proxy.statistics());
});

Deno.test("a pool without verdicts has its shares answered true and counted as assumed", async () => {
  await using pool = await SimPool.start({ difficulty: QUICK_DIFFICULTY });
  await pool.setFaults({ hasNoSubres: true });
  await using proxy = new TestProxy([pool]);
  await using miner = SimMiner.start({ port: proxy.port, user: "a.b", mode: { kind: "hash" } });
  await miner.until(() => miner.statistics().accepted >= 3);
  miner.setMode({ kind: "idle" });
  await pool.until(() => pool.statistics().submits === miner.statistics().submitted);
  const statistics = proxy.statistics();
  assert.equal(statistics.shares.assumed, statistics.shares.submitted);
  assert.equal(statistics.shares.accepted, 0);
  assertSharesAddUp(statistics);
});

Deno.test("a pool without verrol gets no version bits, and miners are told they have none", async () => {
  await using pool = await SimPool.start({ difficulty: QUICK_DIFFICULTY });
  await pool.setFaults({ hasNoVerrol: true });
  await using proxy = new TestProxy([pool]);
  await until(() => proxy.statistics().poolBytesRead > 1000, "the pool is connected");
  await using miner = SimMiner.start({
    port: proxy.port,
    user: "a.b",
    firmware: "antminer",
    mode: { kind: "hash" },
  });
  await miner.until(() => miner.statistics().accepted >= 3);
  assert.equal(miner.work?.versionMask, 0);
  assert.deepEqual(miner.faults, []);
});

Deno.test("a miner that ignores the mask of a pool without verrol moves nobody's verdicts", async () => {
  await using pool = await SimPool.start({ difficulty: QUICK_DIFFICULTY });
  await pool.setFaults({ hasNoVerrol: true });
  await using proxy = new TestProxy([pool]);
  await using honest = SimMiner.start({ port: proxy.port, user: "a.good", mode: { kind: "hash" } });
  await using stubborn = SimMiner.start({ port: proxy.port, user: "a.evil" });
  await stubborn.until(() => stubborn.work !== undefined);
  const { job } = stubborn.work!;
  for (let id = 100; id < 120; id++) {
    const params = ["a.evil", job.id, "00000001", job.ntime, `${id}`, "00002000"];
    stubborn.send(JSON.stringify({ id, method: "mining.submit", params }));
  }
  await until(
    () => proxy.statistics().shares.refusedVersionMask === 20,
    "its shares are refused here",
  );
  const before = honest.statistics().accepted;
  await honest.until(() => honest.statistics().accepted >= before + 5);
  assert.equal(honest.statistics().rejected, 0);
  assert.equal(pool.statistics().unknownFrames, 0);
  // Answers to what this test sent in its name, and nothing else.
  assert.deepEqual(
    stubborn.faults,
    Array.from({ length: 20 }, (_, i) => `an answer to no request of this miner: id ${100 + i}`),
  );
});

Deno.test("a NiceHash client agent does not trip the pool's hidden minimum", async () => {
  await using pool = await SimPool.start({ difficulty: QUICK_DIFFICULTY });
  await using proxy = new TestProxy([pool]);
  await using miner = SimMiner.start({
    port: proxy.port,
    user: "a.rented",
    firmware: "nicehash",
    mode: { kind: "hash" },
  });
  await miner.until(() => miner.statistics().accepted >= 3);
  assert.equal(miner.statistics().rejected, 0);
});

Deno.test("the pool moves a miner to a difficulty of its own with the next job", async () => {
  await using pool = await SimPool.start({ proofOfWork: false });
  await using proxy = new TestProxy([pool]);
  await using miner = SimMiner.start({ port: proxy.port, user: "a.strong" });
  await using other = SimMiner.start({ port: proxy.port, user: "a.weak" });
  await until(() => proxy.statistics().working === 2, "both are in");
  await pool.until(() => pool.workers().length === 2);
  pool.setWorkerDifficulty("strong", 13);
  pool.newJob();
  await miner.until(() => miner.work?.difficulty === 8192);
  assert.equal(other.work?.difficulty, 1);
});
