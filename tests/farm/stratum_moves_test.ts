/** Farms that move among an agent pool and Stratum pools of all sizes. */

import assert from "node:assert/strict";
import { SimPool } from "../../lib/sim/sim_pool.ts";
import { SimStratumPool } from "../../lib/sim/stratum_pool/sim_stratum_pool.ts";
import { MovingFarm, troubleOf } from "../support/moving_farm.ts";
import { NARROW_FIRMWARE } from "../support/stratum_farms.ts";

const EASY = 2 ** -20;

Deno.test("1,000 moves among an agent pool and pools of 8, 6 and 4 bytes disconnect nobody", async () => {
  const fixed = { difficulty: EASY, vardiff: "fixed", jobIntervalMs: 2_000 } as const;
  await using agent = await SimPool.start({ difficulty: EASY, jobIntervalMs: 2_000 });
  await using eight = await SimStratumPool.start({ ...fixed, like: "ckpool" });
  await using six = await SimStratumPool.start({ ...fixed, like: "narrow6" });
  await using four = await SimStratumPool.start({ ...fixed, like: "public", asksAddress: false });
  const miners = 40;
  await using moving = new MovingFarm(
    [{ pool: agent }, { pool: eight, size: 8 }, { pool: six, size: 6 }, { pool: four, size: 4 }],
    { count: miners, firmware: NARROW_FIRMWARE },
  );
  const { proxy, farm } = moving;
  await moving.minesAt(0, 20);
  const moves = () => proxy.proxy.parts.accounts.moves;
  for (let round = 1; moves() < 1_000; round++) {
    await moving.moveTo(round % 4, 20);
    moving.assertSameExtranonces();
  }
  await moving.closeBooks();
  assert.deepEqual(troubleOf(farm.miners), []);
  assert.equal(agent.statistics().rejected, 0, "the agent pool finds the headers that were hashed");
  for (const pool of [eight, six, four]) assert.equal(pool.statistics().rejected, 0);
});
