/** The whole way on each engine by name, and what the log and the operator are told of it. */

import assert from "node:assert/strict";
import { SimFarm } from "../../lib/sim/sim_farm.ts";
import { SimPool } from "../../lib/sim/sim_pool.ts";
import { LogCapture } from "../support/log_capture.ts";
import { assertSharesAddUp, TestProxy } from "../support/test_proxy.ts";

for (const engine of ["libc", "deno"]) {
  Deno.test(`on the ${engine} engine every share of 60 miners arrives, jobs in between`, async () => {
    using log = new LogCapture();
    await using pool = await SimPool.start({ proofOfWork: false, jobIntervalMs: 50 });
    await using proxy = new TestProxy([pool], {
      advanced: { io_engine: engine, share_batch_window_ms: 0 },
    });
    assert.match(log.take().join("\n"), new RegExp(`Listening .* with the ${engine} engine`));
    // Enough for the libc engine to be busy for a while.
    await using farm = SimFarm.start({
      port: proxy.port,
      count: 60,
      connectsPerSecond: 1000,
      mode: { kind: "rate", sharesPerSecond: 20 },
    });
    await farm.until(() => farm.statistics().accepted >= 600);
    farm.setMode({ kind: "idle" });
    await farm.until(() => farm.statistics().waitingNow === 0);
    const found = farm.statistics();
    assert.deepEqual(farm.faults, []);
    assert.equal(found.accepted, found.submitted);
    assert.equal(found.lostConnections, 0);
    assert.equal(pool.statistics().acceptedChecksum, found.acceptedChecksum);
    assertSharesAddUp(proxy.statistics());
  });
}

const permissions = { ffi: false, net: true, read: true, env: true } as const;

Deno.test("without the FFI permission the deno engine serves and the log says why", {
  permissions,
}, async () => {
  using log = new LogCapture();
  await using _proxy = new TestProxy([await unusedPool()]);
  assert.match(log.take().join("\n"), /with the deno engine, not libc: it needs .*--allow-ffi/);
});

Deno.test("the libc engine asked for by name but not available ends the start with what to do", {
  permissions,
}, async () => {
  const pool = await unusedPool();
  assert.throws(
    () => new TestProxy([pool], { advanced: { io_engine: "libc" } }),
    /Cannot listen for miners on 127.0.0.1.*--allow-ffi=\/.*libc\.so\.6.*io_engine/,
  );
});

/** A pool that has gone before anybody could connect. */
async function unusedPool(): Promise<SimPool> {
  const pool = await SimPool.start();
  await pool.stop();
  return pool;
}
