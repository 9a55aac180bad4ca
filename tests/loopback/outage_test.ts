/** No pool answers: miners are kept busy, or sent to their own backup, as configured. */

import assert from "node:assert/strict";
import { SimFarm } from "../../lib/sim/sim_farm.ts";
import { SimMiner } from "../../lib/sim/sim_miner.ts";
import { SimPool } from "../../lib/sim/sim_pool.ts";
import { Stopwatch } from "../../lib/sim/stopwatch.ts";
import { assertSharesAddUp, TestProxy, until } from "../support/test_proxy.ts";

const KEPT = {
  always_keep_downconn: true,
  outage: { grace_seconds: 1 },
  advanced: { fake_job_notify_interval_seconds: 1 },
};

/** The pool is gone: its connections break and it takes no new ones. */
async function goDown(pool: SimPool): Promise<void> {
  await pool.setFaults({ refuseConnections: true });
  pool.resetConnections();
}

Deno.test("kept miners get made-up jobs, whose shares are answered true and never sent", async () => {
  await using pool = await SimPool.start({ proofOfWork: false });
  await using proxy = new TestProxy([pool], KEPT);
  await using farm = SimFarm.start({
    port: proxy.port,
    count: 8,
    mode: { kind: "rate", sharesPerSecond: 10 },
  });
  await farm.until(() => farm.statistics().accepted >= 20);
  await goDown(pool);
  const atLoss = pool.statistics().submits;
  await until(() => proxy.statistics().shares.outage >= 50, "shares of the outage");

  const jobs = farm.statistics().jobs;
  await farm.until(() => farm.statistics().jobs >= jobs + 8);
  assert.equal(farm.statistics().lostConnections, 0);
  assert.equal(pool.statistics().submits, atLoss);
  const accepted = proxy.statistics().shares.accepted;
  await until(() => proxy.statistics().shares.outage >= 100, "more shares of the outage");
  assert.equal(proxy.statistics().shares.accepted, accepted, "outage shares are not accepted ones");

  await pool.setFaults({ refuseConnections: false });
  await pool.until(() => pool.workers().length === 8);
  await until(() => proxy.statistics().shares.accepted > accepted + 20, "real shares again");
  farm.setMode({ kind: "idle" });
  await farm.until(() => farm.statistics().waitingNow === 0);
  const { shares } = proxy.statistics();
  assertSharesAddUp(proxy.statistics());
  assert.equal(shares.received, farm.statistics().submitted);
  assert.deepEqual(farm.faults, []);
  assert.equal(farm.statistics().lostConnections, 0);
});

Deno.test("kept miners are handed back within a second of the pool's return, with a clean job", async () => {
  await using pool = await SimPool.start();
  await using proxy = new TestProxy([pool], KEPT);
  await using miner = SimMiner.start({ port: proxy.port, user: "a.b" });
  await miner.until(() => miner.work !== undefined);
  const realPrefix = miner.work!.job.coinbase1.slice(0, 40);
  await goDown(pool);
  const jobs = miner.statistics().jobs;
  await miner.until(() => miner.statistics().jobs >= jobs + 2);
  const cleanJobs = miner.statistics().cleanJobs;
  // Long enough for an unbounded backoff to have grown beyond the second that is allowed.
  const down = performance.now();
  await until(() => performance.now() - down > 8_000, "the outage has lasted");
  await pool.setFaults({ refuseConnections: false });
  using stopwatch = new Stopwatch();
  await miner.until(() => miner.statistics().cleanJobs > cleanJobs);
  const waited = stopwatch.ms();
  assert.ok(waited < 1_250, `${waited} ms; a retry is due within 1,000 ms, a tick 250`);
  assert.equal(miner.work!.job.coinbase1.slice(0, 40), realPrefix);
});

Deno.test("without always_keep_downconn miners are disconnected once the grace is over", async () => {
  await using pool = await SimPool.start();
  await using proxy = new TestProxy([pool], { outage: { grace_seconds: 1 } });
  await using farm = SimFarm.start({ port: proxy.port, count: 8 });
  await until(() => proxy.statistics().working === 8, "all are in");
  const lost = performance.now();
  await goDown(pool);
  await farm.until(() => farm.statistics().lostConnections > 0);
  assert.ok(performance.now() - lost >= 900, "they were kept for the grace");
  await farm.until(() => farm.statistics().connectedNow === 0);
  await until(() => proxy.statistics().sessionIds === 0, "their ids are free");
});

Deno.test("there is no made-up job without a real one before it", async () => {
  await using pool = await SimPool.start();
  await pool.setFaults({ refuseConnections: true });
  await using proxy = new TestProxy([pool], KEPT);
  await using miner = SimMiner.start({ port: proxy.port, user: "a.b" });
  const started = performance.now();
  await until(() => performance.now() - started > 2_500, "twice the grace has passed");
  assert.equal(miner.statistics().jobs, 0);
  assert.equal(miner.isAuthorized, false);
  assert.equal(miner.statistics().lostConnections, 0, "it is kept all the same");
  await pool.setFaults({ refuseConnections: false });
  await miner.until(() => miner.statistics().jobs > 0);
});

Deno.test("in single-user mode a pool that refuses the sub-account for a while turns no miner away", async () => {
  await using pool = await SimPool.start();
  await pool.setFaults({ refuseAuthorize: true });
  await using proxy = new TestProxy([pool]);
  await using miner = SimMiner.start({ port: proxy.port, user: "a.b" });
  await pool.until(() => pool.statistics().connections >= 2);
  assert.deepEqual(miner.faults, [], "the operator named the account, not the miner");
  await pool.setFaults({ refuseAuthorize: false });
  await miner.until(() => miner.isAuthorized);
  assert.equal(miner.statistics().connections, 1);
  assert.deepEqual(miner.faults, []);
});
