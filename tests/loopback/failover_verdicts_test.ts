/** Verdicts that come late, twice, for nothing or not at all: each is counted, none misleads. */

import assert from "node:assert/strict";
import { NO_STRAYS } from "../../lib/mux/books/ledger.ts";
import { SimMiner } from "../../lib/sim/sim_miner.ts";
import { FailoverRig } from "../support/failover_rig.ts";
import { unjudged, until } from "../support/test_proxy.ts";

Deno.test("verdicts given twice are counted as such and answer nobody a second time", async () => {
  await using rig = await FailoverRig.start();
  await rig.pool(0).setFaults({ repeatEveryNthVerdict: 2 });
  await rig.begun();
  await rig.goesOn(100);
  const shares = await rig.closeBooks(0);
  const { strayVerdicts } = rig.proxy.statistics();
  assert.deepEqual(strayVerdicts, {
    ...NO_STRAYS,
    repeated: Math.floor(rig.pool(0).statistics().verdicts / 2),
  });
  assert.equal(shares.accepted, rig.pool(0).statistics().accepted);
});

Deno.test("verdicts for shares never sent are counted as such and answer nobody", async () => {
  await using rig = await FailoverRig.start();
  await rig.pool(0).setFaults({ strayEveryNthVerdict: 3 });
  await rig.begun();
  await rig.goesOn(100);
  const shares = await rig.closeBooks(0);
  assert.deepEqual(rig.proxy.statistics().strayVerdicts, {
    ...NO_STRAYS,
    neverSent: Math.floor(rig.pool(0).statistics().verdicts / 3),
  });
  assert.equal(shares.accepted, shares.submitted);
  assert.equal(shares.accepted, rig.pool(0).statistics().accepted);
});

Deno.test(
  "verdicts that come after the miner left are counted, and its id and counts are free " +
    "afterwards",
  async () => {
    await using rig = await FailoverRig.start({
      sharesPerSecond: 0,
      pool: { verdictDelayMs: 800 },
    });
    await rig.servedBy(0);
    const pool = rig.pool(0);
    const leaver = SimMiner.start({ port: rig.proxy.port, user: "demo.leaver" });
    await leaver.until(() => leaver.work !== undefined);
    const { job } = leaver.work!;
    for (let nonce = 0; nonce < 10; nonce++) {
      const ntime = parseInt(job.ntime, 16);
      leaver.submit({ jobId: job.id, extranonce2: "00000000", ntime, nonce, versionBits: 0 });
    }
    await pool.until(() => pool.statistics().submits === 10);
    await leaver[Symbol.asyncDispose]();
    await until(() => rig.proxy.statistics().connected === 20, "the miner is gone");
    await until(() => rig.proxy.statistics().shares.accepted === 10, "its shares are judged");
    await until(() => rig.proxy.statistics().sessionIds === 20, "its id is free");
    await pool.until(() => pool.workers().length === 20);
    const { strayVerdicts, shares, minerShares } = rig.proxy.statistics();
    for (let id = 0; id <= 20; id++) assert.equal(minerShares(id).submitted, 0);
    assert.deepEqual(strayVerdicts, { ...NO_STRAYS, minerGone: 10 });
    assert.equal(shares.accepted, pool.statistics().accepted);
    assert.equal(pool.statistics().verdictsWithheld, 0);
  },
);

Deno.test("shares whose verdicts never come are answered, and stay in the books", async () => {
  await using rig = await FailoverRig.start();
  await rig.pool(0).setFaults({ dropEveryNthVerdict: 4 });
  await rig.begun();
  await rig.goesOn(60);
  rig.farm.setMode({ kind: "idle" });
  const { pools: [pool], proxy } = rig;
  await pool!.until(() => pool!.statistics().waitingNow === 0);
  await until(() => {
    const { submits, verdictsWithheld } = pool!.statistics();
    const { shares } = proxy.statistics();
    return shares.received === rig.farm.statistics().submitted && shares.submitted === submits &&
      unjudged(proxy.statistics()) === verdictsWithheld;
  }, "just what the pool kept for itself has no verdict");
  await until(() => rig.farm.statistics().waitingNow === 0, "no miner waits for an answer");
  const { shares, waitingShares, strayVerdicts } = proxy.statistics();
  assert.equal(waitingShares, 0);
  assert.ok(shares.assumed > 0);
  assert.equal(shares.accepted, pool!.statistics().verdicts);
  assert.equal(shares.submitted, shares.accepted + shares.assumed);
  assert.deepEqual(strayVerdicts, NO_STRAYS);
});

Deno.test("shares of a connection that broke are told apart from those that are judged", async () => {
  await using rig = await FailoverRig.start({ pool: { verdictDelayMs: 500 } });
  await rig.begun();
  // Those of the moment may all have been judged.
  await until(() => rig.proxy.statistics().waitingShares > 0, "shares wait");
  rig.pool(0).resetConnections();
  await rig.servedBy(1);
  await rig.goesOn();
  const shares = await rig.closeBooks(1);
  assert.ok(shares.unansweredConnectionLost > 0);
  assert.equal(shares.submitted, shares.accepted + shares.unansweredConnectionLost);
  const told = rig.farm.statistics().rejectedByCode.get(20) ?? 0;
  const { early, unansweredConnectionLost } = shares;
  assert.ok(
    told <= unansweredConnectionLost && told >= unansweredConnectionLost - early,
    `${told}`,
  );
  assert.deepEqual(rig.proxy.statistics().strayVerdicts, NO_STRAYS);
});
