/** Pools that come and go: miners are not sent to and fro, and none is cut off. */

import assert from "node:assert/strict";
import { FailoverRig, poolServing } from "../support/failover_rig.ts";
import { Stopwatch } from "../../lib/sim/stopwatch.ts";
import { until } from "../support/test_proxy.ts";

Deno.test("a primary that dies every second is not returned to until it has stayed up", async () => {
  await using rig = await FailoverRig.start({
    settings: { failover: { return_after_seconds: 2 } },
  });
  await rig.begun();
  const [primary] = rig.pools;
  primary!.resetConnections();
  await rig.servedBy(1);
  const moved = rig.farm.statistics().cleanJobs;
  for (let cycle = 0; cycle < 3; cycle++) {
    const dies = performance.now() + 1_000;
    await primary!.until(() => primary!.statistics().authorizedNow === 1);
    await until(() => performance.now() >= dies, "a second has passed");
    assert.ok(rig.farm.miners.every((miner) => poolServing(miner) === 1));
    primary!.resetConnections();
    await primary!.until(() => primary!.statistics().connectionsNow === 0);
  }
  assert.equal(rig.farm.statistics().cleanJobs, moved, "nobody was moved");
  await rig.servedBy(0);
  assert.equal(rig.farm.statistics().cleanJobs, moved + 20, "everybody was moved once");
  await rig.goesOn();
  const shares = await rig.closeBooks(0);
  assert.equal(shares.outage, 0);
});

Deno.test("when both pools flap in turns miners follow the one that is connected", async () => {
  await using rig = await FailoverRig.start();
  await rig.begun();
  let serving = 0;
  let longest = 0;
  for (let cycle = 0; cycle < 5; cycle++) {
    const next = 1 - serving;
    using stopwatch = new Stopwatch();
    rig.pool(serving).resetConnections();
    longest = Math.max(longest, await rig.standstill(next, stopwatch));
    await rig.goesOn();
    const lost = rig.pool(serving);
    await lost.until(() => lost.statistics().authorizedNow === 1);
    serving = next;
  }
  assert.ok(longest <= 500, `miners stood still for ${longest} ms`);
  const shares = await rig.closeBooks(serving);
  assert.equal(shares.submitted, shares.accepted + shares.unansweredConnectionLost);
});
