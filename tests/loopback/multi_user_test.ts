/** Many sub-accounts in one proxy: the miner's name says which. */

import assert from "node:assert/strict";
import { rejectedIn } from "../../lib/mux/books/ledger.ts";
import { SimFarm } from "../../lib/sim/sim_farm.ts";
import { SimMiner } from "../../lib/sim/sim_miner.ts";
import { SimPool } from "../../lib/sim/sim_pool.ts";
import { RawMiner } from "../support/raw_miner.ts";
import { assertSharesAddUp, TestProxy, until } from "../support/test_proxy.ts";

const DIFFICULTY = 0.00001;
const MULTI_USER = { multi_user_mode: true };

Deno.test("500 miners of 40 sub-accounts mine for a minute and every share is accounted for", async () => {
  await using pool = await SimPool.start({ difficulty: DIFFICULTY, jobIntervalMs: 3_000 });
  // All 40 come from one address here.
  const limits = { login_timeout_seconds: 600, new_accounts_per_minute_per_ip: 0 };
  await using proxy = new TestProxy([pool], { ...MULTI_USER, limits });
  const started = performance.now();
  await using stack = new AsyncDisposableStack();
  // Every tenth sub-account's miners send shares without work behind them, which are rejected.
  const farms = Array.from({ length: 40 }, (_, i) =>
    stack.use(SimFarm.start({
      port: proxy.port,
      count: i < 20 ? 13 : 12,
      account: `account${i}`,
      namePrefix: `rack${i}x`,
      seed: i + 1,
      mode: i % 10 === 0 ? { kind: "rate", sharesPerSecond: 0.5 } : { kind: "hash" },
    })));
  await until(() => proxy.statistics().working === 500, "all miners are in");
  // How many shares that gives is the processor's affair, and a busy one may take longer.
  const sofar = () => proxy.statistics().shares;
  await until(
    () =>
      performance.now() - started >= 60_000 && sofar().accepted >= 200 &&
      sofar().rejectedLowDifficulty >= 500,
    "a minute has passed, 200 shares were accepted and 500 rejected",
    600_000,
  );
  for (const farm of farms) farm.setMode({ kind: "idle" });
  const total = (count: (farm: SimFarm) => number) =>
    farms.reduce((sum, farm) => sum + count(farm), 0);
  await until(() => total((farm) => farm.statistics().waitingNow) === 0, "all are answered");

  const { shares, accounts } = proxy.statistics();
  const judged = pool.statistics();
  assert.equal(accounts, 40);
  assertSharesAddUp(proxy.statistics());
  assert.deepEqual(farms.flatMap((farm) => farm.faults), []);
  assert.equal(shares.received, total((farm) => farm.statistics().submitted));
  assert.equal(shares.accepted, total((farm) => farm.statistics().accepted));
  assert.equal(rejectedIn(shares), total((farm) => farm.statistics().rejected));
  assert.equal(shares.accepted, judged.accepted);
  assert.equal(rejectedIn(shares), judged.rejected);
  assert.equal(judged.unregisteredSubmits, 0);
  // Each worker is known under its own sub-account, and only there.
  for (const { account, workerName } of pool.workers()) {
    assert.equal(workerName.replace(/^rack(\d+)x.*/, "account$1"), account);
  }
  assert.equal(pool.workers().length, 500);
});

Deno.test("a misspelt miner gets its own refusal, and the sub-account it almost named mines on", async () => {
  await using pool = await SimPool.start({ difficulty: DIFFICULTY });
  await using proxy = new TestProxy([pool], MULTI_USER);
  await using right = SimMiner.start({
    port: proxy.port,
    user: "alice.one",
    mode: { kind: "hash" },
  });
  await right.until(() => right.statistics().accepted >= 1);
  // From here on the pool takes no new sub-account.
  await pool.setFaults({ refuseAuthorize: true });
  await using misspelt = SimMiner.start({ port: proxy.port, user: "Alice.two" });
  await misspelt.until(() => misspelt.faults.length > 0);
  assert.match(misspelt.faults[0]!, /29,"Invalid username"/);
  await using next = SimMiner.start({
    port: proxy.port,
    user: "alice.three",
    mode: { kind: "hash" },
  });
  await next.until(() => next.statistics().accepted >= 1);
  assert.equal(right.statistics().lostConnections, 0);
  assert.equal(proxy.statistics().accounts, 2);
});

Deno.test("a user name without a sub-account is refused with error 105", async () => {
  await using pool = await SimPool.start();
  await using proxy = new TestProxy([pool], MULTI_USER);
  await using miner = SimMiner.start({ port: proxy.port, user: ".rig" });
  await miner.until(() => miner.faults.length > 0);
  assert.match(miner.faults[0]!, /105,"Sub-account Name Cannot be Empty"/);
  assert.equal(proxy.statistics().accounts, 0);
});

Deno.test("the first miner of a sub-account is held, not dropped, while its connections open", async () => {
  await using pool = await SimPool.start({ difficulty: DIFFICULTY });
  await pool.setFaults({ authorizeDelayMs: 700 });
  await using proxy = new TestProxy([pool], MULTI_USER);
  await using miner = SimMiner.start({ port: proxy.port, user: "a.b", mode: { kind: "hash" } });
  await miner.until(() => miner.statistics().accepted >= 1);
  assert.equal(miner.statistics().connections, 1);
  assert.deepEqual(miner.faults, []);
});

Deno.test("a refused sub-account's miners are told so, others mine on, and it is tried again", async () => {
  const accounts = ["good"];
  await using pool = await SimPool.start({ difficulty: DIFFICULTY, accounts });
  await using proxy = new TestProxy([pool], MULTI_USER);
  await using good = SimMiner.start({ port: proxy.port, user: "good.a", mode: { kind: "hash" } });
  await good.until(() => good.statistics().accepted >= 1);
  await using late = SimMiner.start({
    port: proxy.port,
    user: "late.a",
    mode: { kind: "hash" },
    reconnects: true,
  });
  await late.until(() => late.faults.length > 0);
  assert.match(late.faults[0]!, /29,"Invalid username"/);
  const before = good.statistics().accepted;
  await good.until(() => good.statistics().accepted > before);
  assert.equal(good.statistics().lostConnections, 0);

  accounts.push("late");
  await late.until(() => late.statistics().accepted >= 1);
  assertSharesAddUp({ ...proxy.statistics() });
});

Deno.test("a crowd with a name each does not storm the pool, and nobody of it is cut off", async () => {
  await using pool = await SimPool.start({ difficulty: DIFFICULTY });
  await using proxy = new TestProxy([pool], MULTI_USER);
  await using good = SimMiner.start({ port: proxy.port, user: "good.a", mode: { kind: "hash" } });
  await good.until(() => good.statistics().accepted >= 1);
  const since = performance.now();
  await using stack = new AsyncDisposableStack();
  const crowd: RawMiner[] = [];
  for (let i = 0; i < 200; i++) {
    const miner = stack.use(await RawMiner.connect(proxy.port));
    await miner.send(
      '{"id":1,"method":"mining.subscribe","params":["x"]}\n' +
        `{"id":2,"method":"mining.authorize","params":["name${i}.rig",""]}\n`,
    );
    crowd.push(miner);
  }
  // One that comes meanwhile for a sub-account that is open does not wait.
  await using next = SimMiner.start({ port: proxy.port, user: "good.b", mode: { kind: "hash" } });
  await next.until(() => next.statistics().accepted >= 1);
  await until(() => performance.now() - since >= 3_000, "three seconds have passed");
  const seconds = (performance.now() - since) / 1000;
  const { connections } = pool.statistics();
  assert.ok(connections <= 12 + seconds, `${connections} connections in ${seconds.toFixed(1)} s`);
  assert.deepEqual(crowd.filter(({ isEnded }) => isEnded), []);
  assert.equal(good.statistics().lostConnections, 0);
  const { limitCounts, accounts } = proxy.statistics();
  assert.ok(accounts <= 11, `${accounts} accounts`);
  assert.ok(limitCounts.new_accounts_per_minute_per_ip >= 190);
  assert.equal(limitCounts.protocol_violations + limitCounts.login_timeout_seconds, 0);
});
