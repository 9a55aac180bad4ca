/** What the proxy shows of itself: values of one moment, never the parts they come from. */

import assert from "node:assert/strict";
import type { FarmView } from "../../lib/app/farm_view.ts";
import { finished } from "../../lib/base/steps.ts";
import { SimMiner } from "../../lib/sim/sim_miner.ts";
import { SimPool } from "../../lib/sim/sim_pool.ts";
import { FakeDownstream } from "../support/fake_downstream.ts";
import { TestProxy, until } from "../support/test_proxy.ts";

/** Everything that is shown now. */
function everything(view: FarmView) {
  return {
    moment: view.moment,
    config: view.config,
    pools: view.pools,
    health: view.health(),
    summary: finished(view.summary()),
    miners: [...view.miners()],
    workers: [...view.workers()],
    poolsByAccount: [...view.poolsByAccount()],
    accounts: [...view.accounts()],
  };
}

Deno.test("the view has plain values, which do not change when the farm continues", async () => {
  await using pool = await SimPool.start({ proofOfWork: false });
  await using proxy = new TestProxy([pool]);
  await using miner = SimMiner.start({
    port: proxy.port,
    user: "a.b",
    mode: { kind: "rate", sharesPerSecond: 50 },
  });
  await miner.until(() => miner.statistics().accepted >= 3);
  const { view } = proxy.proxy;
  const shown = everything(view);
  // Neither a function nor an object of a class has an equal copy.
  const copy = structuredClone(shown);
  assert.deepEqual(shown, copy);
  assert.deepEqual(shown.miners.map(({ state, account }) => [state, account]), [["working", ""]]);
  const [{ id, name, condition }] = shown.workers as [typeof shown.workers[0]];
  assert.deepEqual([id, name, condition.state], [shown.miners[0]!.workerId, "b", "working"]);
  const [{ connections, shares }] = shown.poolsByAccount[0]! as [
    typeof shown.poolsByAccount[0][0],
  ];
  assert.equal(connections.find(({ role }) => role === "active")!.miners, 1);
  assert.ok(shares.accepted >= 3);
  assert.deepEqual(shown.health, { kind: "served" });

  await pool.setFaults({ refuseConnections: true });
  pool.resetConnections();
  await until(() => view.health().kind === "outage", "the pool is gone");
  await until(() => [...view.accounts()][0]!.open!.pools[0]!.failures > 0, "a failed dial");
  assert.deepEqual(shown, copy);
  assert.notDeepEqual(everything(view).accounts, copy.accounts);
});

Deno.test("charts and the summary have the same figures", async () => {
  await using pool = await SimPool.start({ proofOfWork: false });
  await using proxy = new TestProxy([pool]);
  await using miner = SimMiner.start({
    port: proxy.port,
    user: "a.b",
    mode: { kind: "rate", sharesPerSecond: 50 },
  });
  await miner.until(() => miner.statistics().accepted >= 3);
  miner.setMode({ kind: "idle" });
  await miner.until(() => miner.statistics().waitingNow === 0);
  const { view } = proxy.proxy;
  const { miners, shares, creditedDifficulty, traffic } = finished(view.summary());
  assert.deepEqual(finished(view.counts()), {
    miners: miners.states.working,
    accepted: shares.accepted,
    rejected: 0,
    difficulty: creditedDifficulty,
    bytesUp: traffic.bytesWritten,
    bytesDown: traffic.bytesRead,
  });
});

Deno.test("a sub-account that closes while all are listed is shown exactly once", async () => {
  await using proxy = new TestProxy([], {
    pools: [["127.0.0.1", 1, ""]],
    multi_user_mode: true,
  });
  const { accounts } = proxy.proxy.parts;
  for (const name of ["alice", "bob"]) {
    accounts.join(name, new FakeDownstream(accounts.leaseSession()!), "10.0.0.1");
  }
  const names: string[] = [];
  for (const { name } of proxy.proxy.view.accounts()) {
    if (names.length === 0) accounts.stop();
    names.push(name);
  }
  assert.deepEqual(names, ["alice", "bob"]);
});
