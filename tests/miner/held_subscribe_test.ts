/** Miners that subscribe while pools are asked for their sizes: they wait, in their order. */

import assert from "node:assert/strict";
import { FakeMiners } from "../support/fake_miners.ts";
import { until } from "../support/test_proxy.ts";

const SUBSCRIBE = '{"id":1,"method":"mining.subscribe","params":["cgminer/4.11.1"]}';
const AUTHORIZE = '{"id":2,"method":"mining.authorize","params":["farm.rig1","x"]}';
const CONFIGURE =
  '{"id":7,"method":"mining.configure","params":[["version-rolling"],{"version-rolling.mask":"ffffffff"}]}';
const PING = '{"id":3,"method":"mining.ping","params":[]}';

function idsOf(lines: readonly string[]): unknown[] {
  return lines.map((line) => (JSON.parse(line) as { id: unknown }).id);
}

function holding(limits = {}): FakeMiners {
  const farm = new FakeMiners({ limits });
  farm.mux.holdsLayouts = true;
  return farm;
}

function release(farm: FakeMiners): void {
  farm.mux.holdsLayouts = false;
  farm.miners.layoutsReleased();
}

Deno.test("a subscribe is answered when layouts are released, and later requests after it", () => {
  const farm = holding();
  const miner = farm.connect();
  miner.send(CONFIGURE, SUBSCRIBE, AUTHORIZE);
  miner.send(PING);
  assert.deepEqual(idsOf(miner.takeLines()), [7], "what came before it needs no layout");
  assert.deepEqual(farm.mux.takeCalls(), []);
  farm.mux.layout = { extranonce1Bytes: 1, extranonce2Bytes: 3 };
  release(farm);
  const lines = miner.takeLines();
  assert.deepEqual(idsOf(lines), [1, 2, 3]);
  const { result } = JSON.parse(lines[0]!) as { result: [unknown, string, number] };
  assert.deepEqual(result.slice(1), ["00", 3], "the layout of the moment it is released");
  assert.equal(farm.miners.counts.working, 1);
});

Deno.test("one that authorizes first, and one that has its layout, do not wait for another", () => {
  const farm = new FakeMiners();
  const early = farm.connect();
  early.send(SUBSCRIBE);
  assert.deepEqual(idsOf(early.takeLines()), [1]);
  farm.mux.holdsLayouts = true;
  early.send(SUBSCRIBE.replace('"id":1', '"id":4'));
  assert.deepEqual(idsOf(early.takeLines()), [4], "its layout is settled");
  const other = farm.connect();
  other.send(AUTHORIZE, SUBSCRIBE);
  assert.deepEqual(idsOf(other.takeLines()), [2]);
  release(farm);
  assert.deepEqual(idsOf(other.takeLines()), [1]);
});

Deno.test("a miner whose next line comes after the release goes on with that line", () => {
  const farm = holding();
  const miner = farm.connect();
  miner.send(SUBSCRIBE);
  farm.mux.holdsLayouts = false;
  miner.send(AUTHORIZE);
  assert.deepEqual(idsOf(miner.takeLines()), [1, 2]);
  farm.miners.layoutsReleased();
  assert.deepEqual(miner.takeLines(), []);
});

Deno.test("one that leaves while it waits is gone, with its shares in the books", () => {
  const farm = holding();
  const miner = farm.connect();
  const share = '{"id":9,"method":"mining.submit","params":["w","1","00000000","0","0"]}';
  miner.send(SUBSCRIBE, share);
  farm.engine.hangUp(miner.handle);
  assert.deepEqual(farm.mux.takeCalls(), ["count refusedUnauthorized of nobody"]);
  release(farm);
  assert.deepEqual(farm.mux.takeCalls(), []);
});

Deno.test("one that sends too much while it waits is ended, and nothing is held against its address", () => {
  const farm = holding({ banAfterViolations: 1 });
  const miner = farm.connect();
  miner.send(SUBSCRIBE, ...Array.from({ length: 64 }, () => PING));
  assert.equal(miner.isConnected, false);
  assert.equal(farm.miners.limitCounts.held_bytes, 1);
  assert.equal(farm.miners.limitCounts.ban_after_violations, 0);
});

Deno.test("a crowd that waited is answered in turns, whatever is released meanwhile", async () => {
  const farm = holding();
  const miners = Array.from({ length: 300 }, () => {
    const miner = farm.connect();
    miner.send(SUBSCRIBE, AUTHORIZE);
    return miner;
  });
  release(farm);
  assert.ok(farm.miners.counts.working < 300, "not all in one turn");
  // A reload asks again, and is answered at once.
  farm.mux.holdsLayouts = true;
  release(farm);
  await until(() => farm.miners.counts.working === 300, "all go on");
  for (const miner of miners) assert.deepEqual(idsOf(miner.takeLines()), [1, 2]);
});
