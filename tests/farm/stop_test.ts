/** After a stop the next start has a large farm back soon. */

import assert from "node:assert/strict";
import { SimFarm } from "../../lib/sim/sim_farm.ts";
import { SimPool } from "../../lib/sim/sim_pool.ts";
import { Stopwatch } from "../../lib/sim/stopwatch.ts";
import { withBatchingConfig } from "../support/batching_config.ts";
import { Program } from "../support/program.ts";

Deno.test("1,000 miners are back within 5 s of the next start", async () => {
  await using pool = await SimPool.start({ proofOfWork: false });
  await withBatchingConfig(pool, async (path, port) => {
    await using farm = SimFarm.start({
      port,
      count: 1_000,
      connectsPerSecond: 2_000,
      reconnects: true,
      // What is measured is the agent, not the half minute that some firmware takes its time.
      haste: 100,
      mode: { kind: "rate", sharesPerSecond: 1 },
    });
    for (let run = 1; run <= 2; run++) {
      await using program = new Program(["-c", path]);
      await program.wrote("Listening for miners");
      using stopwatch = new Stopwatch();
      const { accepted } = farm.statistics();
      await farm.until(() => farm.statistics().workingNow === 1_000);
      const tookMs = stopwatch.ms();
      assert.ok(tookMs < 5_000, `run ${run}: all were back after ${tookMs} ms`);
      await farm.until(() => farm.statistics().accepted >= accepted + 1_000);
      program.signal("SIGTERM");
      const { code, stderr } = await program.ended();
      assert.equal(code, 0, stderr);
    }
    const { accepted, unregisteredSubmits, submits } = pool.statistics();
    assert.deepEqual([unregisteredSubmits, accepted], [0, submits]);
    assert.deepEqual(farm.faults, []);
  });
});
