/**
 * Farms that really hash behind a proxy whose pool sees every worker: their good and hostile names,
 * and the counts of both sides for each.
 */

import assert from "node:assert/strict";
import { rejectedIn } from "../../lib/mux/books/ledger.ts";
import { workerUser } from "../../lib/pool/stratum/worker_names.ts";
import { SimFarm } from "../../lib/sim/sim_farm.ts";
import { SimStratumPool } from "../../lib/sim/stratum_pool/sim_stratum_pool.ts";
import type { Like } from "../../lib/sim/stratum_pool/settings.ts";
import type { ShareCounts } from "../../lib/sim/share_counts.ts";
import type { StratumPoolStatistics } from "../../lib/sim/stratum_pool/ledger.ts";
import { HOSTILE_NAMES } from "./hostile_names.ts";
import {
  assertSameBooks,
  entryOf,
  firmwareFor,
  mineWithBlocks,
  poolsOf,
  restFrom,
  sizeOf,
  stratumProxy,
} from "./stratum_farms.ts";
import { assertSharesAddUp, type TestProxy, until } from "./test_proxy.ts";

/** The user of the pool's entry. */
const USER = "farm.main";

/** Somebody else's. */
const OTHER_ADDRESS = "bc1qxy2kgdygjrsqtzq2n0yrf2493p83kkfjhx0wlh";

/** Names of careless or hostile miners, within the length of a miner's line. */
const HOSTILE_USERS: readonly string[] = [
  OTHER_ADDRESS,
  `${OTHER_ADDRESS}.rig`,
  `x.${OTHER_ADDRESS}`,
  "x.=cmd|'/C calc'!A0",
  "x.rig.7",
  "x.rig/7",
  "user.user.user",
  ...Object.values(HOSTILE_NAMES).filter(({ length }) => length < 200).map((name) => `x.${name}`),
];

/** User names of `miners` miners: good names and hostile ones in turn. */
export function usersOf(miners: number): readonly string[] {
  return Array.from(
    { length: miners },
    (_, i) => i % 2 === 0 ? `user.rig${i}` : HOSTILE_USERS[(i >> 1) % HOSTILE_USERS.length]!,
  );
}

/** What a pool should do with the names. */
export type Seen = "each" | "one";

/** How a farm mines. */
export interface NamedFarm {
  readonly like: Like;
  /** What its pool sees. */
  readonly seen: Seen;
  /** The number of miners; every second one has a hostile name. */
  readonly miners: number;
  /** It mines for no less, in seconds. */
  readonly seconds: number;
  /** The least number of shares that the pool accepts. */
  readonly shares: number;
}

/**
 * Lets a farm mine. The counts of both sides must agree, in total and for each worker that the pool
 * sees.
 */
export async function mineByName(of: NamedFarm): Promise<void> {
  const { like, seen, miners } = of;
  const easy = 2 ** -20;
  await using pool = await SimStratumPool.start({
    like,
    asksAddress: false,
    jobIntervalMs: 0,
    difficulty: 4 * easy,
    minDifficulty: easy,
    ...like === "datum" ? { vardiff: "fixed" } : { vardiff: { targetMs: 200, everyMs: 5_000 } },
  });
  await using proxy = proxyFor(pool, sizeOf(like));
  await using farm = SimFarm.start({
    port: proxy.port,
    count: miners,
    users: usersOf(miners),
    connectsPerSecond: 200,
    ...firmwareFor(like),
  });
  await until(() => proxy.statistics().working === miners, "all miners are in");
  if (like !== "ckpool") {
    await until(() => {
      const { namesTaken, authorizedNow } = pool.statistics();
      // Each connection has its handshake's, the spare no other.
      return namesTaken === authorizedNow + namesAsked(proxy);
    }, "all names are taken");
  }
  const { connections } = pool.statistics();
  await hasHeardAll(pool, proxy);
  farm.setMode({ kind: "hash" });
  await mineWithBlocks(
    pool,
    () => proxy.statistics().shares.accepted >= of.shares,
    1000 * of.seconds,
  );
  await restFrom(farm, proxy);

  const ours = proxy.statistics();
  const judged = pool.statistics();
  assert.deepEqual(farm.faults, []);
  assertSharesAddUp(ours);
  assert.equal(ours.shares.received, farm.statistics().submitted);
  assert.equal(farm.statistics().lostConnections, 0);
  assert.equal(judged.connections, connections, "none was replaced");
  assertSameBooks(poolsOf(proxy)[0]!, withoutAttempt(judged, like));
  assert.equal(judged.rejectedBy.get("worker"), undefined);
  if (seen === "each") assertSameWorkers(proxy, judged);
  else assert.ok(judged.byName.size <= judged.byConnection.size, "one worker a connection");
  for (const name of judged.byName.keys()) assert.match(name, /^farm\.[A-Za-z0-9_-]{1,32}$/);
}

/** A proxy whose only pool sees every worker. */
export function proxyFor(pool: SimStratumPool, size: number): TestProxy {
  return stratumProxy([pool], [size], { pools: [namedEntry(pool)] });
}

/** The entry of a pool that sees every worker. */
export function namedEntry(pool: SimStratumPool): Readonly<Record<string, unknown>> {
  return { ...entryOf(pool) as object, user: USER, workers: "each" };
}

/** How many names the miners that are connected have, on all connections together. */
function namesAsked({ proxy }: TestProxy): number {
  const names = [...proxy.view.miners()].map(({ upstreamName, workerName }) =>
    `${upstreamName} ${workerUser(USER, workerName)}`
  );
  return new Set(names).size;
}

/** Settles when the proxy has read all that the pool has written so far. */
export async function hasHeardAll(pool: SimStratumPool, proxy: TestProxy): Promise<void> {
  const times = () => poolsOf(proxy)[0]!.connections.map(({ jobAt = 0 }) => jobAt);
  const before = Math.max(...times());
  pool.newJob();
  await until(() => Math.min(...times()) > before, "a job of later is there");
}

/** ckpool's only way to say no to a second name is silence, so it has been asked for one. */
function withoutAttempt(judged: StratumPoolStatistics, like: Like): StratumPoolStatistics {
  if (like !== "ckpool") return judged;
  const { badBehaviour } = judged;
  assert.deepEqual([...badBehaviour], [["secondAuthorize", 1]], judged.badLines.join("\n"));
  return { ...judged, badBehaviour: new Map() };
}

/** Checks that the pool's count for each name equals ours for the miners with that name. */
function assertSameWorkers({ proxy }: TestProxy, judged: StratumPoolStatistics): void {
  const ours = new Map<string, Pick<ShareCounts, "accepted" | "rejected">>();
  for (const { sessionId, workerName } of proxy.view.miners()) {
    const name = workerUser(USER, workerName);
    const shares = proxy.view.minerShares(sessionId);
    const before = ours.get(name) ?? { accepted: 0, rejected: 0 };
    ours.set(name, {
      accepted: before.accepted + shares.accepted,
      rejected: before.rejected + rejectedIn(shares),
    });
  }
  const found = new Map(
    [...judged.byName].map(([name, { accepted, rejected }]) => [name, { accepted, rejected }]),
  );
  const sorted = (counts: typeof ours) =>
    [...counts].filter(([, { accepted, rejected }]) => accepted + rejected > 0).sort();
  assert.deepEqual(sorted(found), sorted(ours));
  assert.ok(found.size > 1, "more than one worker found a share");
}
