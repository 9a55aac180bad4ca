/** What miners are given fits every pool of the list, from the first miner on. */

import assert from "node:assert/strict";
import { Proxy } from "../../lib/app/proxy.ts";
import { MOST_WAIT_MS } from "../../lib/app/pool_sizes.ts";
import { SizeFile } from "../../lib/app/size_file.ts";
import { systemTime } from "../../lib/base/system_time.ts";
import { SimPool } from "../../lib/sim/sim_pool.ts";
import { SimStratumPool } from "../../lib/sim/stratum_pool/sim_stratum_pool.ts";
import { silent } from "../support/dialling.ts";
import { LogCapture } from "../support/log_capture.ts";
import { LoopbackServer } from "../support/loopback_server.ts";
import { RawMiner } from "../support/raw_miner.ts";
import { entryOf } from "../support/stratum_farms.ts";
import { configOf, TestProxy, until } from "../support/test_proxy.ts";

const SUBSCRIBE = '{"id":1,"method":"mining.subscribe","params":["cgminer/4.11.1"]}\n';
const LOGIN = SUBSCRIBE + '{"id":2,"method":"mining.authorize","params":["farm.rig","x"]}\n';

/** Connects, logs in and says which layout it is given, as in `1 + 3`. */
async function layoutAt(port: number): Promise<string> {
  await using miner = await RawMiner.connect(port);
  await miner.send(LOGIN);
  return await layoutOf(miner);
}

async function layoutOf(miner: RawMiner): Promise<string> {
  await miner.until(() => miner.lines.length > 0, "the subscribe answer");
  const answer = JSON.parse(miner.lines[0]!) as { id: number; result: [unknown, string, number] };
  assert.equal(answer.id, 1);
  return `${answer.result[1].length / 2} + ${answer.result[2]}`;
}

/** Stratum pools with these sizes, in this order. */
class Pools implements AsyncDisposable {
  private constructor(readonly list: readonly SimStratumPool[]) {}

  static async start(...sizes: readonly number[]): Promise<Pools> {
    const starting = sizes.map((extranonce2Size) => SimStratumPool.start({ extranonce2Size }));
    return new Pools(await Promise.all(starting));
  }

  get entries(): unknown[] {
    return this.list.map((pool) => entryOf(pool));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.list.map((pool) => pool.stop()));
  }
}

/** The entry of a pool that accepts and never says a word. */
function deafEntry({ address: { host: hostname, port } }: LoopbackServer): unknown {
  return entryOf({ hostname, port });
}

Deno.test("every miner of the first moment gets what fits the narrowest pool of the list", async () => {
  using log = new LogCapture();
  await using pools = await Pools.start(8, 6, 4);
  const last = pools.list[2]!;
  {
    await using proxy = new TestProxy([], { pools: pools.entries });
    const layouts = await Promise.all(Array.from({ length: 20 }, () => layoutAt(proxy.port)));
    assert.deepEqual([...new Set(layouts)], ["1 + 3"]);
    await until(() => last.clients().length === 0, "the last pool was only asked");
    assert.equal(last.statistics().connections, 1);
  }
  assert.deepEqual(log.take().filter((line) => line.includes("from now on get")), [
    "info: Miners that connect from now on get 1 byte of extranonce1 and 3 of extranonce2: " +
    `pool 127.0.0.1:${last.port} leaves 4 bytes for both`,
  ]);
  for (const pool of pools.list) assert.deepEqual(pool.statistics().badLines, []);
});

Deno.test("a pool whose kind nobody said is asked for both at once", async () => {
  await using agent = await SimPool.start();
  await using pools = await Pools.start(8, 4);
  const list = [agent, ...pools.list].map(({ hostname, port }) => [hostname, port, "farm"]);
  await using proxy = new TestProxy([], { pools: list });
  assert.equal(await layoutAt(proxy.port), "1 + 3");
});

Deno.test("finding out sizes costs a pool in use no connection more", async () => {
  await using first = await SimPool.start();
  await using second = await SimPool.start();
  const list = [first, second].map(({ hostname, port }) => [hostname, port, "farm"]);
  await using proxy = new TestProxy([], { pools: list });
  assert.equal(await layoutAt(proxy.port), "4 + 4");
  const connections = () => [first, second].map((pool) => pool.statistics().connections);
  await until(() => connections().every((count) => count >= 2), "both are connected to");
  // One that asked for the kind, as ever, and heard the size with it; and the one for work.
  assert.deepEqual(connections(), [2, 2]);
});

Deno.test("a pool that never answers makes nobody wait for longer than a second", async () => {
  await using deaf = new LoopbackServer(silent);
  await using pools = await Pools.start(6);
  await using proxy = new TestProxy([], { pools: [...pools.entries, deafEntry(deaf)] });
  await using miner = await RawMiner.connect(proxy.port);
  const started = performance.now();
  await miner.send(LOGIN + '{"id":3,"method":"mining.extranonce.subscribe","params":[]}\n');
  assert.equal(await layoutOf(miner), "2 + 4", "what is known until then counts");
  const waited = performance.now() - started;
  assert.ok(waited > MOST_WAIT_MS / 2, `it waited ${waited} ms`);
  assert.ok(waited < MOST_WAIT_MS + 700, `it waited ${waited} ms`);
  const ids = () => miner.lines.map((line) => (JSON.parse(line) as { id: unknown }).id);
  await miner.until(() => ids().includes(3), "the answer to what came after it");
  assert.deepEqual(ids().filter((id) => id !== null), [1, 2, 3], "in the order of the requests");
  const late = performance.now();
  assert.equal(await layoutAt(proxy.port), "2 + 4");
  assert.ok(performance.now() - late < MOST_WAIT_MS / 2, "later miners do not wait");
});

Deno.test("a miner that leaves while it waits costs nothing", async () => {
  await using deaf = new LoopbackServer(silent);
  await using proxy = new TestProxy([], { pools: [deafEntry(deaf)] });
  {
    await using miner = await RawMiner.connect(proxy.port);
    await miner.send(LOGIN);
  }
  assert.equal(await layoutAt(proxy.port), "4 + 4");
  await until(() => proxy.statistics().connected === 0, "all are gone");
  assert.equal(proxy.statistics().sessionIds, 0);
});

Deno.test("after a restart without any pool miners get what fitted the last time", async () => {
  const folder = await Deno.makeTempDir();
  const path = `${folder}/state/sizes.json`;
  const start = async (pools: readonly unknown[]) => {
    const file = new SizeFile(path, systemTime);
    const proxy = new Proxy({
      config: configOf([], { pools }),
      version: "0.0.0-test",
      time: systemTime,
      knownSizes: await file.read(),
      sizesChanged: (sizes) => file.write(sizes),
    });
    const layout = await layoutAt(proxy.addresses[0]!.port);
    await proxy.stop(100);
    await file.end();
    return layout;
  };
  try {
    let entries: readonly unknown[];
    {
      await using pools = await Pools.start(8, 6, 5);
      entries = pools.entries;
      assert.equal(await start(entries), "2 + 3");
    }
    assert.equal(await start(entries), "2 + 3", "nobody answers");
    await using other = await Pools.start(8);
    assert.equal(await start(other.entries), "4 + 4", "of other pools nothing is known");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("a list of agent pools is not asked, and its miners do not wait", async () => {
  await using first = await SimPool.start();
  await using second = await SimPool.start();
  await using deaf = new LoopbackServer(silent);
  const entry = (port: number) => ({ url: `btcagent+tcp://127.0.0.1:${port}`, user: "farm" });
  let changes = 0;
  const proxy = new Proxy({
    config: configOf([], { pools: [first.port, second.port, deaf.address.port].map(entry) }),
    version: "0.0.0-test",
    time: systemTime,
    sizesChanged: () => changes++,
  });
  try {
    const started = performance.now();
    assert.equal(await layoutAt(proxy.addresses[0]!.port), "4 + 4");
    assert.ok(performance.now() - started < MOST_WAIT_MS / 2);
    const connections = () => [first, second].map((pool) => pool.statistics().connections);
    await until(() => connections().every((count) => count > 0), "one serves, one is a spare");
    assert.deepEqual(connections(), [1, 1]);
    assert.equal(deaf.accepted, 0);
    assert.equal(changes, 0, "nothing is remembered");
  } finally {
    await proxy.stop(100);
  }
});

Deno.test("pools are asked at a reload, and nobody waits for what is known", async () => {
  await using pools = await Pools.start(8, 6);
  const [, narrow] = pools.list;
  await using proxy = new TestProxy([], { pools: pools.entries.slice(0, 1) });
  assert.equal(await layoutAt(proxy.port), "4 + 4");
  await proxy.reconfigure([], { pools: pools.entries });
  assert.equal(await layoutAt(proxy.port), "2 + 4");
  await narrow!.setFaults({ isSilent: true });
  await proxy.reconfigure([], { pools: pools.entries });
  const started = performance.now();
  assert.equal(await layoutAt(proxy.port), "2 + 4");
  assert.ok(performance.now() - started < MOST_WAIT_MS / 2);
});

Deno.test("in 4 bytes miners have 2 + 2 where the operator wants that, all on one connection", async () => {
  await using pools = await Pools.start(4);
  await using proxy = new TestProxy([], { pools: pools.entries, extranonce2_bytes: 2 });
  await using miner = await RawMiner.connect(proxy.port);
  await miner.send(LOGIN);
  assert.equal(await layoutOf(miner), "2 + 2");
  await miner.until(() => miner.lines.some((line) => line.includes("mining.notify")), "a job");
});
