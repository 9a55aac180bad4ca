/** That the proxy and both simulators live by the time they are handed, and by no other. */

import assert from "node:assert/strict";
import { systemTime } from "../../lib/base/system_time.ts";
import { Proxy } from "../../lib/app/proxy.ts";
import { SimFarm } from "../../lib/sim/sim_farm.ts";
import { SimPool } from "../../lib/sim/sim_pool.ts";
import { FakeTime } from "../support/fake_time.ts";
import { LogCapture } from "../support/log_capture.ts";
import { PATIENCE_MS } from "../support/patience.ts";
import { configOf } from "../support/test_proxy.ts";

const MINERS = 3;
const SHARES_A_MINUTE = 6;
const MINUTES = 5;

/** Shorter than any time-out, and than what the clock of a proxy takes for an absence. */
const STEP_MS = 100;

Deno.test("five minutes of mining pass as fast as sockets carry them, all by a made-up time", async () => {
  using _log = new LogCapture();
  const time = new FakeTime();
  /** Lets time pass in steps, with a moment for the sockets after each. */
  const pass = async (isOver: () => boolean) => {
    const startedAt = systemTime.now();
    while (!isOver()) {
      assert.ok(systemTime.now() - startedAt < PATIENCE_MS, "it takes too long");
      time.advance(STEP_MS);
      await new Promise((resolve) => setTimeout(resolve));
    }
  };
  const pool = await SimPool.start({ proofOfWork: false, jobIntervalMs: 20_000, time });
  const proxy = new Proxy({ config: configOf([pool]), version: "0.0.0-test", time });
  const farm = SimFarm.start({
    port: proxy.addresses[0]!.port,
    count: MINERS,
    mode: { kind: "rate", sharesPerSecond: SHARES_A_MINUTE / 60 },
    time,
  });
  await pass(() => farm.statistics().workingNow === MINERS);
  const { submitted, jobs } = farm.statistics();
  const end = time.now() + MINUTES * 60_000;
  await pass(() => time.now() >= end);
  farm.setMode({ kind: "idle" });
  await pass(() => farm.statistics().waitingNow === 0);

  const after = farm.statistics();
  const expected = MINERS * SHARES_A_MINUTE * MINUTES;
  const shares = after.submitted - submitted;
  assert.ok(Math.abs(shares - expected) <= MINERS, `${shares} shares, expected ${expected}`);
  assert.equal(after.accepted, after.submitted);
  assert.equal(after.connections, MINERS, "nobody was disconnected");
  const newJobs = after.jobs - jobs;
  assert.ok(newJobs >= MINERS * MINUTES * 3 - MINERS, `${newJobs} jobs`);
  assert.deepEqual(farm.faults, []);

  const stopped = Promise.all([farm.stop(), proxy.stop()]).then(() => pool.stop());
  let isStopped = false;
  void stopped.finally(() => isStopped = true);
  await pass(() => isStopped);
  await stopped;
  assert.equal(time.timers, 0, "nothing waits any more");
});
