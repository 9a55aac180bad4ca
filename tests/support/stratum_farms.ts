/**
 * Farms that really hash behind a proxy whose pools are ordinary Stratum pools. At the end, the
 * counts of both must agree.
 */

import assert from "node:assert/strict";
import { rejectedIn } from "../../lib/mux/books/ledger.ts";
import { FIRMWARE_NAMES, type FirmwareName } from "../../lib/sim/firmware.ts";
import { SimFarm } from "../../lib/sim/sim_farm.ts";
import { SimStratumPool } from "../../lib/sim/stratum_pool/sim_stratum_pool.ts";
import {
  type Like,
  type StratumPoolOptions,
  stratumPoolSettings,
} from "../../lib/sim/stratum_pool/settings.ts";
import type { StratumPoolStatistics } from "../../lib/sim/stratum_pool/ledger.ts";
import type { PoolView } from "../../lib/app/farm_view.ts";
import { assertSharesAddUp, TestProxy, unjudged, until } from "./test_proxy.ts";

/** Miners are told the lowest difficulties there are: they hash in JavaScript. */
export const TINY_VARDIFF = { minimum: 2 ** -20 };

/**
 * Firmware that mines on a pool with 4 bytes of extranonce2, of which miners get 2 or 3: NiceHash
 * works with 4 to 8 bytes only and leaves by itself.
 */
export const NARROW_FIRMWARE: readonly FirmwareName[] = FIRMWARE_NAMES.filter((name) =>
  name !== "nicehash"
);

/**
 * Those of them whose miners all look alike there: NerdMiner knows 2 and 4 bytes only, and cannot
 * sit on one connection with miners that roll 3.
 */
export const ONE_LAYOUT_FIRMWARE: readonly FirmwareName[] = NARROW_FIRMWARE.filter((name) =>
  name !== "nerdminer"
);

/** How many bytes of extranonce2 pools of a kind give. */
export function sizeOf(like: Like): number {
  return stratumPoolSettings({ like }).extranonce2Size;
}

/** What mines there: all firmware, but on narrow pools what finds no room. */
export function firmwareFor(like: Like): { readonly firmware?: readonly FirmwareName[] } {
  return sizeOf(like) < 6 ? { firmware: NARROW_FIRMWARE } : {};
}

/** A miner may be at work on an old job for this long after a block, on a machine that is busy. */
const RACE_MS = 1_500;

/** Jobs and blocks come this often. */
const JOB_MS = 1_000;
const BLOCK_MS = 4_000;

/** A pool of the configuration. */
export function entryOf(pool: { readonly hostname: string; readonly port: number }): object {
  return { url: `stratum+tcp://${pool.hostname}:${pool.port}`, user: "farm" };
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
    { knownSizes: new Map(pools.map((pool, i) => [`${pool.hostname}:${pool.port}`, sizes[i]!])) },
  );
}

/** The pools of a proxy in single-user mode, in the order of its list. */
export function poolsOf({ proxy }: TestProxy): readonly PoolView[] {
  return [...proxy.view.poolsByAccount()].flat();
}

/**
 * Checks that pool and proxy counted the same shares and difficulty, and that the pool saw no bad
 * behaviour.
 *
 * @param leeway by how much the difficulty may differ.
 */
export function assertSameBooks(
  ours: PoolView,
  judged: StratumPoolStatistics,
  leeway = 0,
): void {
  const { shares, credited } = ours;
  assert.deepEqual([...judged.badBehaviour], [], judged.badLines.join("\n"));
  assert.equal(shares.submitted, judged.submits, "submitted");
  assert.equal(shares.accepted, judged.accepted, "accepted");
  assert.equal(rejectedIn(shares), judged.rejected, "rejected");
  const { difficulty } = judged;
  // Fractions do not add up exactly.
  assert.ok(
    Math.abs(credited - difficulty) <= difficulty * 1e-9 + leeway,
    `difficulty: ours is ${credited}, the pool's ${difficulty}, which may differ by ${leeway}`,
  );
}

/** Stops the farm's mining and settles when every share has its answer. */
export async function restFrom(farm: SimFarm, proxy: TestProxy): Promise<void> {
  farm.setMode({ kind: "idle" });
  await farm.until(() => farm.statistics().waitingNow === 0);
  await until(() => unjudged(proxy.statistics()) === 0, "every share is judged");
}

/** How a farm is to mine through one pool. */
export interface StratumFarm {
  readonly pool: StratumPoolOptions & { readonly like: Like };
  readonly miners: number;
  readonly firmware?: readonly FirmwareName[];
  /** It mines for no less, in seconds. */
  readonly seconds: number;
  /** It finds no fewer shares that the pool accepts. */
  readonly shares: number;
  /** What the pool's entry in the configuration has beside its address and user. */
  readonly entry?: Readonly<Record<string, unknown>>;
  /** Looks at the pool while all miners are at work. */
  readonly look?: (pool: PoolView) => void;
}

/**
 * A farm mines through a pool that has new jobs and blocks all the time. The pool accepts all it is
 * sent, but for races at new blocks and one share for each difficulty it told a connection.
 */
export async function mineThrough(of: StratumFarm): Promise<void> {
  await using pool = await SimStratumPool.start({
    jobIntervalMs: 0,
    asksAddress: false,
    ...of.pool,
  });
  const pools = [{ ...entryOf(pool), ...of.entry }];
  await using proxy = stratumProxy([pool], [sizeOf(of.pool.like)], { pools });
  await using farm = SimFarm.start({
    port: proxy.port,
    count: of.miners,
    mode: { kind: "hash" },
    connectsPerSecond: 200,
    ...of.firmware === undefined ? {} : { firmware: of.firmware },
  });
  await until(() => proxy.statistics().working === of.miners, "all miners are in");
  await mineWithBlocks(
    pool,
    () => proxy.statistics().shares.accepted >= of.shares,
    of.seconds * 1000,
  );
  of.look?.(poolsOf(proxy)[0]!);
  await restFrom(farm, proxy);

  const ours = proxy.statistics();
  const judged = pool.statistics();
  const found = farm.statistics();
  assert.deepEqual(farm.faults, []);
  assertSharesAddUp(ours);
  assert.equal(ours.shares.received, found.submitted);
  assert.equal(found.lostConnections, 0);
  assertSameBooks(poolsOf(proxy)[0]!, judged);
  const { stale = 0, lowDifficulty = 0, ...others } = Object.fromEntries(judged.rejectedBy);
  assert.deepEqual(others, {}, `${stale} of them stale`);
  // The first that each connection is told is no change. Those that judge all by the newest at once
  // may refuse what is on its way to them, too.
  const changes = (judged.difficultiesTold - judged.connections) * (pool.like === "public" ? 2 : 1);
  assert.ok(lowDifficulty <= changes, `${lowDifficulty} too low after ${changes} changes`);
}

/** Has the pool make jobs and blocks until the time is over and `isEnough`. */
export async function mineWithBlocks(
  pool: SimStratumPool,
  isEnough: () => boolean,
  ms: number,
): Promise<void> {
  const stale = () => pool.statistics().rejectedBy.get("stale") ?? 0;
  const started = performance.now();
  const passed = () => performance.now() - started;
  for (let round = 0; passed() < ms || !isEnough(); round++) {
    assert.ok(passed() < ms + 300_000, "too few shares");
    const begins = passed();
    pool.newBlock();
    await until(() => passed() >= begins + RACE_MS, "the race at the block is over");
    const inTheRace = stale();
    for (let jobAt = begins + RACE_MS; jobAt < begins + BLOCK_MS; jobAt += JOB_MS) {
      await until(() => passed() >= jobAt, "a job is due");
      pool.newJob();
    }
    assert.equal(stale(), inTheRace, `stale shares long after block ${round}`);
  }
}
