/**
 * A real pool that judges shares late or never: miners are answered in time, and the books say what
 * the pool says.
 */

import assert from "node:assert/strict";
import { rejectedIn } from "../../lib/mux/books/ledger.ts";
import { SimMiner } from "../../lib/sim/sim_miner.ts";
import type { StratumPoolFaults } from "../../lib/sim/stratum_pool/faults.ts";
import { SimStratumPool } from "../../lib/sim/stratum_pool/sim_stratum_pool.ts";
import { assertSameBooks, poolsOf, sizeOf, stratumProxy } from "../support/stratum_farms.ts";
import { assertSharesAddUp, type TestProxy, unjudged, until } from "../support/test_proxy.ts";

const EASY = 2 ** -20;

/** Few shares a second: it hashes in JavaScript. */
const POOL = {
  like: "ckpool",
  difficulty: 64 * EASY,
  vardiff: "fixed",
  jobIntervalMs: 0,
} as const;

/** A miner is answered no sooner, and no later even by a machine that is busy, in milliseconds. */
const LEAST_MS = 2_900;
const MOST_MS = 4_500;

interface Mine {
  readonly pool: SimStratumPool;
  readonly proxy: TestProxy;
}

/** A miner works for a pool with these faults, which judges no share before it must be answered. */
async function mine(
  faults: Partial<StratumPoolFaults>,
  look: (mine: Mine) => Promise<void>,
): Promise<void> {
  await using pool = await SimStratumPool.start(POOL);
  await pool.setFaults(faults);
  await using proxy = stratumProxy([pool], [sizeOf(POOL.like)]);
  await using miner = SimMiner.start({ port: proxy.port, user: "rig", mode: { kind: "hash" } });
  await until(() => miner.statistics().submitted > 0, "a share");
  const since = performance.now();
  miner.setMode({ kind: "idle" });
  await until(() => miner.statistics().accepted > 0, "an answer");
  const waitedMs = performance.now() - since;
  assert.ok(waitedMs >= LEAST_MS && waitedMs <= MOST_MS, `answered after ${waitedMs} ms`);
  const { early, assumed, accepted } = proxy.statistics().shares;
  assert.deepEqual([assumed, accepted], [early, 0]);
  assert.equal(proxy.proxy.parts.counter.creditedDifficulty, 0, "nothing is credited yet");
  assertSharesAddUp(proxy.statistics());

  await until(() => miner.statistics().waitingNow === 0, "every answer");
  await look({ pool, proxy });
  const { submitted, accepted: heardTrue } = miner.statistics();
  assert.equal(heardTrue, submitted, "it heard true, once");
  assertSharesAddUp(proxy.statistics());
}

Deno.test("a miner of a pool that accepts after 5 s hears true in 3 s, and the books follow later", () =>
  mine({ lateByMs: 5_000 }, async ({ proxy, pool }) => {
    const { early } = proxy.statistics().shares;
    await until(() => unjudged(proxy.statistics()) === 0, "every share is judged");
    const { shares } = proxy.statistics();
    assert.deepEqual([shares.accepted, shares.assumed, shares.earlyRejected], [early, 0, 0]);
    assertSharesAddUp(proxy.statistics());
    assertSameBooks(poolsOf(proxy)[0]!, pool.statistics());
  }));

Deno.test("a miner of a pool that refuses after 5 s hears true in 3 s, and the books say rejected", () =>
  mine({ lateByMs: 5_000, refuseShares: true }, async ({ proxy }) => {
    await until(() => unjudged(proxy.statistics()) === 0, "every share is judged");
    const { shares } = proxy.statistics();
    const { early, earlyRejected, assumed, accepted } = shares;
    assert.ok(early > 0);
    assert.deepEqual([rejectedIn(shares), earlyRejected, assumed, accepted], [early, early, 0, 0]);
    assert.equal(proxy.proxy.parts.counter.creditedDifficulty, 0);
  }));

Deno.test("a miner of a pool that never answers hears true in 3 s, and its shares end unanswered", () =>
  mine({ lateByMs: Infinity }, async ({ pool, proxy }) => {
    const { early } = proxy.statistics().shares;
    pool.resetConnections();
    await until(() => unjudged(proxy.statistics()) === 0, "every share has ended");
    const { unansweredConnectionLost, assumed, accepted } = proxy.statistics().shares;
    assert.deepEqual([unansweredConnectionLost, assumed, accepted], [early, 0, 0]);
  }));
