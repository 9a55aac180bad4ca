/** Farms that move among an agent pool and Stratum pools of all sizes. */

import assert from "node:assert/strict";
import { SimFarm } from "../../lib/sim/sim_farm.ts";
import { SimStratumPool } from "../../lib/sim/stratum_pool/sim_stratum_pool.ts";
import { moveAmongAllSizes, troubleOf } from "../support/moving_farm.ts";
import {
  entryOf,
  ONE_LAYOUT_FIRMWARE,
  restFrom,
  stratumProxy,
  TINY_VARDIFF,
} from "../support/stratum_farms.ts";
import { assertSharesAddUp, until } from "../support/test_proxy.ts";

const EASY = 2 ** -20;

Deno.test("1,000 moves among an agent pool and pools of 8, 6 and 4 bytes disconnect nobody", () =>
  moveAmongAllSizes({ miners: 40, moves: 1_000, shares: 20 }));

Deno.test("a pool that shrinks from 8 to 6 bytes makes its 4 + 4 miners reconnect, once each", async () => {
  await using pool = await SimStratumPool.start({ difficulty: EASY, vardiff: "fixed" });
  const pools = [entryOf(pool)];
  await using proxy = stratumProxy([pool], [8], { extranonce2_bytes: 3 });
  const options = {
    port: proxy.port,
    mode: { kind: "hash" },
    reconnects: true,
    haste: 50,
  } as const;
  await using slim = SimFarm.start({ ...options, count: 22, firmware: ONE_LAYOUT_FIRMWARE });
  await slim.until(() => slim.statistics().workingNow === 22);
  await proxy.reconfigure([], { pools, vardiff: TINY_VARDIFF });
  await using wide = SimFarm.start({ ...options, count: 36, namePrefix: "wide" });
  await wide.until(() => wide.statistics().workingNow === 36);
  const sizes = (farm: SimFarm) => new Set(farm.miners.map(({ work }) => work?.extranonce2Size));
  assert.deepEqual([sizes(slim), sizes(wide)], [new Set([3]), new Set([4])]);

  await pool.setFaults({ extranonce2Size: 6 });
  const { connections } = pool.statistics();
  pool.setExtranonce("0badcafe", 6);
  await pool.until(() => pool.statistics().connections > connections);
  await wide.until(() => wide.miners.every((miner) => miner.statistics().connections === 2));
  await wide.until(() => wide.statistics().workingNow === 36);
  const before = proxy.statistics().shares.accepted;
  await until(() => proxy.statistics().shares.accepted >= before + 200, "all go on");
  await restFrom(slim, proxy);
  await restFrom(wide, proxy);

  assert.deepEqual(troubleOf(slim.miners), []);
  const { lostConnections, connections: made, givenUp } = wide.statistics();
  assert.deepEqual([lostConnections, made, givenUp], [36, 72, 0]);
  assert.deepEqual([sizes(slim), sizes(wide)], [new Set([3]), new Set([4])]);
  const [account] = proxy.proxy.parts.accounts.opened;
  assert.equal(account!.mux.outgrown, 36);
  assert.deepEqual([...slim.faults, ...wide.faults], []);
  assertSharesAddUp(proxy.statistics());
  assert.deepEqual([...pool.statistics().badBehaviour], [], pool.statistics().badLines.join("\n"));
});
