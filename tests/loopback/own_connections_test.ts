/** A pool connection for each worker, on loopback: small twins of tests/farm/own_connections_test.ts. */

import assert from "node:assert/strict";
import { SimStratumPool } from "../../lib/sim/stratum_pool/sim_stratum_pool.ts";
import { NARROW_FIRMWARE, TINY_VARDIFF } from "../support/stratum_farms.ts";
import { loseAndReturn, mineOnOwn, OwnFarm } from "../support/own_connections.ts";
import { until } from "../support/test_proxy.ts";

const EASY = 2 ** -20;

const NAMES = Array.from({ length: 20 }, (_, i) => `rig${i}`);

for (const like of ["ckpool", "nomp", "public", "datum"] as const) {
  Deno.test(`20 workers hash on connections of their own through ${like}, and all books agree, worker by worker`, () =>
    mineOnOwn({
      pool: { like, difficulty: 4 * EASY, minDifficulty: EASY, vardiff: "fixed" },
      names: NAMES,
      firmware: NARROW_FIRMWARE,
      shares: 40,
    }));
}

Deno.test("each connection's difficulty follows its worker, and the books agree", () =>
  mineOnOwn({
    pool: {
      like: "ckpool",
      difficulty: 4 * EASY,
      minDifficulty: EASY,
      vardiff: { targetMs: 200, everyMs: 1_000, shares: 24 },
    },
    names: NAMES,
    firmware: NARROW_FIRMWARE,
    shares: 100,
    leeway: 0.5,
  }));

Deno.test("miners are told the whole part of their connection's difficulty", async () => {
  await using pool = await SimStratumPool.start({ difficulty: 5.7, vardiff: "fixed" });
  await using farm = new OwnFarm([pool], NAMES.slice(0, 4), { firmware: NARROW_FIRMWARE });
  await farm.allAreOnOwn(0);
  const told = () => farm.miners.map(({ work }) => work!.difficulty);
  await until(() => told().every((difficulty) => difficulty === 5), "all have 5 for 5.7");
  for (const { number, name } of pool.clients()) {
    if (name === "farm.rig2") pool.setDifficulty(1234.9, number);
  }
  await until(() => told()[2] === 1234, "rig2 has 1234 for 1234.9");
  assert.deepEqual(told(), [5, 5, 1234, 5]);
});

Deno.test("workers lose their connections, all of them, then the pool, and return: no miner notices", () =>
  loseAndReturn({ miners: 20, shares: 20 }));

Deno.test("a reload to one worker for all and back moves the miners without disconnecting them", async () => {
  const fixed = { difficulty: EASY, vardiff: "fixed", jobIntervalMs: 1_000 } as const;
  await using pool = await SimStratumPool.start(fixed);
  await using farm = new OwnFarm([pool], NAMES.slice(0, 6), { firmware: NARROW_FIRMWARE });
  farm.hash();
  await farm.allAreOnOwn(0);
  farm.assertUndisturbed();
  const entry = { url: `stratum+tcp://${pool.hostname}:${pool.port}`, user: "farm" };
  const reload = (workers: string) =>
    farm.proxy.reconfigure([], { pools: [{ ...entry, workers }], vardiff: TINY_VARDIFF });
  await reload("one");
  await until(() => farm.view(0).workerConnections.ready === 0, "no worker has its own");
  await farm.accepts(0, 20);
  assert.deepEqual([...new Set(pool.clients().map(({ name }) => name))], ["farm"]);
  await reload("connection");
  await farm.allAreOnOwn(0);
  await farm.accepts(0, 20);
  await farm.rest();
  farm.assertUndisturbed();
});
