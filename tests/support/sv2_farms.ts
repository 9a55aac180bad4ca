/**
 * Farms that really hash behind a proxy whose pools speak Stratum V2. At the end, the counts of both
 * must agree.
 */

import assert from "node:assert/strict";
import { rejectedIn } from "../../lib/mux/books/ledger.ts";
import type { FirmwareName } from "../../lib/sim/firmware.ts";
import { SimFarm } from "../../lib/sim/sim_farm.ts";
import type { Sv2PoolStatistics } from "../../lib/sim/sv2_pool/ledger.ts";
import type { Sv2PoolOptions } from "../../lib/sim/sv2_pool/settings.ts";
import { SimSv2Pool } from "../../lib/sim/sv2_pool/sim_sv2_pool.ts";
import type { PoolView } from "../../lib/app/farm_view.ts";
import { NARROW_FIRMWARE, TINY_VARDIFF } from "./stratum_farms.ts";
import { assertSharesAddUp, TestProxy, until } from "./test_proxy.ts";

/** A miner may be at work on an old job for this long after a block, on a machine that is busy. */
const RACE_MS = 1_500;

/** Jobs and blocks come this often. */
const JOB_MS = 1_000;
const BLOCK_MS = 4_000;

/** A Bitcoin address, which some pools want for a user. */
export const ADDRESS = "bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq";

/** A pool of the configuration. */
export function sv2Entry(pool: Pick<SimSv2Pool, "url">): object {
  return { url: pool.url, user: `${ADDRESS}.farm` };
}

/** A proxy for these pools, which knows their sizes from before. */
export function sv2Proxy(
  pools: readonly SimSv2Pool[],
  settings: Readonly<Record<string, unknown>> = {},
): TestProxy {
  return new TestProxy(
    [],
    { pools: pools.map((pool) => sv2Entry(pool)), vardiff: TINY_VARDIFF, ...settings },
    {
      knownSizes: new Map(
        pools.map((pool) => [`${pool.hostname}:${pool.port}`, pool.extranonceSize]),
      ),
    },
  );
}

/** The view of the pool with this place in the list. */
export function viewOf({ proxy }: TestProxy, place = 0): PoolView {
  return [...proxy.view.poolsByAccount()].flat()[place]!;
}

/**
 * Checks that pool and proxy counted the same shares and difficulty, and that the pool saw no bad
 * behaviour. Shares that the pool never acknowledged are unanswered here.
 *
 * @param shares those of ours that went to this pool.
 */
export function assertSameBooks(ours: PoolView, judged: Sv2PoolStatistics): void {
  const { shares, credited } = ours;
  assert.deepEqual([...judged.badBehaviour], [], judged.badNotes.join("\n"));
  assert.equal(shares.submitted, judged.submits, "submitted");
  assert.equal(shares.accepted, judged.acknowledged, "accepted");
  assert.equal(rejectedIn(shares), judged.rejected, "rejected");
  const { acknowledgedDifficulty: difficulty } = judged;
  // Fractions do not add up exactly.
  assert.ok(
    Math.abs(credited - difficulty) <= difficulty * 1e-9,
    `difficulty: ours is ${credited}, the pool's ${difficulty}`,
  );
}

/** How a farm is to mine through one pool. */
export interface Sv2Farm {
  readonly pool: Sv2PoolOptions;
  readonly miners: number;
  readonly firmware?: readonly FirmwareName[];
  /** It mines for no less, in seconds. */
  readonly seconds: number;
  /** It finds no fewer shares that the pool accepts. */
  readonly shares: number;
  /** What the pool's entry in the configuration has beside its address and user. */
  readonly entry?: Readonly<Record<string, unknown>>;
  /** Called once a second while all miners are at work. */
  readonly meanwhile?: (pool: SimSv2Pool, second: number) => void;
  /** Looks at the end. */
  readonly look?: (pool: SimSv2Pool, proxy: TestProxy) => void;
}

/** A farm mines through a pool that has new jobs and blocks all the time. */
export async function mineThroughSv2(of: Sv2Farm): Promise<void> {
  await using pool = await SimSv2Pool.start({ jobIntervalMs: 0, difficulty: 2 ** -18, ...of.pool });
  const pools = [{ ...sv2Entry(pool), ...of.entry }];
  await using proxy = sv2Proxy([pool], { pools });
  const firmware = of.firmware ?? (pool.extranonceSize < 8 ? NARROW_FIRMWARE : undefined);
  await using farm = SimFarm.start({
    port: proxy.port,
    count: of.miners,
    mode: { kind: "hash" },
    connectsPerSecond: 200,
    ...firmware === undefined ? {} : { firmware },
  });
  await until(() => proxy.statistics().working === of.miners, "all miners are in");
  await mineWithBlocks(
    pool,
    () => proxy.statistics().shares.accepted >= of.shares,
    of.seconds * 1000,
    of.meanwhile,
  );
  farm.setMode({ kind: "idle" });
  await farm.until(() => farm.statistics().waitingNow === 0);
  await until(() => proxy.statistics().waitingShares === 0, "every miner has its answer");

  const ours = proxy.statistics();
  const judged = pool.statistics();
  const found = farm.statistics();
  assert.deepEqual(farm.faults, []);
  assertSharesAddUp(ours);
  assert.equal(ours.shares.received, found.submitted);
  assert.equal(found.lostConnections, 0);
  assertSameBooks(viewOf(proxy), judged);
  assert.equal(ours.strayVerdicts.unexplained, 0);
  const others = [...judged.rejectedBy].filter(([code]) => code !== "stale-share");
  assert.deepEqual(others, []);
  of.look?.(pool, proxy);
}

/** Has the pool make jobs and blocks until the time is over and `isEnough`. */
export async function mineWithBlocks(
  pool: SimSv2Pool,
  isEnough: () => boolean,
  ms: number,
  meanwhile: (pool: SimSv2Pool, second: number) => void = () => {},
): Promise<void> {
  const stale = () => pool.statistics().rejectedBy.get("stale-share") ?? 0;
  const started = performance.now();
  const passed = () => performance.now() - started;
  let second = 0;
  for (let round = 0; passed() < ms || !isEnough(); round++) {
    assert.ok(passed() < ms + 300_000, "too few shares");
    const begins = passed();
    // Every other block is announced by a future job.
    if (round % 2 === 0) pool.newFuture();
    pool.newBlock();
    await until(() => passed() >= begins + RACE_MS, "the race at the block is over");
    const inTheRace = stale();
    for (let jobAt = begins + RACE_MS; jobAt < begins + BLOCK_MS; jobAt += JOB_MS) {
      await until(() => passed() >= jobAt, "a job is due");
      meanwhile(pool, second++);
      pool.newJob();
    }
    assert.equal(stale(), inTheRace, `stale shares long after block ${round}`);
  }
}
