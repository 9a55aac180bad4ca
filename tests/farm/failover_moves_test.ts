/** A thousand miners move from one pool connection to another, by accident and by plan. */

import assert from "node:assert/strict";
import { NO_STRAYS } from "../../lib/mux/books/ledger.ts";
import { FailoverRig } from "../support/failover_rig.ts";
import { Stopwatch } from "../../lib/sim/stopwatch.ts";
import { until } from "../support/test_proxy.ts";

const THOUSAND = {
  miners: 1_000,
  sharesPerSecond: 1,
  farm: { connectsPerSecond: 1_000 },
};

Deno.test("1,000 miners of a lost connection have difficulty and clean job of the spare within 500 ms", async () => {
  await using rig = await FailoverRig.start({ ...THOUSAND, difficulties: [64, 256] });
  await rig.begun();
  assert.ok(rig.farm.miners.every((miner) => miner.work?.difficulty === 64));
  const before = rig.pool(1).statistics();
  const { cleanJobs } = rig.farm.statistics();
  using stopwatch = new Stopwatch();
  rig.pool(0).resetConnections();
  const stoodStill = await rig.standstill(1, stopwatch);
  assert.ok(stoodStill <= 500, `miners stood still for ${stoodStill} ms`);
  assert.equal(rig.farm.statistics().cleanJobs, cleanJobs + 1_000);
  assert.equal(rig.pool(1).statistics().connections, before.connections, "by one that was there");
  assert.ok(rig.farm.miners.every((miner) => miner.work?.difficulty === 256));
  // Registers of a thousand miners in a few writes, and none of them after its first share.
  await rig.pool(1).until(() => rig.pool(1).workers().length === 1_000);
  const reads = rig.pool(1).statistics().readsIn - before.readsIn;
  assert.ok(reads <= 100, `registers and first shares came in ${reads} pieces`);
  await rig.goesOn();
  const shares = await rig.closeBooks(1);
  assert.equal(shares.submitted - shares.accepted, shares.unansweredConnectionLost);
  assert.deepEqual(rig.proxy.statistics().strayVerdicts, NO_STRAYS);
});

Deno.test("1,000 miners of the only pool have work again within a second of its next handshake", async () => {
  await using rig = await FailoverRig.start({ ...THOUSAND, pools: 1 });
  await rig.servedBy(0);
  await rig.goesOn();
  const pool = rig.pool(0);
  await pool.setFaults({ refuseConnections: true });
  pool.resetConnections();
  await pool.until(() => pool.statistics().connectionsNow === 0);
  await until(() => rig.log().some((line) => line.includes("refused")), "a try in vain");
  const { jobs } = rig.farm.statistics();
  await pool.setFaults({ refuseConnections: false });
  await pool.until(() => pool.statistics().authorizedNow >= 1);
  using stopwatch = new Stopwatch();
  await rig.farm.until(() => rig.farm.statistics().jobs >= jobs + 1_000);
  const waited = stopwatch.ms(rig.farm.statistics().lastJobAtMs);
  assert.ok(waited <= 1_000, `miners waited ${waited} ms`);
  await rig.goesOn();
  const shares = await rig.closeBooks(0);
  assert.ok(shares.refusedNoPool > 0, "shares found in between");
});

Deno.test("1,000 miners return to the healthy primary without losing a verdict or a share", async () => {
  await using rig = await FailoverRig.start({
    ...THOUSAND,
    pool: { verdictDelayMs: 200 },
    settings: { failover: { return_after_seconds: 3 } },
    prepare: ([primary]) => primary!.setFaults({ refuseConnections: true }),
  });
  await rig.servedBy(1);
  await rig.goesOn();
  await rig.pool(0).setFaults({ refuseConnections: false });
  await rig.pool(0).until(() => rig.pool(0).statistics().authorizedNow === 1);
  const healthySince = performance.now();
  await rig.servedBy(0);
  const returnedAfter = performance.now() - healthySince;
  assert.ok(returnedAfter >= 2_500, `returned after ${returnedAfter} ms already`);
  // Those found while the new job was on its way are answered; from then on none is refused.
  rig.farm.setMode({ kind: "idle" });
  await rig.farm.until(() => rig.farm.statistics().waitingNow === 0);
  const { refusedStale: stale, refusedNoPool: early } = rig.proxy.statistics().shares;
  rig.farm.setMode({ kind: "rate", sharesPerSecond: 1 });
  await rig.goesOn();
  const shares = await rig.closeBooks(0);
  assert.equal(shares.refusedStale, stale, "shares for the old job after the move");
  assert.equal(shares.accepted, shares.received - stale - early, "every other share was judged");
  assert.equal(
    rig.pool(0).statistics().accepted + rig.pool(1).statistics().accepted,
    shares.accepted,
  );
  assert.ok(rig.pool(1).statistics().verdictsWithheld === 0, "the pool answered all of them");
});
