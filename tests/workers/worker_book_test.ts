/** The book of workers: who is in it, what it has of them, and who is forgotten. */

import assert from "node:assert/strict";
import { finished } from "../../lib/base/steps.ts";
import { seededRandom } from "../../lib/sim/seeded_random.ts";
import { WorkerBook, type WorkerBookOptions } from "../../lib/workers/worker_book.ts";
import { LOST_REASONS } from "../../lib/workers/lost_reasons.ts";
import { connectionCondition, workerSums, workerViews } from "../../lib/workers/worker_view.ts";
import { hashrateOf, MadeUpWorkers } from "../support/made_up_workers.ts";

const HOUR_MS = 3_600_000;

function farmOf(options: Partial<WorkerBookOptions> = {}): MadeUpWorkers {
  return new MadeUpWorkers(
    seededRandom(7),
    new WorkerBook({ rememberMs: 24 * HOUR_MS, ...options }),
  );
}

function sumsOf(farm: MadeUpWorkers) {
  return finished(workerSums(farm.book, farm.time));
}

Deno.test("a machine that dies is missing after five minutes, and its details are still known", () => {
  const farm = farmOf();
  const miner = farm.connect({
    name: "rig1",
    clientAgent: "bmminer/2.0.0",
    address: "10.1.2.3",
    sharesPerMinute: 10,
  });
  farm.run(120);
  farm.disconnect(miner, "connection reset");
  farm.run(4);
  assert.equal(farm.view("rig1")!.condition.state, "working");
  farm.run(1);
  const { condition, goneMs, went, hashrateQuarter, usualHashrate, ...worker } = farm.view("rig1")!;
  assert.deepEqual(
    [condition.state, goneMs, went, hashrateQuarter],
    ["missing", 300_000, "connection reset", 0],
  );
  assert.ok(Math.abs(usualHashrate! / hashrateOf(10) - 1) < 0.15);
  assert.equal(worker.connections, 0);
  assert.equal(worker.usualConnections, 1);
  assert.equal(worker.clientAgent, "bmminer/2.0.0");
  assert.equal(worker.address, "10.1.2.3");
  assert.equal(worker.subnet, "10.1.2.0/24");
  assert.equal(worker.firstSeenMs, 125 * 60_000);
  assert.ok(worker.lastShareMs! >= 300_000);
  const { states, missingMachines, troubleHashrate } = sumsOf(farm);
  assert.deepEqual([states.missing, states.working, missingMachines], [1, 0, 1]);
  assert.equal(troubleHashrate, usualHashrate);
});

Deno.test("a worker that comes back under its name is the same one", () => {
  const farm = farmOf();
  const miner = farm.connect({ name: "rig1", sharesPerMinute: 10 });
  farm.run(10);
  farm.disconnect(miner);
  farm.run(30);
  const { id } = farm.view("rig1")!;
  farm.connect({ name: "rig1", sharesPerMinute: 10, clientAgent: "new/1", address: "fd00::7" });
  const back = farm.view("rig1")!;
  assert.deepEqual(
    [back.id, back.condition.state, back.connections, back.goneMs, back.connectsHour],
    [id, "working", 1, undefined, 2],
  );
  assert.deepEqual([back.clientAgent, back.address, back.subnet], [
    "new/1",
    "fd00::7",
    "fd00::/64",
  ]);
});

Deno.test("workers with one name in two sub-accounts are two workers", () => {
  const { book } = farmOf();
  const login = { name: "rig1", clientAgent: "", address: "10.0.0.1", upstream: undefined };
  const one = book.loggedIn({ ...login, account: "a", sessionId: 1 }, 1000);
  const other = book.loggedIn({ ...login, account: "b", sessionId: 2 }, 1000);
  assert.notEqual(book.idOf(one), book.idOf(other));
});

Deno.test("a worker is forgotten a day after it left, or at once on request", () => {
  const farm = farmOf({ rememberMs: 2 * HOUR_MS });
  const miners = ["a", "b"].map((name) => farm.connect({ name, sharesPerMinute: 10 }));
  farm.run(5);
  const ids = ["a", "b"].map((name) => farm.view(name)!.id);
  assert.equal(farm.book.forget(ids[0]!), false, "it has a connection");
  for (const miner of miners) farm.disconnect(miner);
  assert.equal(farm.book.forget(ids[0]!), true);
  assert.equal(farm.book.forget(ids[0]!), undefined);
  farm.run(119);
  assert.deepEqual(farm.views().map(({ name }) => name), ["b"]);
  farm.run(2);
  assert.deepEqual(farm.views(), []);
  assert.equal(farm.book.size, 0);
});

Deno.test("if there are too many workers, strangers are forgotten first, then those gone longest", () => {
  const farm = farmOf({ most: 4 });
  const at = (name: string, sharesPerMinute: number) => farm.connect({ name, sharesPerMinute });
  const [old, young, stranger] = [at("old", 10), at("young", 10), at("stranger", 0)];
  at("stays", 10);
  farm.run(2);
  for (const miner of [old, young, stranger]) {
    farm.disconnect(miner);
    farm.run(1);
  }
  const names = () => farm.views().map(({ name }) => name).sort();
  at("new1", 10);
  assert.deepEqual(names(), ["new1", "old", "stays", "young"]);
  at("new2", 10);
  assert.deepEqual(names(), ["new1", "new2", "stays", "young"]);
  at("new3", 10);
  assert.deepEqual(names(), ["new1", "new2", "new3", "stays"]);
  assert.equal(farm.attendanceOf(at("new4", 10)), 0, "there is no room, and it mines all the same");
});

Deno.test("thousands of made-up names take no memory once they are gone", () => {
  const farm = farmOf();
  for (let i = 0; i < 5_000; i++) {
    farm.disconnect(
      farm.connect({ name: `made-up${i}`, sharesPerMinute: 0, clientAgent: `x${i}` }),
    );
  }
  assert.ok(farm.book.size <= 1_000, `${farm.book.size}`);
  assert.deepEqual(farm.views(), [], "none is worth a row");
  farm.run(11);
  assert.equal(farm.book.size, 0);
  assert.ok(farm.book.records.workers.rows <= 1_001);
});

Deno.test("a device that works under ever new names hides no machine that is missing", () => {
  const farm = farmOf({ most: 300 });
  const rigs = Array.from({ length: 20 }, (_, i) => `rig${i}`);
  const miners = rigs.map((name, i) =>
    farm.connect({ name, sharesPerMinute: 10, address: `10.1.2.${i}` })
  );
  farm.run(30);
  farm.disconnect(miners[0]!);
  for (let i = 0; i < 1_000; i++) {
    const device = farm.connect({
      name: `made-up${i}`,
      sharesPerMinute: 10,
      address: `10.1.${2 + i % 2}.200`,
    });
    farm.run(1);
    farm.disconnect(device);
  }
  farm.run(6);
  assert.equal(farm.view("rig0")!.condition.state, "missing");
  const madeUp = farm.views().filter(({ name }) => name.startsWith("made-up"));
  assert.ok(madeUp.length <= 21 + 16 + 1 + 16, `${madeUp.length} of one device`);
});

Deno.test("a device with bad shares under ever new names is no thousand workers in trouble", () => {
  const farm = farmOf();
  for (let i = 0; i < 200; i++) {
    const device = farm.connect({ name: `made-up${i}`, sharesPerMinute: 0, lostPerMinute: 3_000 });
    if (i % 40 === 0) farm.run(1);
    farm.disconnect(device);
  }
  assert.ok(farm.book.size <= 1 + 16 + 1, `${farm.book.size}`);
});

Deno.test("all machines of a network that go at once are remembered, however soon", () => {
  const farm = farmOf();
  const miners = Array.from(
    { length: 200 },
    (_, i) => farm.connect({ name: `rig${i}`, sharesPerMinute: 10, address: "10.1.2.3" }),
  );
  farm.run(1);
  for (let round = 0; round < 3; round++) {
    for (const miner of miners) farm.disconnect(miner);
    farm.run(1);
    for (const miner of miners) farm.connect(miner);
    farm.run(1);
  }
  for (const miner of miners) farm.disconnect(miner);
  farm.run(5);
  assert.equal(sumsOf(farm).missingMachines, 200);
});

Deno.test("a miner that reconnects every ten seconds is flapping, good shares or not", () => {
  const farm = farmOf();
  for (let i = 0; i < 6; i++) {
    farm.disconnect(farm.connect({ name: "rig1", sharesPerMinute: 0 }));
    farm.time += 10_000;
  }
  const { condition, connectsHour } = farm.view("rig1")!;
  assert.deepEqual([condition.state, connectsHour], ["flapping", 6]);
  farm.connect({ name: "rig1", sharesPerMinute: 10 });
  farm.run(61);
  assert.equal(farm.view("rig1")!.condition.state, "working", "the hour is over");
});

Deno.test("log-ins after we disconnected it, or after an outage, do not count towards flapping", () => {
  const farm = farmOf();
  for (let i = 0; i < 10; i++) {
    const upstream = i % 2 === 0 ? "pool:1 #1" : undefined;
    const miner = farm.connect({ name: "rig1", sharesPerMinute: 10, upstream });
    farm.disconnect(miner, "no pool", i % 2 === 0);
  }
  assert.equal(farm.view("rig1")?.connectsHour ?? 1, 1);
});

Deno.test("a silent worker stays silent, however often it is disconnected for that", () => {
  const farm = farmOf();
  for (const [name, sharesPerMinute] of [["hung", 10], ["never", 0]] as const) {
    const miner = farm.connect({ name, sharesPerMinute, difficulty: 1_024 });
    farm.run(30);
    miner.sharesPerMinute = 0;
    farm.run(10);
    for (let hour = 0; hour < 12; hour++) {
      farm.disconnect(miner, "sent nothing for 600 s");
      farm.connect(miner);
      for (let minute = 0; minute < 10; minute++) {
        farm.run(1);
        assert.equal(farm.view(name)!.condition.state, "silent", `${name}, round ${hour}`);
      }
    }
    miner.sharesPerMinute = 10;
    farm.run(2);
    assert.equal(farm.view(name)!.condition.state, "working", "it works again");
  }
});

Deno.test("lost shares are counted by the hour, and the most common recent reason is named", () => {
  const farm = farmOf();
  const miner = farm.connect({
    name: "rig1",
    sharesPerMinute: 0,
    lostPerMinute: 10,
    lostReason: "stale",
  });
  farm.run(60);
  const { hour, condition } = { hour: farm.view("rig1")!, condition: farm.view("rig1")!.condition };
  assert.ok(hour.lost > 450 && hour.lost < 700, `${hour.lost}`);
  assert.deepEqual([condition.state, condition.reason, condition.part], ["refused", "stale", 1]);
  miner.lostReason = "versionMask";
  farm.run(40);
  assert.equal(farm.view("rig1")!.condition.reason, "version_mask");
  miner.lostPerMinute = 0;
  miner.sharesPerMinute = 10;
  farm.run(20);
  assert.equal(farm.view("rig1")!.condition.state, "working");
  farm.run(60);
  assert.equal(farm.view("rig1")!.lost, 0);
});

Deno.test("the last shares before a miner leaves are counted, good and lost ones", () => {
  const farm = farmOf();
  const { book } = farm;
  const attendance = book.loggedIn({
    account: "",
    name: "rig1",
    clientAgent: "",
    address: "10.0.0.1",
    sessionId: 1,
    upstream: "pool:1 #1",
  }, farm.time);
  const sample = {
    attendance,
    lost: new Array(10).fill(0),
    lastShareAt: farm.time,
    upstream: "pool:1 #1",
    difficulty: 1,
    hashrateQuarter: 0,
    hashrateHour: 0,
    hasLostAsicboost: false,
  };
  book.sample({ ...sample, good: 70_000 }, farm.time);
  assert.equal(farm.view("rig1")!.good, 70_000 % 65_536, "no miner sends as many in a minute");
  book.sample({ ...sample, good: 70_001 }, farm.time);
  book.sample({ ...sample, good: 70_001, lost: sample.lost.with(2, 1) }, farm.time);
  book.left(attendance, "closed", false, farm.time);
  const { good, lost } = farm.view("rig1")!;
  assert.deepEqual([good, lost], [70_001 % 65_536, 1]);
});

Deno.test("a name that thousands of machines share is counted exactly", () => {
  const farm = farmOf();
  const miners = Array.from(
    { length: 400 },
    () => farm.connect({ name: "all", sharesPerMinute: 60 }),
  );
  farm.run(4);
  const { connectsHour, good, connections, sessionIds } = farm.view("all")!;
  assert.deepEqual([connectsHour, connections, sessionIds.length], [400, 400, 100]);
  assert.ok(good > 94_000 && good < 98_000, `${good}`);
  for (const miner of miners) farm.disconnect(miner);
  assert.equal(farm.view("all")!.good, good);
});

Deno.test("a shared name is weak if one of its machines is gone, which counts as missing", () => {
  const farm = farmOf();
  const miners = [0, 1, 2].map(() => farm.connect({ name: "row1", sharesPerMinute: 10 }));
  farm.run(70);
  assert.equal(farm.view("row1")!.usualConnections, 3);
  farm.disconnect(miners[0]!);
  farm.run(6);
  const { condition, missingMachines } = farm.view("row1")!;
  assert.deepEqual([condition.state, condition.reason], ["weak", "fewer_connections"]);
  assert.equal(missingMachines, 1);
  assert.equal(sumsOf(farm).missingMachines, 1);
  const [, one] = miners;
  const own = connectionCondition(farm.book, farm.attendanceOf(one!), farm.time)!;
  assert.equal(own.state, "working", "the machines that are there are well");
});

Deno.test("each of several machines under a name is judged by its own figures", () => {
  const farm = farmOf();
  const good = farm.connect({ name: "row1", sharesPerMinute: 10 });
  const bad = farm.connect({
    name: "row1",
    sharesPerMinute: 0,
    lostPerMinute: 10,
    lostReason: "versionMask",
  });
  const silent = farm.connect({ name: "row1", sharesPerMinute: 0 });
  farm.run(30);
  const stateOf = (miner: typeof good) =>
    connectionCondition(farm.book, farm.attendanceOf(miner), farm.time)!.state;
  assert.deepEqual([good, bad, silent].map(stateOf), ["working", "refused", "silent"]);
});

Deno.test("a machine at half its hashrate is weak for half a day, then that is its usual one", () => {
  const farm = farmOf();
  const miner = farm.connect({ name: "rig1", sharesPerMinute: 15 });
  farm.run(240);
  miner.sharesPerMinute = 6;
  farm.run(60);
  const { condition, observations } = farm.view("rig1")!;
  assert.deepEqual([condition.state, condition.reason], ["weak", "below_itself"]);
  assert.deepEqual(observations.map(({ kind }) => kind), ["below_itself"]);
  farm.run(5 * 60);
  assert.equal(farm.view("rig1")!.condition.state, "weak");
  farm.run(30 * 60);
  assert.equal(farm.view("rig1")!.condition.state, "working");
});

Deno.test("a machine far below others with its software is weak after its first hour", () => {
  const farm = farmOf();
  for (let i = 0; i < 9; i++) farm.connect({ name: `rig${i}`, sharesPerMinute: 12 });
  farm.connect({ name: "slow", sharesPerMinute: 4 });
  farm.run(40);
  const { condition, kindHashrate } = farm.view("slow")!;
  assert.deepEqual([condition.state, condition.reason], ["weak", "below_kind"]);
  assert.ok(Math.abs(kindHashrate! / hashrateOf(12) - 1) < 0.2);
  assert.equal(sumsOf(farm).states.weak, 1);
});

Deno.test("after an outage no miner is silent or weak, and none has a gap", () => {
  const farm = farmOf();
  const miners = Array.from(
    { length: 20 },
    (_, i) => farm.connect({ name: `rig${i}`, sharesPerMinute: 10 }),
  );
  farm.run(120);
  for (const miner of miners) miner.upstream = undefined;
  farm.run(30);
  assert.equal(sumsOf(farm).states.waiting, 20);
  for (const miner of miners) miner.upstream = "pool:3333 #2";
  farm.run(60, () => assert.equal(sumsOf(farm).states.silent + sumsOf(farm).states.weak, 0));
  assert.equal(sumsOf(farm).states.working, 20);
  const gaps = [...farm.book.gaps.values()].flat();
  assert.deepEqual(gaps.filter(({ ms }) => ms > 2 * 60_000), [], "only what chance makes");
});

Deno.test("reading a list slowly, with a time that is long past, deletes no counts", () => {
  const farm = farmOf();
  const miner = farm.connect({ name: "rig", sharesPerMinute: 10, lostPerMinute: 20 });
  for (let i = 0; i < 7; i++) {
    farm.disconnect(farm.connect({ name: "flaps", sharesPerMinute: 10 }));
  }
  const began = farm.time;
  farm.run(20);
  const countsOf = () =>
    farm.views().map(({ good, lost, connectsHour }) => [good, lost, connectsHour]);
  const before = countsOf();
  assert.ok(before[0]![1]! > 200);
  const late = [...workerViews(farm.book, began)];
  assert.deepEqual(late.map(({ good, lost, connectsHour }) => [good, lost, connectsHour]), before);
  assert.deepEqual(countsOf(), before);
  finished(workerSums(farm.book, began));
  connectionCondition(farm.book, farm.attendanceOf(miner), began);
  assert.deepEqual(countsOf(), before);
});

Deno.test("a worker is found again under its sub-account, whatever names miners use", () => {
  const farm = farmOf();
  const { book } = farm;
  const login = (name: string, account: string, clientAgent: string, address: string) =>
    book.loggedIn({ account, name, clientAgent, address, sessionId: 1, upstream: "p" }, farm.time);
  for (let i = 0; i < 40_000; i++) login(`x${i}`, "", `agent${i}`, `2001:db8::${i.toString(16)}`);
  const size = book.size;
  const first = login("rig", "farm", "agent", "10.1.2.3");
  const second = login("rig", "farm", "agent", "10.1.2.3");
  assert.equal(book.idOf(first), book.idOf(second));
  assert.equal(book.size, size + 1);
  const view = farm.view("rig")!;
  assert.deepEqual([view.account, view.connections], ["farm", 2]);
});

Deno.test("thousands of workers are forgotten in small steps", () => {
  const farm = farmOf();
  const miners = Array.from(
    { length: 2_000 },
    (_, i) => farm.connect({ name: `rig${i}`, sharesPerMinute: 10 }),
  );
  farm.run(1);
  for (const miner of miners) farm.disconnect(miner);
  farm.book.reconfigure(HOUR_MS);
  let before = farm.book.size;
  assert.equal(before, 2_000);
  for (const _ of farm.book.settle(farm.time + 2 * HOUR_MS)) {
    assert.ok(before - farm.book.size <= 64, `${before - farm.book.size} in one step`);
    before = farm.book.size;
  }
  assert.equal(farm.book.size, 0);
});

Deno.test("the lost shares of a flood within a minute are all counted", () => {
  const farm = farmOf();
  const { book } = farm;
  const attendance = book.loggedIn({
    account: "",
    name: "floods",
    clientAgent: "x",
    address: "10.1.2.3",
    sessionId: 1,
    upstream: "p",
  }, farm.time);
  const sample = (good: number, stale: number) =>
    book.sample({
      attendance,
      good,
      lost: LOST_REASONS.map((reason) => reason === "stale" ? stale : 0),
      lastShareAt: farm.time,
      upstream: "p",
      difficulty: 1,
      hashrateQuarter: 0,
      hashrateHour: 0,
      hasLostAsicboost: false,
    }, farm.time);
  sample(50_000, 60_000);
  const { good, lost, condition } = farm.view("floods")!;
  assert.deepEqual([good, lost, condition.state], [50_000, 60_000, "refused"]);
});

Deno.test("connections that never did any work are not counted as missing machines", () => {
  const farm = farmOf();
  farm.connect({ name: "rig", sharesPerMinute: 10 });
  const others = Array.from(
    { length: 50 },
    () => farm.connect({ name: "rig", sharesPerMinute: 0, lostPerMinute: 1 }),
  );
  farm.run(120);
  for (const other of others) farm.disconnect(other);
  farm.run(30);
  assert.equal(sumsOf(farm).missingMachines, 0);
  assert.notEqual(farm.view("rig")!.condition.reason, "fewer_connections");
});

Deno.test("a worker of an earlier run is missing until it logs in, and is the same worker then", () => {
  const farm = farmOf({ rememberMs: 2 * HOUR_MS, most: 3 });
  const remember = (name: string, goneMs: number) =>
    farm.book.remember({
      account: "",
      name,
      firstSeenMs: 90 * 24 * HOUR_MS,
      goneMs,
      hashrate: 4e12,
      went: "btcagent was restarted",
    }, farm.time);
  remember("gone", HOUR_MS);
  remember("back", 0);
  remember("lost", 0);
  remember("one too many", 0);
  assert.deepEqual(farm.views().map(({ name }) => name), ["gone", "back", "lost"]);
  const before = farm.view("back")!;
  assert.equal(before.condition.state, "working", "it may be about to come back");
  assert.equal(farm.view("gone")!.condition.state, "missing");
  assert.equal(farm.view("gone")!.went, "btcagent was restarted");
  farm.connect({ name: "back", sharesPerMinute: 10 });
  remember("back", HOUR_MS);
  farm.run(6);
  const after = farm.view("back")!;
  assert.deepEqual([after.id, after.connections], [before.id, 1]);
  assert.ok(after.firstSeenMs > 90 * 24 * HOUR_MS);
  assert.equal(farm.view("lost")!.condition.state, "missing");
  assert.equal(sumsOf(farm).missingMachines, 2);
  farm.run(60);
  assert.equal(farm.view("gone"), undefined, "its two hours are over");
});
