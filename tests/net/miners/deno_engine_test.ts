/** The engine on `Deno.listen`: what every engine does, and what is this one's own. */

import assert from "node:assert/strict";
import { mock } from "node:test";
import { systemTime } from "../../../lib/base/system_time.ts";
import { startDenoEngine, startEngineOn } from "../../../lib/net/miners/deno_engine.ts";
import type { Engine, EngineLimits } from "../../../lib/net/miners/engine.ts";
import { formatAddress } from "../../../lib/base/peer_address.ts";
import { EngineRecord } from "../../support/engine_record.ts";
import { FakeConn, FakeListener } from "../../support/fake_listener.ts";
import { type EngineWorld, LIMITS, TestCrowd, testEngine } from "./engine_contract.ts";
import { testEngineOnLoopback } from "./engine_loopback.ts";

/** Lets everything happen that needs no turn of the event loop. */
async function microtasks(): Promise<void> {
  for (let i = 0; i < 20; i++) await Promise.resolve();
}

/** Lets the event loop go around once. */
function turn(): Promise<void> {
  return new Promise((resolve) => void setImmediate(resolve));
}

/** Lets everything happen that waits for nothing but its turn. */
async function settled(): Promise<void> {
  for (let i = 0; i < 5; i++) {
    await microtasks();
    await turn();
  }
  await microtasks();
}

class World implements EngineWorld {
  readonly listener = new FakeListener();
  readonly events = new EngineRecord();
  readonly conns: FakeConn[] = [];
  readonly engine: Engine;
  readonly settled = settled;
  time = 1_000_000;

  constructor(limits: Partial<EngineLimits> = {}) {
    this.engine = startEngineOn(this.listener, {
      events: this.events,
      limits: { ...LIMITS, ...limits },
      now: () => this.time,
      time: { ...systemTime, now: () => this.time },
    });
  }

  get isListening(): boolean {
    return !this.listener.isClosed;
  }

  async connect(count: number): Promise<[FakeConn[], number[]]> {
    const conns = Array.from({ length: count }, (_, i) => new FakeConn(1000 + i));
    const before = this.events.opens.length;
    for (const conn of conns) {
      await this.admit(conn);
    }
    this.conns.push(...conns);
    return [conns, this.events.opens.slice(before)];
  }

  /** One comes in, and the engine looks for the next. */
  async admit(conn: FakeConn): Promise<void> {
    this.listener.admit(conn);
    await settled();
    await turn();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.engine.stop();
    for (const conn of this.conns) {
      assert.ok(conn.isClosed, "every socket is closed in the end");
      assert.ok(conn.isKeptAlive, "the system looks after it while it is silent");
      assert.ok(conn.mostWritesUnderWay <= 1, "one write at a time");
    }
  }
}

testEngine("deno", (limits) => new World(limits));
testEngineOnLoopback("deno", startDenoEngine);

Deno.test("addresses are formatted so that the port is clear", () => {
  assert.equal(formatAddress({ hostname: "10.0.0.7", port: 4321 }), "10.0.0.7:4321");
  assert.equal(formatAddress({ hostname: "fd00::7", port: 4321 }), "[fd00::7]:4321");
});

Deno.test("a round has at most 64 writes under way, and goes on as they end", async () => {
  await using world = new World();
  const [conns, handles] = await world.connect(100);
  for (const conn of conns) conn.appetite = "nothing";
  new TestCrowd(handles).tell(world, "[a]");
  await settled();
  const begun = () => conns.filter((conn) => conn.writesUnderWay > 0);
  assert.equal(begun().length, 64);
  for (const conn of begun().slice(0, 10)) conn.take("all");
  await settled();
  assert.equal(begun().length, 64);
  assert.equal(conns.filter((conn) => conn.taken === "[a]").length, 10);
});

Deno.test("64 peers that take nothing hold a round up for 100 ms, not for ever", async () => {
  await using world = new World();
  const [conns, handles] = await world.connect(200);
  const crowd = new TestCrowd(handles);
  for (const conn of conns) conn.appetite = "nothing";
  mock.timers.enable({ apis: ["setTimeout"] });
  try {
    crowd.tell(world, "[a]");
    await settled();
    const slow = conns.filter((conn) => conn.writesUnderWay > 0);
    const others = conns.filter((conn) => !slow.includes(conn));
    assert.equal(slow.length, 64);
    for (const conn of others) conn.appetite = "all";
    mock.timers.tick(100);
    await settled();
    assert.ok(others.every((conn) => conn.taken === "[a]"));
    // They hold the next one up no more.
    crowd.tell(world, "[b]");
    await settled();
    assert.ok(others.every((conn) => conn.taken === "[a][b]"));
    for (const conn of slow) conn.appetite = "all";
    for (const conn of slow) conn.take("all");
    await settled();
    assert.ok(conns.every((conn) => conn.taken === "[a][b]"));
    // And their late writes do not make room for more than 64.
    for (const conn of conns) conn.appetite = "nothing";
    crowd.tell(world, "[c]");
    await settled();
    assert.equal(conns.filter((conn) => conn.writesUnderWay > 0).length, 64);
  } finally {
    mock.timers.reset();
  }
});

Deno.test("of peers that read at once, 128 are told in a turn, or as many as 256 KB and a job serve", async () => {
  for (const [text, most] of [["[a]", 128], ["x".repeat(32 * 1024), 9]] as const) {
    await using world = new World();
    const [conns, handles] = await world.connect(300);
    new TestCrowd(handles).tell(world, text);
    const told = () => conns.filter((conn) => conn.taken !== "").length;
    for (let before = 0, turns = 0; before < 300; before = told()) {
      await microtasks();
      assert.ok(told() - before <= most, `${told() - before} in turn ${turns}`);
      await turn();
      assert.ok(++turns < 300);
    }
  }
});

Deno.test("bytes sent just before a stop reach their peer; a peer that does not read is closed", async () => {
  const world = new World();
  const [[slow, mute], [first, second]] = await world.connect(2) as [
    [FakeConn, FakeConn],
    [number, number],
  ];
  slow.appetite = mute.appetite = "nothing";
  world.engine.send(first, new TextEncoder().encode("the last answer"));
  world.engine.send(second, new TextEncoder().encode("nobody reads this"));
  const stopped = world.engine.stop();
  await settled();
  assert.deepEqual([slow.isClosed, mute.isClosed], [false, false]);
  slow.take("all");
  await settled();
  assert.equal(slow.taken, "the last answer");
  assert.ok(slow.isClosed);
  await stopped;
  assert.ok(mute.isClosed);
  assert.equal(mute.taken, "");
});

Deno.test("every stop, also a second one at the same time, waits for the last read", async () => {
  await using world = new World();
  const { promise, resolve } = Promise.withResolvers<null>();
  const conn = new FakeConn(1);
  conn.read = () => promise;
  world.listener.admit(conn);
  await settled();
  let ended = 0;
  const stops = [1, 2].map(() => world.engine.stop().then(() => ended++));
  await settled();
  assert.equal(ended, 0);
  resolve(null);
  await Promise.all(stops);
});

Deno.test("a farm that connects at once is accepted one by one, a turn for each, and read in between", async () => {
  const world = new World();
  const acceptLater = world.listener.accept.bind(world.listener);
  let waiting = 1000;
  world.listener.accept = () =>
    waiting === 0 ? acceptLater() : Promise.resolve(new FakeConn(waiting--));
  world.listener.admit(new FakeConn(1));
  for (let turns = 0; turns < 50; turns++) {
    const before = world.events.opens.length;
    await turn();
    assert.ok(
      world.events.opens.length - before <= 2,
      "one, give or take the order of callbacks",
    );
  }
  assert.ok(world.events.opens.length >= 25, "it goes on every turn");
  await world.engine.stop();
});

/** A peer that has always sent something more. */
class BusyConn extends FakeConn {
  reads = 0;

  override read(into: Uint8Array): Promise<number | null> {
    // Bounded, so that a test of an engine that never rests still ends.
    return ++this.reads > 1000 ? super.read(into) : Promise.resolve(1);
  }
}

Deno.test("peers that never stop sending take turns, and leave the rest of the program its own", async () => {
  await using world = new World();
  const conns = Array.from({ length: 100 }, (_, i) => new BusyConn(1000 + i));
  world.conns.push(...conns);
  for (const conn of conns) await world.admit(conn);
  const readsOf = () => conns.reduce((sum, conn) => sum + conn.reads, 0);
  const atFirst = conns.map((conn) => conn.reads);
  for (let turns = 0; turns < 30; turns++) {
    const before = readsOf();
    await turn();
    assert.ok(readsOf() - before <= 32, `${readsOf() - before} reads in a turn`);
  }
  const counts = conns.map((conn, i) => conn.reads - atFirst[i]!);
  assert.ok(Math.max(...counts) - Math.min(...counts) <= 2, `reads of each: ${counts}`);
  assert.ok(Math.min(...counts) > 1, "everyone's turn came");
});
