/**
 * Farms that really hash behind a proxy whose pool is an ordinary Stratum pool, and the books of
 * both, which have to agree in the end.
 */

import assert from "node:assert/strict";
import type { MinerStatistics } from "../../lib/sim/miner_ledger.ts";
import { SimFarm, type SimFarmOptions } from "../../lib/sim/sim_farm.ts";
import { SimStratumPool } from "../../lib/sim/stratum_pool/sim_stratum_pool.ts";
import type { StratumPoolStatistics } from "../../lib/sim/stratum_pool/ledger.ts";
import type { StratumPoolOptions } from "../../lib/sim/stratum_pool/settings.ts";
import type { ProxyStatistics } from "../../lib/app/proxy.ts";
import { TestProxy, until } from "./test_proxy.ts";

/** Miners are told the lowest difficulties there are: they hash in JavaScript. */
export const TINY_VARDIFF = { minimum: 2 ** -20 };

/** A pool of the configuration. */
export function entryOf(pool: SimStratumPool, user = "farm"): unknown {
  return { url: `stratum+tcp://${pool.hostname}:${pool.port}`, user };
}

/** A proxy for these pools, which knows their sizes from before. */
export function stratumProxy(
  pools: readonly SimStratumPool[],
  sizes: readonly number[],
  settings: Readonly<Record<string, unknown>> = {},
): TestProxy {
  return new TestProxy(
    [],
    { pools: pools.map((pool) => entryOf(pool)), vardiff: TINY_VARDIFF, ...settings },
    undefined,
    undefined,
    new Map(pools.map((pool, i) => [`${pool.hostname}:${pool.port}`, sizes[i]!])),
  );
}

/** How a farm is to mine through one pool. */
export interface StratumFarm {
  readonly pool: StratumPoolOptions;
  /** The extranonce2 size of the pool, known from before. */
  readonly size: number;
  readonly farm: Pick<SimFarmOptions, "count" | "firmware">;
  readonly seconds: number;
}

/** What a proxy, its pool and its miners have counted in the end. */
export interface MinedBooks {
  readonly ours: ProxyStatistics;
  readonly judged: StratumPoolStatistics;
  readonly farm: MinerStatistics;
}

/** A farm mines through a pool; the pool has to accept all it is sent, but for races at new blocks. */
export async function mineThrough(
  { pool: options, size, farm: of, seconds }: StratumFarm,
): Promise<MinedBooks> {
  await using pool = await SimStratumPool.start(options);
  await using proxy = stratumProxy([pool], [size]);
  await using farm = SimFarm.start({
    port: proxy.port,
    mode: { kind: "hash" },
    connectsPerSecond: 200,
    ...of,
  });
  await until(() => proxy.statistics().working === of.count, "all miners are in");
  const started = performance.now();
  await until(
    () => performance.now() - started >= seconds * 1000 && proxy.statistics().shares.accepted >= 30,
    `${seconds} s have passed and 30 shares were accepted`,
    seconds * 1000 + 300_000,
  );
  farm.setMode({ kind: "idle" });
  await farm.until(() => farm.statistics().waitingNow === 0);
  await until(() => proxy.statistics().waitingShares === 0, "every share is judged");
  const found = { ours: proxy.statistics(), judged: pool.statistics(), farm: farm.statistics() };
  assert.deepEqual(farm.faults, []);
  return found;
}
