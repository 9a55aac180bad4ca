/** Pools that judge wrongly, send empty jobs or stop paying an output, seen by the whole proxy. */

import assert from "node:assert/strict";
import { SimFarm } from "../../lib/sim/sim_farm.ts";
import { SimPool } from "../../lib/sim/sim_pool.ts";
import { SimStratumPool } from "../../lib/sim/stratum_pool/sim_stratum_pool.ts";
import { QUICK_DIFFICULTY } from "../support/hashing_farms.ts";
import { LogCapture } from "../support/log_capture.ts";
import { poolsOf, restFrom, stratumProxy } from "../support/stratum_farms.ts";
import { assertSharesAddUp, TestProxy, until } from "../support/test_proxy.ts";

Deno.test("an honest agent pool contradicts nothing, whatever the miner or the job", async () => {
  await using pool = await SimPool.start({
    difficulty: QUICK_DIFFICULTY,
    jobIntervalMs: 500,
    blockIntervalMs: 1_500,
  });
  await using proxy = new TestProxy([pool], { verify: "all" });
  await using farm = SimFarm.start({ port: proxy.port, count: 30, mode: { kind: "hash" } });
  await farm.until(() => farm.statistics().accepted >= 150);
  await restFrom(farm, proxy);
  const { contradicted, accepted } = proxy.statistics().shares;
  assert.equal(contradicted, 0);
  assert.equal(accepted, pool.statistics().accepted);
  assertSharesAddUp(proxy.statistics());
});

Deno.test("an agent pool that counts any number as a share is found out by verify", async () => {
  using log = new LogCapture();
  await using pool = await SimPool.start({ proofOfWork: false });
  await using proxy = new TestProxy([pool], { verify: "all" });
  await using farm = SimFarm.start({
    port: proxy.port,
    count: 10,
    mode: { kind: "rate", sharesPerSecond: 5 },
  });
  await farm.until(() => farm.statistics().accepted >= 50);
  await restFrom(farm, proxy);
  const { contradicted, accepted } = proxy.statistics().shares;
  assert.equal(contradicted, accepted);
  assert.equal(poolsOf(proxy)[0]!.shares.contradicted, accepted);
  const warnings = log.take().filter((line) => line.includes("accepted a share that is too low"));
  assert.equal(warnings.filter((line) => line.startsWith("warning:")).length, 1);
});

Deno.test("an agent pool with a hidden minimum is found out by a sample", async () => {
  await using pool = await SimPool.start({
    difficulty: QUICK_DIFFICULTY / 64,
    nicehashForced: true,
  });
  await using proxy = new TestProxy([pool], { verify: "sample" });
  await using farm = SimFarm.start({ port: proxy.port, count: 10, mode: { kind: "hash" } });
  await until(() => proxy.statistics().shares.contradicted >= 3, "three were in the sample");
  await restFrom(farm, proxy);
  const { contradicted, rejectedLowDifficulty, accepted } = proxy.statistics().shares;
  assert.equal(accepted, 0);
  assert.ok(contradicted < rejectedLowDifficulty / 20, `${contradicted}/${rejectedLowDifficulty}`);
  assert.equal(farm.statistics().lostConnections, 0, "it is no miner's fault");
});

Deno.test("a Stratum pool whose jobs are empty and then pay somebody else is shown so, and kept", async () => {
  using log = new LogCapture();
  let payee = "";
  await using pool = await SimStratumPool.start({
    difficulty: QUICK_DIFFICULTY,
    vardiff: "fixed",
    jobIntervalMs: 0,
    rewrite: {
      job: (made) => ({
        ...made,
        merkleBranches: [],
        coinbase2: payee === ""
          ? made.coinbase2
          : made.coinbase2.replace(/0014[0-9a-f]{40}/, payee),
      }),
    },
  });
  await using proxy = stratumProxy([pool], [8]);
  await using farm = SimFarm.start({ port: proxy.port, count: 3, mode: { kind: "hash" } });
  await farm.until(() => farm.statistics().accepted >= 3);
  pool.newJob();
  await until(() => poolsOf(proxy)[0]!.emptyMs >= 500, "empty jobs are counted");
  assert.equal(poolsOf(proxy)[0]!.payoutChanges, 0);
  payee = `0014${"66".repeat(20)}`;
  pool.newJob();
  await until(() => poolsOf(proxy)[0]!.payoutChanges === 1, "the change is counted");
  pool.newJob();
  const jobs = farm.statistics().accepted;
  await farm.until(() => farm.statistics().accepted >= jobs + 3);
  await restFrom(farm, proxy);
  assert.equal(poolsOf(proxy)[0]!.payoutChanges, 1);
  const lines = log.take().filter((line) => line.includes("which earlier jobs paid"));
  assert.equal(lines.length, 1, lines.join("\n"));
  assert.match(lines[0]!, /it pays script 0014(66){20}\./);
});
