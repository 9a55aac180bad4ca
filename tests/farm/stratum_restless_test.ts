/** Farms that really hash at Stratum pools that change their difficulty all the time, and say nonsense. */

import assert from "node:assert/strict";
import { unansweredIn } from "../../lib/mux/books/ledger.ts";
import { SimFarm } from "../../lib/sim/sim_farm.ts";
import { SimStratumPool } from "../../lib/sim/stratum_pool/sim_stratum_pool.ts";
import {
  assertSameBooks,
  firmwareFor,
  poolsOf,
  restFrom,
  sizeOf,
  stratumProxy,
} from "../support/stratum_farms.ts";
import { assertSharesAddUp, until } from "../support/test_proxy.ts";

const MINERS = 40;

/** Miners find several shares of these in a second. */
const DIFFICULTIES = [-22, -20, -18, -16].map((exponent) => 2 ** exponent);

/** What is no difficulty, as JSON. */
const NONSENSE = ["0", "-1", "1e300", "1e400", "null", '"NaN"', "[]", "{}", '"0x10"', "true"];

/** Forty changes a second, and a while for miners to hear of one. */
const CHANGES = 40;
const CHANGE_MS = 25;
const ROUNDS = 4;

for (const like of ["ckpool", "nomp", "public", "datum"] as const) {
  Deno.test(`${like} with forty changes of difficulty a second refuses one share for each at most`, async () => {
    await using pool = await SimStratumPool.start({
      like,
      asksAddress: false,
      difficulty: DIFFICULTIES[2]!,
      minDifficulty: DIFFICULTIES[0]!,
      vardiff: "fixed",
      jobIntervalMs: 1_000,
    });
    await using proxy = stratumProxy([pool], [sizeOf(like)]);
    await using farm = SimFarm.start({
      port: proxy.port,
      count: MINERS,
      mode: { kind: "hash" },
      connectsPerSecond: 200,
      ...firmwareFor(like),
    });
    await until(() => proxy.statistics().working === MINERS, "all miners are in");
    const passed = (ms: number) => {
      const startedAt = performance.now();
      return until(() => performance.now() - startedAt >= ms, `${ms} ms have passed`);
    };
    let drops = 0;
    for (let change = 0; change < ROUNDS * CHANGES; change++) {
      const difficulty = DIFFICULTIES[change * 3 % 4]!;
      drops += Math.max(0, pool.clients()[0]!.difficulty - difficulty);
      pool.setDifficulty(difficulty);
      const nonsense = NONSENSE[change % NONSENSE.length]!;
      pool.sendLine(`{"id":null,"method":"mining.set_difficulty","params":[${nonsense}]}`);
      // NOMP says it with its next job.
      if (like === "nomp" || change % 3 === 0) pool.newJob();
      await passed(CHANGE_MS);
      if (change % CHANGES === 0) await passed(3_000);
    }
    const { accepted } = pool.statistics();
    await until(() => pool.statistics().accepted >= accepted + 20, "it goes on");
    await restFrom(farm, proxy);

    const ours = proxy.statistics();
    const judged = pool.statistics();
    assert.deepEqual(farm.faults, []);
    assert.equal(farm.statistics().lostConnections, 0);
    assertSharesAddUp(ours);
    assert.equal(unansweredIn(ours.shares), 0);
    // Where nothing tells whether it lowered it over a share, one for each drop may be taken for more.
    assertSameBooks(poolsOf(proxy)[0]!, judged, like === "ckpool" ? drops : 0);
    const lows = new Map(judged.rejectedBy).get("lowDifficulty") ?? 0;
    assert.ok(lows <= judged.difficultiesTold - judged.connections, `${lows} too low`);
  });
}
