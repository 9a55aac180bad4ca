/** Settings change while miners mine: none of them is disconnected, and every share adds up. */

import assert from "node:assert/strict";
import { configuredPools } from "../../lib/config/pools.ts";
import { CannotListen } from "../../lib/net/miners/listeners.ts";
import { SimFarm } from "../../lib/sim/sim_farm.ts";
import { SimMiner } from "../../lib/sim/sim_miner.ts";
import { SimPool } from "../../lib/sim/sim_pool.ts";
import { agentEntry } from "../support/agent_entry.ts";
import { FakeDownstream } from "../support/fake_downstream.ts";
import { FailoverRig } from "../support/failover_rig.ts";
import { freePort } from "../support/free_port.ts";
import { TestProxy, until } from "../support/test_proxy.ts";

Deno.test("pools are reordered, removed, added and put back, and no miner loses its connection", async () => {
  await using rig = await FailoverRig.start({ pools: 3 });
  const [first, second, third] = rig.pools as [SimPool, SimPool, SimPool];
  await rig.begun();

  await rig.proxy.reconfigure([second, third]);
  await rig.servedBy(1);
  await first.until(() => first.statistics().connectionsNow === 0);
  assert.equal(second.statistics().authorizedNow >= 1, true);
  await rig.goesOn();

  await rig.proxy.reconfigure([third]);
  await rig.servedBy(2);
  await second.until(() => second.statistics().connectionsNow === 0);
  await rig.goesOn();

  const settings = { failover: { return_after_seconds: 0 } };
  await rig.proxy.reconfigure([first, third, second], settings);
  await rig.servedBy(0);
  await rig.goesOn();

  const shares = await rig.closeBooks(0);
  assert.equal(shares.submitted, shares.accepted, "every share sent to a pool was judged");
  assert.ok(rig.log().every((line) => !/ lost \(/.test(line)), "no pool was lost");
});

Deno.test("a pool's other account: its miners move to a connection that has it", async () => {
  await using rig = await FailoverRig.start({ pools: 1 });
  const [pool] = rig.pools as [SimPool];
  await rig.servedBy(0);
  await rig.goesOn();
  const [before] = pool.workers().map(({ connection }) => connection);
  await rig.proxy.reconfigure([pool], {
    pools: [agentEntry(pool, "other")],
  });
  await pool.until(() =>
    pool.workers().length === 20 && pool.workers().every(({ connection }) => connection !== before)
  );
  const [account] = rig.proxy.proxy.parts.accounts.reports().take(1).toArray();
  assert.deepEqual(account!.open!.upstreams.pools.map(({ account }) => account), ["other"]);
  await rig.goesOn();
  await rig.closeBooks(0);
});

Deno.test("a removed pool serves on until another one is ready", async () => {
  await using rig = await FailoverRig.start({
    prepare: ([, second]) => second!.setFaults({ refuseConnections: true }),
  });
  await rig.servedBy(0);
  await rig.proxy.reconfigure([rig.pool(1)]);
  await rig.goesOn(200);
  assert.equal(rig.pool(1).workers().length, 0);
  await rig.pool(1).setFaults({ refuseConnections: false });
  await rig.servedBy(1);
  await rig.goesOn();
  const shares = await rig.closeBooks(1);
  assert.equal(shares.submitted, shares.accepted);
});

Deno.test("a pinned pool stays pinned at any place of the list, until it is removed", async () => {
  await using rig = await FailoverRig.start({ pools: 3 });
  const [first, second, third] = rig.pools as [SimPool, SimPool, SimPool];
  await rig.begun();
  const { proxy } = rig.proxy;
  proxy.pinPool(1);
  await rig.servedBy(1);
  await rig.proxy.reconfigure([third, first, second]);
  assert.equal(proxy.pinnedPool, 2);
  await rig.goesOn();
  await rig.servedBy(1);
  await rig.proxy.reconfigure([third, first], {
    failover: { return_after_seconds: 0 },
  });
  assert.equal(proxy.pinnedPool, undefined);
  await rig.servedBy(2);
  await rig.closeBooks(2);
});

for (const engine of ["libc", "deno"] as const) {
  Deno.test(`ports come and go (${engine}): a removed one lets nobody in, and its miners stay`, async () => {
    await using pool = await SimPool.start({ proofOfWork: false });
    const advanced = { io_engine: engine };
    const [one, other] = [freePort(), freePort()];
    const listen = (port: number) => ({ advanced, listen: [{ address: "127.0.0.1", port }] });
    await using proxy = new TestProxy([pool], listen(one));
    const mode = { kind: "rate", sharesPerSecond: 5 } as const;
    await using farm = SimFarm.start({ port: one, count: 10, mode, namePrefix: "one" });
    await pool.until(() => pool.workers().length === 10);

    await proxy.reconfigure([pool], listen(other));
    await assert.rejects(() => Deno.connect({ port: one }), Deno.errors.ConnectionRefused);
    await using newcomers = SimFarm.start({ port: other, count: 10, mode, namePrefix: "other" });
    await pool.until(() => pool.workers().length === 20);
    const { jobs, accepted } = farm.statistics();
    pool.newBlock();
    await farm.until(() => farm.statistics().jobs >= jobs + 10);
    await farm.until(() => farm.statistics().accepted >= accepted + 20);

    // The closed port can be opened again while its miners are still connected.
    await proxy.reconfigure([pool], listen(one));
    await using latecomer = SimMiner.start({ port: one, user: "a.late" });
    await pool.until(() => pool.workers().length === 21);
    for (const each of [farm, newcomers]) {
      assert.deepEqual([each.statistics().lostConnections, each.faults], [0, []]);
    }
    await latecomer.until(() => latecomer.isAuthorized);
    await Promise.all([farm.stop(), newcomers.stop()]);
  });
}

Deno.test("a port that cannot be opened leaves pools, limits and ports unchanged", async () => {
  await using first = await SimPool.start();
  await using second = await SimPool.start({ serverNumber: 2 });
  const listen = [{ address: "127.0.0.1", port: freePort() }];
  await using proxy = new TestProxy([first], { listen });
  const taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  await assert.rejects(
    proxy.reconfigure([second], { listen: [{ address: "127.0.0.1", port: taken.addr.port }] }),
    CannotListen,
  );
  taken.close();
  assert.deepEqual(configuredPools(proxy.proxy.config).map(({ port }) => port), [first.port]);
  await using miner = SimMiner.start({ port: listen[0]!.port, user: "a.b" });
  await first.until(() => first.workers().length === 1);
  await miner.until(() => miner.isAuthorized);
  assert.equal(second.statistics().connectionsNow, 0);
});

for (const outcome of ["succeeds", "fails"] as const) {
  Deno.test(`a sub-account that opens while a reload is under way has its pools right when that ${outcome}`, async () => {
    await using first = await SimPool.start();
    await using second = await SimPool.start({ serverNumber: 2 });
    const settings = (port: number) => ({
      multi_user_mode: true,
      listen: [{ address: "127.0.0.1", port }],
    });
    await using proxy = new TestProxy([first, second], settings(freePort()));
    const { accounts } = proxy.proxy.parts;
    const taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const port = outcome === "succeeds" ? freePort() : taken.addr.port;

    const reload = proxy.reconfigure([second, first], settings(port));
    // A port that goes takes a turn of the event loop, in which miners come.
    await new Promise((resolve) => setTimeout(resolve));
    accounts.join("late", new FakeDownstream(accounts.leaseSession()!), "10.0.0.1");
    accounts.tick();
    await (outcome === "succeeds" ? reload : assert.rejects(reload, CannotListen));
    taken.close();

    const { pools } = accounts.reports().take(1).toArray()[0]!.open!.upstreams;
    const expected = [[0, first], [1, second]] as const;
    assert.deepEqual(
      pools.map(({ poolId, address }) => [poolId, address]),
      (outcome === "succeeds" ? expected.toReversed() : expected)
        .map(([number, { hostname, port }]) => [number, `${hostname}:${port}`]),
    );
    for (const { address, connections } of pools) {
      assert.ok(connections.every(({ name }) => name.startsWith(`${address} #`)));
    }
  });
}

Deno.test("limits lowered below the current counts turn only new connections away", async () => {
  await using pool = await SimPool.start({ proofOfWork: false });
  await using proxy = new TestProxy([pool]);
  await using farm = SimFarm.start({
    port: proxy.port,
    count: 10,
    mode: { kind: "rate", sharesPerSecond: 5 },
  });
  await pool.until(() => pool.workers().length === 10);
  const counts = () => proxy.statistics().limitCounts;
  const isTurnedAway = async () => {
    const connection = await Deno.connect({ port: proxy.port });
    const end = await connection.read(new Uint8Array(1)).catch(() => null);
    connection.close();
    return end === null;
  };

  await proxy.reconfigure([pool], { limits: { max_miners: 3 } });
  assert.ok(await isTurnedAway());
  await until(() => counts().max_miners === 1, "max_miners is counted");

  await proxy.reconfigure([pool], { limits: { max_connections_per_ip: 10 } });
  assert.ok(await isTurnedAway());
  await until(() => counts().max_connections_per_ip === 1, "max_connections_per_ip is counted");

  await proxy.reconfigure([pool], { limits: { deny: ["127.0.0.0/8"] } });
  assert.ok(await isTurnedAway());
  await until(() => counts().deny === 1, "deny is counted");

  await proxy.reconfigure([pool], { limits: { max_connections_per_ip: 11 } });
  await using newcomer = SimMiner.start({ port: proxy.port, user: "a.new" });
  await pool.until(() => pool.workers().length === 11);
  const { accepted } = farm.statistics();
  await farm.until(() => farm.statistics().accepted >= accepted + 20);
  assert.deepEqual([farm.statistics().lostConnections, farm.faults], [0, []]);
  await newcomer.until(() => newcomer.isAuthorized);
});

Deno.test("changed names apply to new miners; the others keep theirs", async () => {
  await using pool = await SimPool.start();
  await using proxy = new TestProxy([pool]);
  await using _one = SimMiner.start({ port: proxy.port, user: "a.one" });
  await pool.until(() => pool.workers().length === 1);
  await proxy.reconfigure([pool], { fixed_worker_name: "farm" });
  await using _two = SimMiner.start({ port: proxy.port, user: "a.two" });
  await pool.until(() => pool.workers().length === 2);
  assert.deepEqual([...pool.registeredNames].sort(), ["farm", "one"]);
});

Deno.test("always_keep_downconn applies at once: miners without a pool get made-up jobs", async () => {
  await using pool = await SimPool.start({ proofOfWork: false });
  const advanced = { fake_job_notify_interval_seconds: 1 };
  await using proxy = new TestProxy([pool], { advanced });
  await using farm = SimFarm.start({
    port: proxy.port,
    count: 5,
    mode: { kind: "rate", sharesPerSecond: 5 },
  });
  await pool.until(() => pool.workers().length === 5);
  await pool.setFaults({ refuseConnections: true });
  pool.resetConnections();
  await proxy.reconfigure([pool], { advanced, always_keep_downconn: true });
  await until(() => proxy.statistics().shares.outage >= 10, "shares for made-up jobs");
  await proxy.reconfigure([pool], { advanced, outage: { grace_seconds: 3600 } });
  await pool.setFaults({ refuseConnections: false });
  await pool.until(() => pool.workers().length === 5);
  assert.deepEqual([farm.statistics().lostConnections, farm.faults], [0, []]);
});

Deno.test("the number of pool connections can be raised and lowered, and the miners are spread again", async () => {
  await using pool = await SimPool.start({ proofOfWork: false });
  const wanted = (count: number | undefined) => ({
    advanced: count === undefined ? {} : { pool_connection_number_per_subaccount: count },
  });
  await using proxy = new TestProxy([pool], wanted(1));
  await using farm = SimFarm.start({
    port: proxy.port,
    count: 12,
    mode: { kind: "rate", sharesPerSecond: 5 },
  });
  const spread = () =>
    [...Map.groupBy(pool.workers(), ({ connection }) => connection).values()]
      .map((workers) => workers.length).join();
  await pool.until(() => spread() === "12");
  await proxy.reconfigure([pool], wanted(3));
  await pool.until(() => spread() === "4,4,4");
  await proxy.reconfigure([pool], wanted(1));
  await pool.until(() => spread() === "12" && pool.statistics().connectionsNow === 1);
  const { accepted } = farm.statistics();
  await farm.until(() => farm.statistics().accepted >= accepted + 20);
  assert.deepEqual([farm.statistics().lostConnections, farm.faults], [0, []]);
});
