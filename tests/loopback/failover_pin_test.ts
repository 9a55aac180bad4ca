/** A pool chosen by hand: every miner moves there and back without noticing. */

import assert from "node:assert/strict";
import { SimFarm } from "../../lib/sim/sim_farm.ts";
import { SimPool } from "../../lib/sim/sim_pool.ts";
import { assertSharesAddUp, TestProxy, unjudged, until } from "../support/test_proxy.ts";

Deno.test("pinning a pool moves all miners there and back, and no share or connection is lost", async () => {
  await using first = await SimPool.start({ proofOfWork: false });
  await using second = await SimPool.start({ proofOfWork: false, serverNumber: 2 });
  await using proxy = new TestProxy([first, second], { failover: { return_after_seconds: 1 } });
  await using farm = SimFarm.start({
    port: proxy.port,
    count: 40,
    mode: { kind: "rate", sharesPerSecond: 10 },
  });
  await first.until(() => first.workers().length === 40);
  await farm.until(() => farm.statistics().accepted >= 100);

  proxy.proxy.pinPool(1);
  await second.until(() => second.workers().length === 40);
  await second.until(() => second.statistics().accepted >= 200);
  await first.until(() => first.workers().length === 0);

  proxy.proxy.pinPool(undefined);
  const before = first.statistics().accepted;
  await first.until(() => first.workers().length === 40);
  await first.until(() => first.statistics().accepted >= before + 100);

  farm.setMode({ kind: "idle" });
  await farm.until(() => farm.statistics().waitingNow === 0);
  const { shares } = proxy.statistics();
  assertSharesAddUp(proxy.statistics());
  assert.equal(farm.statistics().lostConnections, 0);
  assert.deepEqual(farm.faults, []);
  assert.equal(shares.accepted, first.statistics().accepted + second.statistics().accepted);
  assert.equal(first.statistics().unregisteredSubmits, 0);
  assert.equal(second.statistics().unregisteredSubmits, 0);
  // What came for a job of the pool before is stale; every share sent up got its verdict.
  assert.equal(shares.submitted, shares.accepted);
  await until(() => unjudged(proxy.statistics()) === 0, "nothing waits");
});

Deno.test("pinning an unknown pool is refused", async () => {
  await using pool = await SimPool.start();
  await using proxy = new TestProxy([pool]);
  assert.throws(() => proxy.proxy.pinPool(1), /Cannot pin pool 1: the list has 1, counted from 0/);
});
