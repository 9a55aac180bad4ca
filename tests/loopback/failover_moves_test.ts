/** Miners move from one pool connection to another; a thousand do in tests/farm. */

import assert from "node:assert/strict";
import { FailoverRig } from "../support/failover_rig.ts";

Deno.test("shares for a job of a lost connection are answered 21 and counted stale, on every miner", async () => {
  await using rig = await FailoverRig.start({ miners: 100, sharesPerSecond: 0 });
  await rig.servedBy(0);
  await rig.pool(1).until(() => rig.pool(1).statistics().authorizedNow === 1);
  const { miners } = rig.farm;
  const oldJobs = miners.map((miner) => miner.work!.job.id);
  rig.pool(0).resetConnections();
  await rig.servedBy(1);
  miners.forEach((miner, i) => {
    const ntime = parseInt(miner.work!.job.ntime, 16);
    const share = { extranonce2: "00000001", ntime, nonce: 2, versionBits: 0 };
    miner.submit({ ...share, jobId: oldJobs[i]! });
  });
  const shares = await rig.closeBooks(1);
  assert.equal(shares.refusedStale, 100);
  assert.equal(shares.submitted, 0);
  assert.equal(rig.farm.statistics().rejectedByCode.get(21), 100);
});

Deno.test("400 miners of two serving connections are spread again without losing a verdict", async () => {
  await using rig = await FailoverRig.start({
    pools: 1,
    miners: 400,
    pool: { verdictDelayMs: 100 },
    settings: {
      advanced: { pool_connection_number_per_subaccount: 2 },
    },
  });
  const pool = rig.pool(0);
  const perConnection = () => {
    const counts = new Map<number, number>();
    for (const { connection } of pool.workers()) {
      counts.set(connection, (counts.get(connection) ?? 0) + 1);
    }
    return counts;
  };
  const isEven = () => [...perConnection().values()].join() === "200,200";
  await pool.until(isEven);
  await rig.goesOn();
  const [first] = perConnection().keys();
  rig.log();
  pool.resetConnections(first);
  // The first move: to the connection that is left.
  await rig.logs(/ lost \(serving\)/);
  const lost = () => rig.proxy.statistics().shares.unansweredConnectionLost;
  const lostByReset = lost();
  await pool.until(() => perConnection().size === 2 && pool.workers().length === 400);
  await pool.until(isEven);
  await rig.goesOn(800);
  const shares = await rig.closeBooks(0);
  assert.equal(lost(), lostByReset, "the second move lost none");
  assert.equal(shares.accepted + lostByReset, shares.submitted);
});
