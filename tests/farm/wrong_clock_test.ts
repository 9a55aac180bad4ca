/** Farms behind a proxy whose clock was never set, or is beyond what 32 bits can say. */

import assert from "node:assert/strict";
import type { Time } from "../../lib/base/clock.ts";
import { systemTime } from "../../lib/base/system_time.ts";
import { FIRMWARE_NAMES } from "../../lib/sim/firmware.ts";
import { SimPool } from "../../lib/sim/sim_pool.ts";
import { SimStratumPool } from "../../lib/sim/stratum_pool/sim_stratum_pool.ts";
import { MovingFarm, troubleOf } from "../support/moving_farm.ts";

const EASY = 2 ** -20;

/** The system's time on another day. */
function timeFrom(date: string): Time {
  const start = Date.parse(date);
  const since = systemTime.now();
  return { ...systemTime, wallNow: () => start + systemTime.now() - since };
}

for (
  const [year, date] of [
    [1970, "1970-01-01T00:00:00Z"],
    // In the middle of the test the seconds since 1970 no longer fit 32 bits.
    [2106, "2106-02-07T06:28:10Z"],
  ] as const
) {
  Deno.test(`a proxy in ${year} mines on agent and Stratum pools of today, and loses no share`, async () => {
    const fixed = { difficulty: EASY, vardiff: "fixed", blockIntervalMs: 5_000 } as const;
    await using agent = await SimPool.start({ difficulty: EASY, blockIntervalMs: 5_000 });
    await using ckpool = await SimStratumPool.start({ ...fixed, like: "ckpool" });
    await using datum = await SimStratumPool.start({ ...fixed, like: "datum" });
    await using moving = new MovingFarm(
      [{ pool: agent }, { pool: ckpool, size: 8 }, { pool: datum, size: 8 }],
      { count: 3 * FIRMWARE_NAMES.length },
      timeFrom(date),
    );
    const { proxy, farm } = moving;
    await moving.minesAt(0, 100);
    for (const place of [1, 2, 0, 2]) await moving.moveTo(place, 200);
    await moving.closeBooks();
    assert.deepEqual(troubleOf(farm.miners), []);
    const { shares } = proxy.statistics();
    assert.deepEqual(
      [shares.refusedTimeTooOld, shares.refusedTimeTooNew, shares.refusedLowDifficulty],
      [0, 0, 0],
    );
    assert.equal(shares.submitted - shares.accepted, shares.rejectedStale, "but at new blocks");
  });
}
