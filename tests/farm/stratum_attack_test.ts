/** One miner that means harm to the pool, beside 500 that work, behind one connection. */

import assert from "node:assert/strict";
import { SimFarm } from "../../lib/sim/sim_farm.ts";
import { SimStratumPool } from "../../lib/sim/stratum_pool/sim_stratum_pool.ts";
import { HostileHasher } from "../support/hostile_hasher.ts";
import { assertSameBooks, poolsOf, restFrom, stratumProxy } from "../support/stratum_farms.ts";
import { assertSharesAddUp, until } from "../support/test_proxy.ts";

const HONEST = 500;
const DIFFICULTY = 2 ** -16;
const ROUNDS = 20;
/** Some 45 lines in this time, where a miner may send 100 in a second. */
const ROUND_MS = 500;

Deno.test("no bad line of a hostile miner reaches the pool that 500 others mine for", async () => {
  await using pool = await SimStratumPool.start({ difficulty: DIFFICULTY, vardiff: "fixed" });
  await using proxy = stratumProxy([pool], [8]);
  await using honest = SimFarm.start({
    port: proxy.port,
    count: HONEST,
    mode: { kind: "hash" },
    connectsPerSecond: 250,
  });
  await until(() => proxy.statistics().working === HONEST, "the honest are in");
  await using hostile = await HostileHasher.start(proxy.port, "farm.evil");
  const evil = () => {
    const { sessionId } = [...proxy.proxy.view.miners()].find(({ user }) => user === "farm.evil")!;
    return proxy.statistics().minerShares(sessionId!);
  };
  const started = performance.now();
  for (let round = 1; round <= ROUNDS; round++) {
    // As fast as any miner may send, no faster: it would be disconnected.
    await until(() => performance.now() >= started + round * ROUND_MS, "it may send again");
    await hostile.attack(DIFFICULTY);
    const { good, bad } = hostile.counts;
    await until(() => evil().accepted === good, `good share ${good} is accepted`);
    // Its lines that are no submit at all are counted by nobody.
    await until(() => evil().received >= good + bad - 5 * round, "all was judged");
    if (round % 5 > 0) continue;
    const { jobs } = hostile;
    pool.newBlock();
    await until(() => hostile.jobs > jobs, "it has the clean job");
  }
  const before = proxy.statistics().shares.accepted;
  await until(() => proxy.statistics().shares.accepted >= before + 20, "the honest mine on");
  await restFrom(honest, proxy);

  const { shares } = proxy.statistics();
  const { good } = hostile.counts;
  assert.ok(!hostile.isEnded);
  assert.deepEqual([evil().submitted, evil().accepted, evil().kept], [good, good, 0]);
  assertSharesAddUp(proxy.statistics());
  const judged = pool.statistics();
  const { stale = 0, ...others } = Object.fromEntries(judged.rejectedBy);
  assert.deepEqual(others, {}, `${stale} stale`);
  assertSameBooks(poolsOf(proxy)[0]!, judged);
  const found = honest.statistics();
  assert.deepEqual(honest.faults, []);
  assert.deepEqual([found.lostConnections, found.workingNow], [0, HONEST]);
  assert.deepEqual([...found.rejectedByCode.keys()].filter((code) => code !== 21), []);
  assert.equal(shares.received, found.submitted + evil().received);
});
