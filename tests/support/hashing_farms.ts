/**
 * Farms that really hash behind a proxy. At the end, the counts of miners, proxy and pool must
 * agree. They are small in `deno task test` and large in tests/farm.
 */

import assert from "node:assert/strict";
import { rejectedIn } from "../../lib/mux/books/ledger.ts";
import { SimFarm } from "../../lib/sim/sim_farm.ts";
import { SimPool } from "../../lib/sim/sim_pool.ts";
import { assertSharesAddUp, PATIENT_LIMITS, TestProxy, until } from "./test_proxy.ts";

/** A share takes about 43,000 hashes. */
export const HASHED_DIFFICULTY = 0.00001;

/** The number of shares in a time depends on the processor and what else it does. */
const LONG_MS = 600_000;

/** A fifth of that, for farms that should finish soon. */
export const QUICK_DIFFICULTY = 0.000002;

/** How large a farm of mixed miners is, and how long it mines. */
export interface MixedFarm {
  readonly difficulty: number;
  readonly miners: number;
  /** The least time it mines, in seconds. */
  readonly seconds: number;
  /** The least number of shares it finds. */
  readonly shares: number;
}

/** Miners of every kind hash, and the pool accepts every share they find. */
export async function mixedMinersHash(size: MixedFarm): Promise<void> {
  const { difficulty, miners, seconds, shares } = size;
  await using pool = await SimPool.start({ difficulty, jobIntervalMs: 3_000 });
  await using proxy = new TestProxy([pool]);
  const started = performance.now();
  await using farm = SimFarm.start({
    port: proxy.port,
    count: miners,
    mode: { kind: "hash" },
    connectsPerSecond: 200,
  });
  await until(() => proxy.statistics().working === miners, "all miners are in");
  await until(
    () => performance.now() - started >= seconds * 1000 && farm.statistics().submitted >= shares,
    `${seconds} s have passed and ${shares} shares were found`,
    LONG_MS,
  );
  farm.setMode({ kind: "idle" });
  await farm.until(() => farm.statistics().waitingNow === 0);
  await pool.until(() => pool.workers().length === miners);

  const found = farm.statistics();
  const judged = pool.statistics();
  assert.deepEqual(farm.faults, []);
  assert.equal(found.accepted, found.submitted);
  assert.equal(judged.accepted, found.submitted);
  assert.equal(judged.rejected, 0);
  assert.equal(judged.acceptedChecksum, found.acceptedChecksum);

  assert.deepEqual(
    new Set(pool.workers().map((worker) => worker.workerName)),
    farm.workerNames,
  );
  assert.equal(judged.droppedRegisters, 0);
  assert.equal(judged.unregisteredSubmits, 0);
  assert.equal(judged.wrongLengthSubmits, 0);

  const statistics = proxy.statistics();
  assertSharesAddUp(statistics);
  assert.equal(statistics.shares.received, found.submitted);
  assert.equal(statistics.shares.accepted, found.submitted);
  assert.equal(statistics.poolBytesWritten, judged.bytesIn);
}

/** How many sub-accounts mine, and how long. */
export interface ManyAccounts {
  readonly difficulty: number;
  readonly accounts: number;
  readonly miners: number;
  /** The least time they mine, in seconds. */
  readonly seconds: number;
  /** The least numbers of shares that the pool accepts and rejects. */
  readonly accepted: number;
  readonly rejected: number;
}

/** Sub-accounts mine through one proxy, and every share is accounted for. */
export async function manyAccountsMine(size: ManyAccounts): Promise<void> {
  const { difficulty, miners, seconds } = size;
  await using pool = await SimPool.start({ difficulty, jobIntervalMs: 3_000 });
  // All of them come from one address here.
  const limits = { ...PATIENT_LIMITS, new_accounts_per_minute_per_ip: 0 };
  await using proxy = new TestProxy([pool], { multi_user_mode: true, limits });
  const started = performance.now();
  await using stack = new AsyncDisposableStack();
  // Every tenth sub-account's miners send shares without work behind them, which are rejected.
  const farms = Array.from({ length: size.accounts }, (_, i) =>
    stack.use(SimFarm.start({
      port: proxy.port,
      count: Math.floor((miners + size.accounts - 1 - i) / size.accounts),
      account: `account${i}`,
      namePrefix: `rack${i}x`,
      seed: i + 1,
      mode: i % 10 === 0 ? { kind: "rate", sharesPerSecond: 0.5 } : { kind: "hash" },
    })));
  await until(() => proxy.statistics().working === miners, "all miners are in");
  const sofar = () => proxy.statistics().shares;
  await until(
    () =>
      performance.now() - started >= seconds * 1000 && sofar().accepted >= size.accepted &&
      sofar().rejectedLowDifficulty >= size.rejected,
    `${seconds} s, ${size.accepted} shares were accepted and ${size.rejected} rejected`,
    LONG_MS,
  );
  for (const farm of farms) farm.setMode({ kind: "idle" });
  const total = (count: (farm: SimFarm) => number) =>
    farms.reduce((sum, farm) => sum + count(farm), 0);
  await until(() => total((farm) => farm.statistics().waitingNow) === 0, "all are answered");
  // Miners without a share count, too: sub-accounts that open late have some.
  await pool.until(() => pool.workers().length === miners);

  const { shares, accounts } = proxy.statistics();
  const judged = pool.statistics();
  assert.equal(accounts, size.accounts);
  assertSharesAddUp(proxy.statistics());
  assert.deepEqual(farms.flatMap((farm) => farm.faults), []);
  assert.equal(shares.received, total((farm) => farm.statistics().submitted));
  assert.equal(shares.accepted, total((farm) => farm.statistics().accepted));
  assert.equal(rejectedIn(shares), total((farm) => farm.statistics().rejected));
  assert.equal(shares.accepted, judged.accepted);
  assert.equal(rejectedIn(shares), judged.rejected);
  assert.equal(judged.unregisteredSubmits, 0);
  // Each worker is known under its own sub-account, and only there; one without a share yet may
  // still be on its way.
  await until(() => pool.workers().length === miners, "every worker is known to the pool");
  for (const { account, workerName } of pool.workers()) {
    assert.equal(workerName.replace(/^rack(\d+)x.*/, "account$1"), account);
  }
}
