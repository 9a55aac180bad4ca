/** Nobody is judged by a clock that jumps; real pauses are in tests/farm. */

import assert from "node:assert/strict";
import { systemTime } from "../../lib/base/system_time.ts";
import { readConfig } from "../../lib/config/read.ts";
import { Proxy } from "../../lib/app/proxy.ts";
import { SimFarm } from "../../lib/sim/sim_farm.ts";
import { SimPool } from "../../lib/sim/sim_pool.ts";
import { agentEntry } from "../support/agent_entry.ts";
import { LogCapture } from "../support/log_capture.ts";
import { assertNobodyLost } from "../support/nobody_lost.ts";

Deno.test("a clock that jumps by 65 s, ten times, loses nothing at all defaults", async () => {
  // Verdicts are on their way at every jump.
  const behaviour = { proofOfWork: false, verdictDelayMs: 200, jobIntervalMs: 1_000 };
  using log = new LogCapture();
  await using first = await SimPool.start(behaviour);
  await using second = await SimPool.start({ ...behaviour, serverNumber: 2 });
  let jumpedMs = 0;
  const config = readConfig(JSON.stringify({
    agent_listen_ip: "127.0.0.1",
    pools: [first, second].map((pool) => agentEntry(pool)),
  }));
  assert.ok(config.ok);
  const proxy = new Proxy({
    config: { ...config.config, agent_listen_port: 0 },
    version: "0.0.0-test",
    time: { ...systemTime, now: () => performance.now() + jumpedMs },
  });
  try {
    await using farm = SimFarm.start({
      // A clock that jumps keeps no pace of jobs.
      mindsPace: () => false,
      port: proxy.addresses[0]!.port,
      count: 20,
      mode: { kind: "rate", sharesPerSecond: 10 },
    });
    await farm.until(() => farm.statistics().accepted >= 20);
    await second.until(() => second.statistics().authorizedNow === 1);
    for (let jump = 0; jump < 10; jump++) {
      const { accepted } = farm.statistics();
      jumpedMs += 65_000;
      await farm.until(() => farm.statistics().accepted >= accepted + 40);
    }
    farm.setMode({ kind: "idle" });
    await farm.until(() => farm.statistics().waitingNow === 0);
    const found = farm.statistics();
    assert.equal(found.accepted, found.submitted);
    assert.equal(found.lostConnections, 0);
    assertNobodyLost(log.take().join("\n"));
    assert.deepEqual(farm.faults, []);
  } finally {
    await proxy.stop(1_000);
  }
});
