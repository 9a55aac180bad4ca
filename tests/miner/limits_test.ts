/** Every bound of what miners may ask: reached, counted, said with its key, and nobody else's. */

import assert from "node:assert/strict";
import { type LimitName, newLimitCounts } from "../../lib/miner/limits.ts";
import { type FakeMiner, FakeMiners, LIMITS } from "../support/fake_miners.ts";
import { LogCapture } from "../support/log_capture.ts";

const PING = '{"id":"p","method":"mining.ping"}';
const PONG = '{"id":"p","result":"pong","error":null}';
const SUBSCRIBE = '{"id":1,"method":"mining.subscribe","params":["bench/1"]}';
const AUTHORIZE = '{"id":2,"method":"mining.authorize","params":["farm.rig1","x"]}';
const IP = "10.0.0.7";
const OTHER_IP = "10.0.0.8";

/** Fails unless exactly these bounds were reached so often. */
function assertReached(world: FakeMiners, reached: Partial<Record<LimitName, number>>): void {
  assert.deepEqual(world.miners.limitCounts, { ...newLimitCounts(), ...reached });
}

for (
  const [name, limits, refusedIp, logged] of [
    [
      "max_connections_per_ip",
      { maxConnectionsPerIp: 2 },
      IP,
      "limits.max_connections_per_ip is reached, with 2 from",
    ],
    [
      "new_connections_per_second_per_ip",
      { newConnectionsPerSecondPerIp: 2 },
      IP,
      "its address connects more often than",
    ],
    ["deny", { deny: ["10.0.0.8/31"] }, OTHER_IP, "its address is in"],
    ["allow", { allow: ["10.0.0.0/29"] }, OTHER_IP, "its address is not in"],
  ] as const
) {
  Deno.test(`${name}: refused connections are counted and named in the log, others are let in`, () => {
    using log = new LogCapture();
    const world = new FakeMiners({ limits });
    const inside = [world.connect(IP), world.connect(IP)];
    assert.equal(world.engine.connect({ hostname: refusedIp, port: 9 }), undefined);
    assertReached(world, { [name]: 1 });
    const [line, ...more] = log.take();
    assert.deepEqual(more, []);
    assert.ok(line!.startsWith(`warning: Miner ${refusedIp}:9 not let in: ${logged}`), line);
    assert.ok(line!.includes(`limits.${name}`), line);
    for (const miner of inside) assert.deepEqual(miner.ask(PING), [PONG]);
    assert.equal(world.miners.counts.connected, 2);
  });
}

Deno.test("miners that share an address are let in and end as if it was none, but count", async () => {
  using log = new LogCapture();
  const world = new FakeMiners({
    limits: {
      maxConnections: 3,
      maxConnectionsPerIp: 1,
      newConnectionsPerSecondPerIp: 1,
      banAfterViolations: 1,
      deny: [IP],
    },
  });
  const connect = () => world.engine.connect({ hostname: IP, port: 9, isShared: true });
  const handles = [connect(), connect(), connect()].map((handle) => handle!);
  assert.equal(connect(), undefined);
  assertReached(world, { max_miners: 1 });
  world.engine.receive(handles[0]!, "rubbish\n");
  assertReached(world, { max_miners: 1, protocol_violations: 1 });
  assert.ok(!log.take().some((line) => line.includes("has broken the protocol")));
  world.engine.areSlow = true;
  world.miners.reconfigure({
    limits: { ...LIMITS, maxConnections: 3, maxConnectionsPerIp: 1 },
    naming: { fixedName: "", ipFormat: undefined },
    reconnectsLostAsicboost: false,
  });
  world.engine.receive(handles[1]!, "rubbish\n");
  assert.notEqual(connect(), undefined, "the first one's place");
  assert.equal(world.engine.lingering.size, 1);
  world.engine.letGo(handles[1]!);
  assert.notEqual(connect(), undefined, "the second one's place");
  assert.equal(world.miners.counts.connected, 3);
  await world.miners.stop();
  assert.equal(world.miners.counts.connected, 0);
});

Deno.test("a connection that would not be let in anyway disconnects no other", () => {
  const world = new FakeMiners({ limits: { maxConnections: 2, maxConnectionsPerIp: 1 } });
  const slow = world.connect(IP);
  world.connect(OTHER_IP);
  world.time += 2000;
  for (let i = 0; i < 5; i++) {
    assert.equal(world.engine.connect({ hostname: IP, port: 9 }), undefined);
  }
  assert.ok(slow.isConnected);
  assertReached(world, { max_connections_per_ip: 5 });
});

Deno.test("miners that have not logged in make room for others, the oldest first", () => {
  using log = new LogCapture();
  const world = new FakeMiners({ limits: { maxConnections: 4 } });
  const madeRoom = () =>
    log.take().flatMap((line) =>
      /Connection \S+:(\d+) closed without .*: made room: 4 are .*limits\.max_miners/.exec(line)
        ?.[1] ?? []
    );
  world.login();
  world.connect(IP, 1);
  world.connect(IP, 2);
  world.time += 600;
  world.connect(IP, 3);
  assert.equal(world.engine.connect(), undefined, "nobody has been silent for a second yet");
  world.time += 401;
  log.take();
  world.login("farm.rig2");
  assert.deepEqual(madeRoom(), ["1"]);
  world.login("farm.rig3");
  assert.deepEqual(madeRoom(), ["2"]);
  assert.equal(world.engine.connect(), undefined, "the last one has its second");
  assertReached(world, { max_miners: 4 });
  world.time += 1000;
  world.login("farm.rig4");
  assert.deepEqual(madeRoom(), ["3"]);
  world.time += 1000;
  assert.equal(world.engine.connect(), undefined, "who works is never sent away");
  assert.deepEqual(world.miners.counts, { connected: 4, working: 4 });
});

Deno.test("too many connections that broke the protocol leave their address with less time to log in", () => {
  using log = new LogCapture();
  const world = new FakeMiners({ limits: { banAfterViolations: 3, banMs: 60_000 } });
  const other = world.login("farm.other");
  for (let i = 0; i < 3; i++) world.connect(OTHER_IP).sendBytes("null\n");
  assert.equal(
    log.take().at(-1),
    `warning: 3 connections from ${OTHER_IP} broke the protocol within 60 s; the lines before ` +
      "this one say what they sent. From now on miners from there have 1 s to log in, and only " +
      "10 of them may take longer (limits.ban_after_violations)",
  );
  const silent = world.connect(OTHER_IP);
  const elsewhere = world.connect(IP);
  const honest = world.connect(OTHER_IP);
  honest.send(SUBSCRIBE, AUTHORIZE);
  world.wait(4);
  assert.ok(!silent.isConnected);
  assert.ok(elsewhere.isConnected && honest.isConnected);
  assertReached(world, { protocol_violations: 3, ban_after_violations: 1 });
  assert.deepEqual(log.take().filter((line) => line.includes("closed without")), [
    `debug: Connection ${OTHER_IP}:4001 closed without having sent a byte: its address broke ` +
    "the protocol too often, and it did not log in within 1 s",
  ]);
  assert.deepEqual(other.ask(PING), [PONG]);
  world.wait(60);
  const later = world.connect(OTHER_IP);
  world.wait(9);
  assert.ok(later.isConnected, "the mark is over");
});

Deno.test("a farm behind one address gets in, whatever else comes from there and even if no miner works", () => {
  using _log = new LogCapture();
  const world = new FakeMiners({ limits: { banAfterViolations: 3 } });
  // As during an outage: logged in, and no pool to work for.
  world.mux.holdsMiners = true;
  for (let second = 0; second < 30; second++) {
    for (let i = 0; i < 50; i++) world.connect(IP).sendBytes("null\n");
    for (let i = 0; i < 20; i++) world.connect(IP);
    const honest = world.connect(IP);
    honest.send(SUBSCRIBE);
    world.time += 300;
    honest.send(AUTHORIZE);
    world.wait(1);
    assert.ok(honest.isConnected);
  }
  world.wait(4);
  assert.equal(world.miners.counts.connected, 30);
});

Deno.test("of a marked address 10 that have begun may take as long as others to log in, 5 new ones a second", () => {
  using _log = new LogCapture();
  const world = new FakeMiners({ limits: { banAfterViolations: 1, loginTimeoutMs: 10_000 } });
  world.connect(IP).sendBytes("\0\n");
  const slow = () => {
    const miner = world.connect(IP);
    miner.send(SUBSCRIBE);
    return miner;
  };
  const open = (miners: readonly FakeMiner[]) => miners.filter(({ isConnected }) => isConnected);
  const first = Array.from({ length: 15 }, slow);
  world.wait(4);
  assert.deepEqual(open(first), first.slice(0, 10));
  // A login frees its place for one that comes later.
  for (const miner of first.slice(0, 10)) miner.send(AUTHORIZE);
  const second = Array.from({ length: 15 }, slow);
  world.wait(4);
  assert.ok(open(second).length <= 10 && open(second).length >= 5, `${open(second).length}`);
  world.wait(10);
  assert.equal(open(second).length, 0, "the login deadline is for all");
  assert.equal(open(first).length, 10);
});

Deno.test("a marked address cannot take the places of all others", () => {
  using log = new LogCapture();
  const world = new FakeMiners({ limits: { banAfterViolations: 1, maxConnections: 100 } });
  world.connect(OTHER_IP).sendBytes("\0\n");
  for (let i = 0; i < 25; i++) world.connect(OTHER_IP);
  log.take();
  assert.equal(world.engine.connect({ hostname: OTHER_IP, port: 9 }), undefined);
  assert.deepEqual(log.take(), [
    `warning: Miner ${OTHER_IP}:9 not let in: its address broke the protocol too often, and too many ` +
    "of its connections have not logged in (limits.ban_after_violations)",
  ]);
  assert.ok(world.connect(IP).isConnected);
  assert.equal(world.miners.counts.connected, 26);
});

Deno.test("connections from before their address was marked have no more time than later ones", () => {
  using _log = new LogCapture();
  const world = new FakeMiners({ limits: { banAfterViolations: 1 } });
  const before = Array.from({ length: 20 }, () => world.connect(IP));
  const elsewhere = world.connect(OTHER_IP);
  world.connect(IP).sendBytes("\0\n");
  world.wait(4);
  assert.ok(before.every(({ isConnected }) => !isConnected));
  assert.ok(elsewhere.isConnected);
});

Deno.test("miners that try TLS at every connect never have their address marked", () => {
  using log = new LogCapture();
  const world = new FakeMiners({ limits: { banAfterViolations: 3 } });
  const silent = world.connect(IP);
  for (const hello of ["\x16", "\x16\x03\x01\x02\x00\x01\x00", "\x16\x03\x01\n"]) {
    for (let i = 0; i < 100; i++) world.connect(IP).sendBytes(hello);
  }
  world.wait(4);
  assert.ok(silent.isConnected);
  assertReached(world, { protocol_violations: 300 });
  assert.ok(log.take().every((line) => !line.includes("ban_after_violations")));
});

Deno.test("a miner that subscribes and reconnects every 1.2 s for ever is never marked for it", () => {
  using log = new LogCapture();
  const world = new FakeMiners({ limits: { banAfterViolations: 2 } });
  for (let i = 0; i < 200; i++) {
    const miner = world.connect(IP);
    miner.send('{"id":1,"method":"mining.subscribe","params":["NerdMinerV2/V1.8.3"]}');
    assert.equal(miner.takeLines().length, 1);
    world.time += 1200;
    if (i % 2 === 0) world.miners.sweep();
    miner.hangUp();
  }
  assertReached(world, {});
  assert.deepEqual(log.take().filter((line) => !line.startsWith("info: ")), []);
});

Deno.test("a miner that suggests a difficulty every 30 s is answered each time and told nothing else", () => {
  const world = new FakeMiners({ limits: { maxRequestsPerSecond: 10 } });
  world.mux.pool = { mask: 0, difficulty: 1024, job: undefined };
  const miner = world.login("farm.nerd");
  for (let i = 0; i < 200; i++) {
    world.wait(30);
    assert.deepEqual(
      miner.ask(`{"id":${i},"method":"mining.suggest_difficulty","params":[0.00015]}`),
      [`{"id":${i},"result":true,"error":null}`],
    );
  }
  assertReached(world, {});
});

Deno.test("silence until the login deadline counts toward a mark; leaving early does not", () => {
  using _log = new LogCapture();
  const world = new FakeMiners({ limits: { banAfterViolations: 2 } });
  for (let i = 0; i < 5; i++) world.connect().hangUp();
  world.connect();
  world.connect();
  world.wait(11);
  assertReached(world, { login_timeout_seconds: 2 });
  world.connect();
  world.wait(4);
  assertReached(world, { login_timeout_seconds: 2, ban_after_violations: 1 });
});

Deno.test("a miner may send its burst of lines at once, then a number a second, and no more", () => {
  using log = new LogCapture();
  const world = new FakeMiners({ limits: { maxRequestsPerSecond: 10 } });
  const greedy = world.login();
  const steady = world.login("farm.steady");
  log.take();
  // Two lines of the fifty went into logging in.
  greedy.send(...Array.from({ length: 48 }, () => PING));
  assert.equal(greedy.takeLines().length, 48);
  for (let i = 0; i < 600; i++) {
    world.time += 100;
    assert.deepEqual(steady.ask(PING), [PONG]);
  }
  greedy.send(...Array.from({ length: 51 }, () => PING));
  assert.equal(greedy.takeLines().length, 50, "what came before is answered");
  assert.ok(!greedy.isConnected);
  assert.ok(steady.isConnected);
  assert.deepEqual(log.take(), [
    "info: Miner farm.rig1@10.0.0.7:4001 disconnected: Cannot take more requests: it sends more " +
    "a second than limits.max_requests_per_second",
  ]);
  assertReached(world, { max_requests_per_second: 1 });
});

/** A ping in a line of this many bytes. */
function longPing(bytes: number): string {
  return PING.replace("}", `,"more":"${"x".repeat(bytes - PING.length - 10)}"}`);
}

Deno.test("a long line counts as one for each 256 bytes: it costs as much to read", () => {
  const world = new FakeMiners({ limits: { maxRequestsPerSecond: 10 } });
  const miner = world.login();
  assert.equal(longPing(8192).length, 8192);
  miner.send(longPing(8192), ...Array.from({ length: 16 }, () => PING));
  assert.equal(miner.takeLines().length, 17, "two of the fifty went into logging in");
  miner.send(PING);
  assert.ok(!miner.isConnected);
  assertReached(world, { max_requests_per_second: 1 });
});

Deno.test("a line longer than all a miner may send at once is taken after a rest", () => {
  const world = new FakeMiners({ limits: { maxRequestsPerSecond: 2 } });
  const miner = world.login();
  for (let i = 0; i < 3; i++) {
    world.time += 5_000;
    assert.deepEqual(miner.ask(longPing(8192)), [PONG]);
  }
  miner.send(PING);
  assert.ok(!miner.isConnected);
});

Deno.test("lines that waited for a pool are counted once, when they came", () => {
  const world = new FakeMiners({ limits: { maxRequestsPerSecond: 2 } });
  world.mux.holdsMiners = true;
  const miner = world.login();
  miner.send(...Array.from({ length: 8 }, () => PING));
  world.mux.serve(world.mux.seated.get(0)!, { mask: 0, difficulty: 1, job: undefined });
  assert.equal(miner.takeLines().filter((line) => line === PONG).length, 8);
  assert.ok(miner.isConnected);
});

Deno.test("a blank line is a line a miner sends, however it is ended, and gets no answer", () => {
  const world = new FakeMiners({ limits: { maxRequestsPerSecond: 10 } });
  const miner = world.login();
  miner.sendBytes("\n\r\n".repeat(24));
  assert.deepEqual(miner.takeLines(), []);
  assert.ok(miner.isConnected, "two lines and forty-eight blank ones are fifty");
  miner.sendBytes("\n");
  assert.ok(!miner.isConnected);
  assertReached(world, { max_requests_per_second: 1 });
});

Deno.test("every other bound has its counter", () => {
  const world = new FakeMiners();
  world.connect().sendBytes("x".repeat(8193));
  world.connect();
  world.wait(11);
  const held = new FakeMiners();
  held.mux.holdsMiners = true;
  held.login().sendBytes(Array.from({ length: 300 }, () => PING + "\n").join(""));
  assertReached(held, { held_bytes: 1 });
  world.mux.sessions = 0;
  const turnedAway = world.connect();
  turnedAway.send('{"id":1,"method":"mining.subscribe","params":[]}');
  world.mux.sessions = 9;
  const idle = world.login();
  world.wait(601);
  assert.ok(!idle.isConnected && !turnedAway.isConnected);
  for (const slow of ["waiting_bytes", "stall_timeout"] as const) {
    world.engine.dropSlow(world.connect().handle, slow);
  }
  assertReached(world, {
    max_line_bytes: 1,
    login_timeout_seconds: 1,
    idle_timeout_seconds: 1,
    session_ids: 1,
    waiting_bytes: 1,
    stall_timeout: 1,
  });
});

Deno.test("a shortage of files is said once, and once more when it is over", () => {
  using log = new LogCapture();
  const world = new FakeMiners();
  const error = new Error("Too many open files (os error 24)");
  for (let i = 0; i < 300; i++) {
    world.engine.failToAccept(error);
    world.time += 100;
    if (i % 10 === 9) world.miners.sweep();
  }
  assert.equal(log.take().length, 1);
  world.wait(4);
  assert.deepEqual(log.take(), []);
  world.wait(1);
  assert.deepEqual(log.take(), ["info: Accepting miners again"]);
  world.wait(60);
  assert.deepEqual(log.take(), []);
  world.engine.failToAccept(error);
  assert.equal(log.take().length, 1);
  assertReached(world, { accept_failures: 301 });
});

Deno.test("a crowd past its deadline is ended a few at a time; others are served in between", async () => {
  using _log = new LogCapture();
  const world = new FakeMiners();
  const honest = world.login();
  for (let i = 0; i < 300; i++) world.connect();
  world.wait(11);
  const left = [];
  for (let seen = 301; seen > 1;) {
    const { connected } = world.miners.counts;
    if (connected < seen) left.push(seen = connected);
    assert.deepEqual(honest.ask(PING), [PONG]);
    await new Promise((resolve) => setTimeout(resolve));
    // The next sweep comes before it is done.
    if (connected === 237) world.wait(1);
  }
  assert.deepEqual(left, [269, 237, 205, 173, 141, 109, 77, 45, 13, 1]);
  assertReached(world, { login_timeout_seconds: 300 });
});

Deno.test("a stop ends those as well whose turn has not come", async () => {
  using _log = new LogCapture();
  const world = new FakeMiners();
  for (let i = 0; i < 300; i++) world.connect();
  world.wait(11);
  await world.miners.stop();
  assert.equal(world.miners.counts.connected, 0);
});

Deno.test("a stop gives every place back", async () => {
  const world = new FakeMiners({ limits: { maxConnectionsPerIp: 5 } });
  for (let i = 0; i < 5; i++) world.login();
  await world.miners.stop();
  assert.equal(world.miners.counts.connected, 0);
});

Deno.test("a miner that was ended and does not take its last bytes still has a place, and its address", () => {
  const world = new FakeMiners({ limits: { maxConnections: 3, maxConnectionsPerIp: 2 } });
  world.engine.areSlow = true;
  const ended = [world.connect(IP), world.connect(IP)];
  world.wait(11);
  assert.ok(ended.every(({ isConnected }) => !isConnected), "they did not log in");
  assert.deepEqual(world.miners.counts, { connected: 0, working: 0 });
  assert.equal(world.engine.connect({ hostname: IP, port: 9 }), undefined);
  assertReached(world, { login_timeout_seconds: 2, max_connections_per_ip: 1 });
  world.engine.letGo(ended[0]!.handle);
  world.connect(IP);
});

Deno.test("when all places are taken, one that was ended and lingers makes room first", () => {
  const world = new FakeMiners({ limits: { maxConnections: 3 } });
  const working = world.login();
  world.engine.areSlow = true;
  const first = world.connect(IP);
  const second = world.connect(IP);
  world.wait(11);
  assert.deepEqual([...world.engine.lingering], [first.handle, second.handle]);
  world.engine.areSlow = false;
  world.connect(OTHER_IP);
  assert.deepEqual([...world.engine.lingering], [second.handle], "the one ended first is gone");
  assert.ok(working.isConnected);
  // Others' places are counted right all the time.
  world.miners.reconfigure({
    limits: { ...LIMITS, maxConnections: 3 },
    naming: { fixedName: "", ipFormat: undefined },
    reconnectsLostAsicboost: true,
  });
  world.connect(OTHER_IP);
  assert.deepEqual([...world.engine.lingering], []);
  assert.equal(world.engine.connect(), undefined);
});

Deno.test("a newcomer that makes room and does not read is closed at once", () => {
  const world = new FakeMiners({ limits: { maxConnections: 1 } });
  world.connect(IP);
  world.engine.areSlow = true;
  world.time += 1001;
  world.connect(OTHER_IP);
  assert.deepEqual([...world.engine.lingering], []);
});
