/** Farms that really hash at Stratum pools whose difficulty is far too low for them. */

import assert from "node:assert/strict";
import { unansweredIn } from "../../lib/mux/books/ledger.ts";
import { SimFarm } from "../../lib/sim/sim_farm.ts";
import { SimStratumPool } from "../../lib/sim/stratum_pool/sim_stratum_pool.ts";
import type { StratumPoolOptions } from "../../lib/sim/stratum_pool/settings.ts";
import {
  assertSameBooks,
  firmwareFor,
  poolsOf,
  restFrom,
  sizeOf,
  stratumProxy,
} from "../support/stratum_farms.ts";
import { assertSharesAddUp, type TestProxy, until } from "../support/test_proxy.ts";

/** A share takes one hash: thousands are found in a second. */
const FLOODING = 2 ** -32;
/** Miners find one in many seconds. */
const FITTING = 2 ** -12;

const MINERS = 40;

/** What a connection may send in the long run, and what it may send at once. */
const SUBMITS = 100;
const BURST = 50;

interface Flooded {
  readonly pool: SimStratumPool;
  readonly proxy: TestProxy;
  readonly farm: SimFarm;
  /** How many shares were sent before the proxy had read a raise, by which they may be judged. */
  onTheirWay: number;
}

/**
 * A farm that mines through one pool, while `during` looks on, and its books in the end.
 *
 * @param jumps how many shares may be worth a million others to one side only, since they were under
 * way when the pool's difficulty changed.
 */
async function flood(
  options: StratumPoolOptions,
  jumps: number,
  during: (flooded: Flooded) => Promise<void>,
): Promise<void> {
  await using pool = await SimStratumPool.start({
    jobIntervalMs: 2_000,
    asksAddress: false,
    ...options,
  });
  // On a fast machine each of them finds hundreds a second.
  const limits = { max_requests_per_second: 0 };
  await using proxy = stratumProxy([pool], [sizeOf(pool.like)], { limits });
  await using farm = SimFarm.start({
    port: proxy.port,
    count: MINERS,
    mode: { kind: "hash" },
    connectsPerSecond: 200,
    ...firmwareFor(pool.like),
  });
  await until(() => proxy.statistics().working === MINERS, "all miners are in");
  const started = performance.now();
  const flooded = { pool, proxy, farm, onTheirWay: 0 };
  await during(flooded);
  const highest = Math.max(FITTING, ...pool.clients().map(({ difficulty }) => difficulty));
  await restFrom(farm, proxy);
  const seconds = (performance.now() - started) / 1000;

  assert.deepEqual(farm.faults, []);
  const ours = proxy.statistics();
  const judged = pool.statistics();
  assertSharesAddUp(ours);
  assertSameBooks(poolsOf(proxy)[0]!, judged, jumps * highest);
  // One share finds out by which difficulty the pool judges; those that judge all by the newest at
  // once may refuse what is on its way to them, too.
  const changes = judged.difficultiesTold - judged.connections;
  const most = changes + (pool.like === "public" ? flooded.onTheirWay : 0);
  assert.ok(
    judged.rejected <= most,
    JSON.stringify([[...judged.rejectedBy], changes, flooded.onTheirWay, pool.clients()]),
  );
  assert.equal(unansweredIn(ours.shares), 0, "none was dropped");
  const { submitted, lostConnections, givenUp } = farm.statistics();
  assert.deepEqual({ lostConnections, givenUp }, { lostConnections: 0, givenUp: 0 });
  assert.equal(ours.shares.received, submitted);
  assert.ok(judged.submits <= SUBMITS * (seconds + 5) + BURST, `${judged.submits} submits`);
}

/** The pool gives all connections a higher difficulty, until the proxy has read it. */
async function raise(flooded: Flooded, difficulty: number): Promise<void> {
  const { pool, proxy } = flooded;
  const { submits } = pool.statistics();
  pool.setDifficulty(difficulty);
  const { mux } = [...proxy.proxy.parts.accounts.opened][0]!;
  await until(
    () => mux.occupancies.every(({ poolDifficulty }) => poolDifficulty === difficulty),
    "the proxy has read it",
  );
  flooded.onTheirWay += proxy.statistics().shares.submitted - submits;
}

/** Work that pools did not count. */
function lost({ proxy }: Flooded): number {
  return poolsOf(proxy)[0]!.brakeLoss;
}

Deno.test("a pool that never follows gets the shares it can take; the rest is in the books", async () => {
  await flood({ difficulty: FLOODING, vardiff: "fixed" }, 0, async (flooded) => {
    const { pool, proxy } = flooded;
    const { counter } = proxy.proxy.parts;
    await until(() => pool.statistics().accepted >= 1_000, "it has got a thousand shares");
    const before = pool.statistics().submits;
    const startedAt = performance.now();
    await until(() => performance.now() - startedAt >= 20_000, "20 s have passed");
    const rate = (pool.statistics().submits - before) / 20;
    assert.ok(rate > 10 && rate <= SUBMITS + 1, `${rate} a second`);
    await restFrom(flooded.farm, proxy);
    const { accepted, rejectedLowDifficulty, refusedLowDifficulty } = proxy.statistics().shares;
    assert.equal(rejectedLowDifficulty, 0);
    const counted = accepted * FLOODING;
    assert.ok(lost(flooded) > counted, `${lost(flooded)} lost`);
    const worked = counter.creditedDifficulty;
    assert.ok(
      Math.abs(worked / (counted + lost(flooded)) - 1) < 0.01,
      `${worked} credited, ${counted} counted, ${
        lost(flooded)
      } lost, ${refusedLowDifficulty} refused`,
    );
  });
});

Deno.test("a pool that follows as ckpool does has its difficulty and no brake in a minute", async () => {
  await flood({ difficulty: FLOODING }, 4, async (flooded) => {
    const { pool, proxy } = flooded;
    const mux = () => [...proxy.proxy.parts.accounts.opened][0]!.mux;
    const difficulty = () => mux().occupancies[0]!.upstream.terms.poolDifficulty;
    assert.equal(difficulty(), FLOODING, "as it began");
    await until(() => pool.statistics().difficultiesTold >= 4, "it has followed");
    let before = -1;
    let quietSince = performance.now();
    await until(() => {
      const now = lost(flooded);
      if (now !== before) quietSince = performance.now();
      before = now;
      return performance.now() - quietSince > 10_000;
    }, "nothing more is lost");
  });
});

for (const like of ["ckpool", "nomp", "public", "datum"] as const) {
  Deno.test(`a difficulty that falls by a million at ${like} and rises again costs no share`, async () => {
    await flood(
      { like, difficulty: FITTING, minDifficulty: FLOODING, vardiff: "fixed" },
      4,
      async (flooded) => {
        const { pool } = flooded;
        await until(() => pool.statistics().accepted >= 1, "a share");
        assert.equal(lost(flooded), 0);
        for (let round = 0; round < 2; round++) {
          pool.setDifficulty(FLOODING);
          const { accepted } = pool.statistics();
          await until(() => pool.statistics().accepted >= accepted + 500, "a flood of shares");
          await raise(flooded, FITTING);
          const startedAt = performance.now();
          await until(() => performance.now() - startedAt >= 8_000, "8 s have passed");
        }
        assert.ok(lost(flooded) > 0);
      },
    );
  });
}
