/** Many sub-accounts in one proxy: the miner's name says which. */

import assert from "node:assert/strict";
import { SimMiner } from "../../lib/sim/sim_miner.ts";
import { SimPool } from "../../lib/sim/sim_pool.ts";
import { manyAccountsMine, QUICK_DIFFICULTY } from "../support/hashing_farms.ts";
import { RawMiner } from "../support/raw_miner.ts";
import { assertSharesAddUp, TestProxy, until } from "../support/test_proxy.ts";

const MULTI_USER = { multi_user_mode: true };

Deno.test("60 miners of 12 sub-accounts mine, and every share is accounted for", () =>
  manyAccountsMine({
    difficulty: QUICK_DIFFICULTY,
    accounts: 12,
    miners: 60,
    seconds: 0,
    accepted: 40,
    rejected: 10,
  }));

Deno.test("a misspelt miner gets its own refusal, and the sub-account it almost named mines on", async () => {
  await using pool = await SimPool.start({ difficulty: QUICK_DIFFICULTY });
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
  await using pool = await SimPool.start({ difficulty: QUICK_DIFFICULTY });
  await pool.setFaults({ authorizeDelayMs: 700 });
  await using proxy = new TestProxy([pool], MULTI_USER);
  await using miner = SimMiner.start({ port: proxy.port, user: "a.b", mode: { kind: "hash" } });
  await miner.until(() => miner.statistics().accepted >= 1);
  assert.equal(miner.statistics().connections, 1);
  assert.deepEqual(miner.faults, []);
});

Deno.test("a refused sub-account's miners get an error, others mine on, and it is retried", async () => {
  const accounts = ["good"];
  await using pool = await SimPool.start({ difficulty: QUICK_DIFFICULTY, accounts });
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

Deno.test("many miners with a name each do not storm the pool, and none is disconnected", async () => {
  await using pool = await SimPool.start({ difficulty: QUICK_DIFFICULTY });
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
