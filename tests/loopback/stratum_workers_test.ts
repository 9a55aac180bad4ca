/** Pools that are to see every worker, on each kind of Stratum server. */

import assert from "node:assert/strict";
import { SimFarm } from "../../lib/sim/sim_farm.ts";
import { SimMiner } from "../../lib/sim/sim_miner.ts";
import { SimStratumPool } from "../../lib/sim/stratum_pool/sim_stratum_pool.ts";
import { hasHeardAll, mineByName, namedEntry, proxyFor } from "../support/named_farms.ts";
import { assertSameBooks, poolsOf, restFrom, TINY_VARDIFF } from "../support/stratum_farms.ts";
import { LogCapture } from "../support/log_capture.ts";
import { assertSharesAddUp, until } from "../support/test_proxy.ts";

for (
  const [like, seen] of [
    ["nomp", "each"],
    ["datum", "each"],
    ["ckpool", "one"],
    ["public", "one"],
  ] as const
) {
  Deno.test(`24 miners, half of them with hostile names, hash through ${like}, which sees ${seen}`, () =>
    mineByName({ like, seen, miners: 24, seconds: 2, shares: 40 }));
}

Deno.test("a pool that refuses a new worker sees one from then on, on the same connection", async () => {
  await using pool = await SimStratumPool.start({
    like: "nomp",
    extranonce2Size: 8,
    difficulty: 2 ** -20,
    vardiff: "fixed",
    jobIntervalMs: 0,
  });
  await using proxy = proxyFor(pool, 8);
  await using farm = SimFarm.start({ port: proxy.port, count: 20, firmware: ["cgminer"] });
  const isNamed = () => pool.clients().some(({ name }) => name === "farm.rig020");
  await until(isNamed, "all workers are authorized");
  await hasHeardAll(pool, proxy);
  farm.setMode({ kind: "hash" });
  await until(() => pool.statistics().accepted >= 50, "shares go up by name");
  assert.ok(pool.statistics().byName.size > 1);
  assert.equal(pool.statistics().byName.get("farm.main"), undefined);

  await pool.setFaults({ refuseLaterNames: true });
  const { connections } = pool.statistics();
  const late = SimMiner.start({ port: proxy.port, user: "user.late" });
  try {
    const accepted = () => pool.statistics().byName.get("farm.main")?.accepted ?? 0;
    await until(() => accepted() >= 50, "shares go up under the user");
    const { rejectedBy } = pool.statistics();
    await until(() => accepted() >= 100, "more of them do");
    assert.deepEqual([...pool.statistics().rejectedBy], [...rejectedBy], "no more are refused");
    await restFrom(farm, proxy);
  } finally {
    await late.stop();
  }
  const judged = pool.statistics();
  assert.deepEqual(farm.faults, []);
  assert.deepEqual(late.faults, []);
  assert.equal(judged.connections, connections, "none was replaced");
  assertSharesAddUp(proxy.statistics());
  // What was on its way when the name was refused is the only loss.
  const { refusedName, unauthorizedSubmit = 0, ...more } = Object.fromEntries(judged.badBehaviour);
  assert.deepEqual({ refusedName, more }, { refusedName: 1, more: {} });
  assert.deepEqual(
    new Set(judged.rejectedBy.keys()),
    new Set(unauthorizedSubmit ? ["unauthorized"] : []),
  );
  assertSameBooks(poolsOf(proxy)[0]!, { ...judged, badBehaviour: new Map() });
});

Deno.test("a pool that ignored a name is not asked again on a new connection, but when its entry changes", async () => {
  await using pool = await SimStratumPool.start({ difficulty: 2 ** -20, vardiff: "fixed" });
  await using proxy = proxyFor(pool, 8);
  const mode = { kind: "hash" } as const;
  await using farm = SimFarm.start({ port: proxy.port, count: 5, firmware: ["cgminer"], mode });
  const asked = () => pool.statistics().badBehaviour.get("secondAuthorize") ?? 0;
  const acceptedOn = (connection: number) =>
    pool.statistics().byConnection.get(connection)?.accepted ?? 0;
  using log = new LogCapture();
  const said = () => log.take().filter((line) => line.includes("sees one worker"));
  const lines: string[] = [];
  await until(() => {
    lines.push(...said());
    return lines.length > 0;
  }, "it sees one worker");
  assert.equal(asked(), 1);

  const last = pool.statistics().connections;
  pool.resetConnections();
  const isBack = () =>
    pool.clients().some(({ number }) => number > last && acceptedOn(number) > 20);
  await until(isBack, "shares go up on a new connection");
  assert.equal(asked(), 1);

  const entry = { ...namedEntry(pool), password: "y" };
  await proxy.reconfigure([], { pools: [entry], vardiff: TINY_VARDIFF });
  await until(() => asked() === 2, "it is asked again");
  assert.deepEqual(farm.faults, []);
});
