/** Keys of the configuration, from the file to what pools and miners see. */

import assert from "node:assert/strict";
import { entryOf } from "../support/stratum_farms.ts";
import { SimStratumPool } from "../../lib/sim/stratum_pool/sim_stratum_pool.ts";
import { SimFarm } from "../../lib/sim/sim_farm.ts";
import { SimMiner } from "../../lib/sim/sim_miner.ts";
import { SimPool } from "../../lib/sim/sim_pool.ts";
import { freePort } from "../support/free_port.ts";
import { RawMiner } from "../support/raw_miner.ts";
import { assertSharesAddUp, TestProxy, until } from "../support/test_proxy.ts";

const SUBSCRIBE = '{"id":2,"method":"mining.subscribe","params":["bench/1"]}\n';
const AUTHORIZE = '{"id":3,"method":"mining.authorize","params":["demo.rig1","x"]}\n';

Deno.test("listen: miners of every port mine side by side and get each job", async () => {
  await using pool = await SimPool.start({ proofOfWork: false });
  const listen = [
    { address: "127.0.0.1", port: freePort("127.0.0.1") },
    { address: "::1", port: freePort("::1") },
  ];
  await using proxy = new TestProxy([pool], { listen });
  const addresses = proxy.proxy.addresses;
  assert.deepEqual(
    addresses.slice(1),
    listen.map(({ address, port }) => ({ hostname: address, port })),
  );
  const farms = addresses.map((address, i) =>
    SimFarm.start({
      ...address,
      count: 6,
      namePrefix: `port${i}x`,
      mode: { kind: "rate", sharesPerSecond: 20 },
    })
  );
  await pool.until(() => pool.workers().length === 18);
  for (const farm of farms) await farm.until(() => farm.statistics().accepted >= 20);
  const jobs = farms.map((farm) => farm.statistics().jobs);
  pool.newBlock();
  for (const [i, farm] of farms.entries()) {
    await farm.until(() => farm.statistics().jobs >= jobs[i]! + 6);
    farm.setMode({ kind: "idle" });
    await farm.until(() => farm.statistics().waitingNow === 0);
    assert.deepEqual(farm.faults, []);
    assert.equal(farm.statistics().lostConnections, 0);
  }
  assertSharesAddUp(proxy.statistics());
  await Promise.all(farms.map((farm) => farm[Symbol.asyncDispose]()));
  await until(() => proxy.statistics().connected === 0, "all have left");
});

Deno.test("fixed_worker_name: the pool knows every miner by the one name", async () => {
  await using pool = await SimPool.start();
  await using proxy = new TestProxy([pool], { fixed_worker_name: "farm1" });
  await using _farm = SimFarm.start({ port: proxy.port, count: 4 });
  await pool.until(() => pool.workers().length === 4);
  assert.deepEqual([...pool.registeredNames], ["farm1"]);
});

Deno.test("use_ip_as_worker_name: the pool knows miners by their addresses in that format", async () => {
  await using pool = await SimPool.start();
  await using proxy = new TestProxy([pool], {
    use_ip_as_worker_name: true,
    ip_worker_name_format: "{3}x{4}",
  });
  await using _miner = SimMiner.start({ port: proxy.port, user: "demo.own" });
  await pool.until(() => pool.workers().length === 1);
  assert.deepEqual([...pool.registeredNames], ["0x1"]);
});

Deno.test("whatever the pool allows, version rolling is granted before it was reached and after", async () => {
  await using pool = await SimPool.start({ versionMask: 0 });
  await pool.setFaults({ refuseConnections: true });
  await using proxy = new TestProxy([pool]);
  const configure =
    '{"id":1,"method":"mining.configure","params":[["version-rolling"],{"version-rolling.mask":"ffffffff"}]}\n';
  const assertGranted = async () => {
    await using miner = await RawMiner.connect(proxy.port);
    await miner.send(configure);
    await miner.until(() => miner.lines.length > 0, "the answer");
    assert.deepEqual(JSON.parse(miner.lines[0]!).result, {
      "version-rolling": true,
      "version-rolling.mask": "1fffe000",
    });
  };
  await assertGranted();
  await pool.setFaults({ refuseConnections: false });
  await using first = await RawMiner.connect(proxy.port);
  await first.send(configure + SUBSCRIBE + AUTHORIZE);
  await first.until(
    () => first.lines.some((line) => line.includes('"method":"mining.notify"')),
    "a job",
  );
  const told = first.lines.flatMap((line) => {
    const { method, params } = JSON.parse(line);
    return method === undefined ? [] : [[method, params[0]]];
  });
  assert.deepEqual(told[0], ["mining.set_version_mask", "00000000"]);
  await assertGranted();
});

Deno.test("submit_response_from_server false: shares are answered true at once, verdicts not asked for", async () => {
  await using pool = await SimPool.start();
  await using proxy = new TestProxy([pool], { submit_response_from_server: false });
  await using miner = SimMiner.start({
    port: proxy.port,
    user: "a.b",
    mode: { kind: "rate", sharesPerSecond: 50 },
  });
  await miner.until(() => miner.statistics().accepted >= 10);
  miner.setMode({ kind: "idle" });
  await pool.until(() => pool.statistics().submits === miner.statistics().submitted);
  await pool.until(() => pool.statistics().waitingNow === 0);
  // No hash is behind these shares: the pool rejects them all, and nobody asks.
  assert.equal(pool.statistics().verdicts, 0);
  assert.equal(miner.statistics().rejected, 0);
  const { shares } = proxy.statistics();
  assert.equal(shares.assumed, shares.submitted);
  assertSharesAddUp(proxy.statistics());
});

Deno.test("pool_connection_number_per_subaccount: this number of connections share the miners evenly", async () => {
  await using pool = await SimPool.start();
  await using proxy = new TestProxy([pool], {
    advanced: { pool_connection_number_per_subaccount: 3 },
  });
  await pool.until(() => pool.statistics().authorizedNow === 3);
  await using farm = SimFarm.start({ port: proxy.port, count: 30 });
  await pool.until(() => pool.workers().length === 30);
  const perConnection = Map.groupBy(pool.workers(), (worker) => worker.connection);
  assert.deepEqual([...perConnection.values()].map((workers) => workers.length), [10, 10, 10]);
  assert.deepEqual(farm.faults, []);
});

Deno.test("a port fixes or bounds the difficulty of those who connect there, also from a reload on", async () => {
  await using pool = await SimStratumPool.start({ difficulty: 2 ** 20 });
  const port = freePort();
  const settings = (vardiff: unknown) => ({
    pools: [entryOf(pool)],
    listen: [{ address: "127.0.0.1", port, vardiff }],
  });
  await using proxy = new TestProxy([], settings({ fixed: 4096 }));
  const login = '{"id":1,"method":"mining.subscribe","params":["cgminer/4.11.1"]}\n' +
    '{"id":2,"method":"mining.authorize","params":["farm.rig","x"]}\n';
  await using own = await RawMiner.connect(port);
  await using usual = await RawMiner.connect(proxy.port);
  const difficulty = ({ lines }: RawMiner) =>
    lines.map((line) => JSON.parse(line)).findLast(({ method }) =>
      method === "mining.set_difficulty"
    )
      ?.params[0];
  for (const miner of [own, usual]) {
    await miner.send(login);
    await miner.until(() => difficulty(miner) !== undefined, "its difficulty");
  }
  assert.deepEqual([own, usual].map(difficulty), [4096, 65_536]);
  await proxy.reconfigure([], settings({ maximum: 1024 }));
  pool.newJob();
  await own.until(() => difficulty(own) === 1024, "the new bound");
  assert.equal(difficulty(usual), 65_536);
});
