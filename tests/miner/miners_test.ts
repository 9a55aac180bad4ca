/** All miners: who is let in, who is sent away when, and that nothing is left of those who went. */

import assert from "node:assert/strict";
import fc from "fast-check";
import { type FakeMiner, FakeMiners } from "../support/fake_miners.ts";
import { answerShare, shortJob } from "../support/fake_mux.ts";
import { receiveLog } from "../../lib/observe/log.ts";
import { LogCapture } from "../support/log_capture.ts";
import { ERROR_CODE } from "../../lib/protocol/stratum/error_code.ts";
import { SHARE_ACCEPTED } from "../../lib/protocol/agent/status.ts";

const SUBSCRIBE = '{"id":1,"method":"mining.subscribe","params":["bench/1"]}';
const AUTHORIZE = '{"id":2,"method":"mining.authorize","params":["farm.rig1","x"]}';
const SHARE =
  '{"id":3,"method":"mining.submit","params":["farm.rig1","a","2a","650d1b20","1234abcd"]}';
const POOL = { mask: 0x1fffe000, difficulty: 1024, job: shortJob("a") };

for (const steps of [[], [SUBSCRIBE], [AUTHORIZE], ["", '{"id":0,"method":"mining.ping"}']]) {
  Deno.test(`a miner that got no further than ${JSON.stringify(steps)} is closed after 10 s`, () => {
    using log = new LogCapture();
    const world = new FakeMiners();
    const miner = world.connect();
    miner.send(...steps);
    world.wait(10);
    assert.ok(miner.isConnected);
    world.wait(1);
    assert.ok(!miner.isConnected);
    const line = steps.length === 0
      ? "debug: Connection 10.0.0.7:4001 closed without having sent a byte: did not log in " +
        "within 10 s"
      : "info: Miner 10.0.0.7:4001 disconnected: did not log in within 10 s";
    assert.deepEqual(log.take(), [line]);
    assert.deepEqual(world.miners.counts, { connected: 0, working: 0 });
    assert.equal(world.mux.leased.size, 0);
  });
}

Deno.test("dripping bytes of one endless handshake does not put the login deadline off", () => {
  const world = new FakeMiners();
  const miner = world.connect();
  for (let second = 0; second < 11; second++) {
    miner.sendBytes("[");
    world.wait(1);
  }
  assert.ok(!miner.isConnected);
});

Deno.test("a miner that waits for a pool is logged in, and only the idle deadline is left", () => {
  const world = new FakeMiners();
  const miner = world.login();
  world.wait(599);
  miner.send("");
  world.wait(600);
  assert.ok(miner.isConnected, "a blank line is a sign of life");
  world.wait(1);
  assert.ok(!miner.isConnected);
});

Deno.test("the sweep sees to the engine's slow peers as well", () => {
  const world = new FakeMiners();
  world.wait(3);
  assert.equal(world.engine.sweeps, 3);
});

Deno.test("no more than the allowed number of miners is let in, until one disconnects", () => {
  using log = new LogCapture();
  const world = new FakeMiners({ limits: { maxConnections: 2 } });
  const first = world.connect();
  world.connect();
  assert.equal(world.engine.connect({ hostname: "fd00::9", port: 5 }), undefined);
  assert.deepEqual(log.take(), [
    "warning: Miner [fd00::9]:5 not let in: limits.max_miners is reached, with 2 connected",
  ]);
  assert.deepEqual(world.miners.counts, { connected: 2, working: 0 });
  first.hangUp();
  world.login();
  assert.deepEqual(world.miners.counts, { connected: 2, working: 1 });
});

Deno.test("a miner that finds all session ids in use is told so and closed", () => {
  using log = new LogCapture();
  const world = new FakeMiners();
  world.mux.sessions = 1;
  const first = world.login();
  log.take();
  const second = world.connect("10.0.0.8");
  second.send(SUBSCRIBE, AUTHORIZE);
  assert.deepEqual(second.takeLines(), ['{"id":1,"result":null,"error":[20,"Unknown",null]}']);
  assert.ok(!second.isConnected);
  assert.deepEqual(log.take(), [
    "info: Miner 10.0.0.8:4001 disconnected: all session ids are in use",
  ]);
  first.hangUp();
  assert.equal(world.login().isConnected, true);
});

Deno.test("a failure to accept is logged with what to do about it", () => {
  using log = new LogCapture();
  const world = new FakeMiners();
  world.connect();
  world.engine.failToAccept(new Error("Too many open files (os error 24)"));
  assert.deepEqual(log.take(), [
    "error: Cannot accept miners at the moment, retrying: Too many open files (os error 24); 1 " +
    "are connected. If open files ran out, raise the limit (ulimit -n, or LimitNOFILE= of the " +
    "service)",
  ]);
});

Deno.test("draining lets no miner in and reads nothing more, but answers still go out", async () => {
  const world = new FakeMiners();
  const miner = world.login();
  miner.send(SHARE);
  await world.miners.drain();
  assert.equal(world.engine.isAccepting, false);
  miner.send(SHARE, '{"id":4,"method":"mining.ping"}');
  assert.equal(world.mux.shares.length, 1);
  for (const seated of world.mux.seated.values()) answerShare(seated, 3, SHARE_ACCEPTED);
  assert.deepEqual(miner.takeLines(), ['{"id":3,"result":true,"error":null}']);
});

Deno.test("stopping takes every miner out of the mux, and sockets that close later change nothing", async () => {
  const world = new FakeMiners();
  const [subscribed, working] = [world.connect(), world.login()];
  world.connect();
  subscribed.send(SUBSCRIBE);
  const [seated] = world.mux.seated.values();
  await world.miners.stop();
  assert.ok(world.engine.isStopped);
  assert.equal(world.mux.leased.size, 0);
  assert.deepEqual(world.miners.counts, { connected: 0, working: 0 });
  world.mux.takeCalls();
  seated!.disconnect("too late");
  working.hangUp();
  world.miners.closed(working.handle, "late");
  world.miners.received(working.handle, new TextEncoder().encode(SUBSCRIBE + "\n"));
  assert.deepEqual(world.mux.takeCalls(), []);
});

Deno.test("a miner the mux disconnects gets its last words first, and one log line", () => {
  using log = new LogCapture();
  const world = new FakeMiners();
  const miner = world.login();
  log.take();
  const [seated] = world.mux.seated.values();
  answerShare(seated!, 9, ERROR_CODE.jobNotFound);
  seated!.disconnect("no pool for over 30 s");
  seated!.disconnect("twice");
  assert.deepEqual(miner.takeLines(), [
    '{"id":9,"result":null,"error":[21,"Job not found (=stale)",null]}',
  ]);
  assert.deepEqual(world.engine.closedByOwner, [miner.handle]);
  assert.deepEqual(log.take(), [
    "info: Miner farm.rig1@10.0.0.7:4001 disconnected: no pool for over 30 s",
  ]);
  assert.equal(world.mux.leased.size, 0);
});

Deno.test("the rest of a packet is ignored after its miner was disconnected", () => {
  const world = new FakeMiners();
  const miner = world.login();
  world.mux.receipt = () => {
    for (const seated of world.mux.seated.values()) seated.disconnect("asked to");
    return "waiting";
  };
  miner.send('{"id":8,"method":"mining.ping"}', SHARE, SHARE, '{"id":9,"method":"mining.ping"}');
  assert.equal(world.mux.shares.length, 1);
  assert.deepEqual(miner.takeLines(), ['{"id":8,"result":"pong","error":null}']);
  assert.ok(!miner.isConnected);
});

Deno.test("a miner too slow for its own handshake leaves the mux with its id given back once", () => {
  const world = new FakeMiners();
  world.mux.pool = POOL;
  const miner = world.connect();
  miner.send(SUBSCRIBE);
  // The engine drops it while it joins, at the first thing it is sent.
  world.engine.room.set(miner.handle, 10);
  miner.send(AUTHORIZE, SHARE);
  assert.ok(!miner.isConnected);
  assert.equal(world.mux.seated.size, 0, "no seat is left behind");
  assert.equal(world.mux.leased.size, 0);
  assert.deepEqual(world.mux.takeCalls().slice(1).map((call) => call.split(" ")[0]), [
    "join",
    "leave",
  ]);
});

for (
  const [call, lines] of [
    ["lease", [SUBSCRIBE]],
    ["join", [SUBSCRIBE, AUTHORIZE]],
    ["submit", [SUBSCRIBE, AUTHORIZE, SHARE]],
    ["count", [SHARE]],
    ["release", [SUBSCRIBE, "not JSON"]],
    ["leave", [SUBSCRIBE, AUTHORIZE, "not JSON"]],
  ] as const
) {
  Deno.test(`a fault of ours in "${call}" costs only that miner its connection`, () => {
    using log = new LogCapture();
    const world = new FakeMiners();
    const other = world.login("farm.other");
    const miner = world.connect();
    world.mux.fault = (made) => made.startsWith(call) ? new Error("a bug of ours") : undefined;
    log.take();
    miner.send(...lines, '{"id":9,"method":"mining.ping"}');
    assert.ok(!miner.isConnected);
    assert.ok(!miner.takeLines().some((line) => line.includes("pong")));
    const logged = log.take();
    const faults = logged.filter((line) => line.startsWith("error: A fault of btcagent itself"));
    assert.equal(faults.length, 1, logged.join("\n"));
    assert.match(faults[0]!, /a bug of ours/);
    assert.equal(logged.filter((line) => line.includes(" disconnected: ")).length, 1);
    world.mux.fault = undefined;
    assert.deepEqual(other.ask('{"id":9,"method":"mining.ping"}'), [
      '{"id":9,"result":"pong","error":null}',
    ]);
    assert.deepEqual(world.miners.counts, { connected: 1, working: 1 });
  });
}

Deno.test("a fault of ours while miners are swept or stopped leaves none of their sockets open", async () => {
  const world = new FakeMiners();
  const miners = [world.connect(), world.connect(), world.connect()];
  for (const miner of miners) miner.send(SUBSCRIBE);
  world.mux.fault = (call) => call.startsWith("release") ? new Error("a bug of ours") : undefined;
  world.wait(11);
  assert.deepEqual(miners.map((miner) => miner.isConnected), [false, false, false]);
  world.connect().send(SUBSCRIBE);
  await world.miners.stop();
  assert.ok(world.engine.isStopped);
});

Deno.test("an id whose miner failed to join is not lent again: the pool may know it", () => {
  const world = new FakeMiners();
  world.mux.fault = (call) => call.startsWith("join") ? new Error("a bug of ours") : undefined;
  world.connect().send(SUBSCRIBE, AUTHORIZE);
  assert.deepEqual(world.mux.takeCalls().filter((call) => call.startsWith("release")), []);
});

Deno.test("whatever miners do, and whenever they go, every session id comes back exactly once", () => {
  const lines = [
    SUBSCRIBE,
    AUTHORIZE,
    SHARE,
    '{"id":5,"method":"mining.configure","params":[["version-rolling"]]}',
    "rubbish",
    '{"id":6,"method":"mining.authorize","params":[5]}',
  ];
  const act = fc.oneof(
    { weight: 2, arbitrary: fc.constant({ do: "connect" } as const) },
    {
      weight: 8,
      arbitrary: fc.record({
        do: fc.constant("send" as const),
        who: fc.nat(),
        lines: fc.array(fc.constantFrom(...lines), { minLength: 1, maxLength: 4 }),
        bytes: fc.option(fc.nat({ max: 300 })),
      }),
    },
    fc.record({ do: fc.constant("hang up" as const), who: fc.nat() }),
    fc.record({ do: fc.constant("kick" as const), who: fc.nat() }),
    fc.record({ do: fc.constant("slow" as const), who: fc.nat(), room: fc.nat({ max: 600 }) }),
    fc.record({ do: fc.constant("wait" as const), seconds: fc.nat({ max: 12 }) }),
    fc.record({ do: fc.constant("pool" as const), isUp: fc.boolean() }),
    fc.record({
      do: fc.constant("verdicts" as const),
      status: fc.constantFrom(SHARE_ACCEPTED, 36),
    }),
  );
  fc.assert(
    fc.property(fc.array(act, { maxLength: 40 }), (acts) => {
      // The fake mux asserts that no id is released twice or while seated.
      const world = new FakeMiners({ limits: { maxConnections: 6 } });
      const { mux, engine } = world;
      mux.sessions = 4;
      const everybody: FakeMiner[] = [];
      const choose = (who: number) => everybody[who % Math.max(1, everybody.length)];
      for (const it of acts) {
        switch (it.do) {
          case "connect":
            if (world.miners.counts.connected < 6) everybody.push(world.connect());
            break;
          case "send": {
            const bytes = it.lines.map((line) => line + "\n").join("");
            choose(it.who)?.sendBytes(bytes.slice(0, it.bytes ?? undefined));
            break;
          }
          case "hang up":
            choose(it.who)?.hangUp();
            break;
          case "kick":
            [...mux.seated.values()][it.who % 4]?.disconnect("kicked");
            break;
          case "slow": {
            const miner = choose(it.who);
            if (miner?.isConnected) engine.room.set(miner.handle, it.room);
            break;
          }
          case "wait":
            world.wait(it.seconds);
            break;
          case "pool":
            mux.pool = it.isUp ? POOL : undefined;
            break;
          case "verdicts":
            for (const seated of [...mux.seated.values()]) answerShare(seated, 3, it.status);
            break;
        }
        // The miners' own count, the engine's sockets and the mux's books agree at any time.
        const open = new Set(everybody.map(({ handle }) => handle).filter((h) => engine.isOpen(h)));
        assert.equal(world.miners.counts.connected, open.size);
        assert.equal(world.miners.counts.working, mux.seated.size);
      }
      for (const { handle } of everybody) engine.hangUp(handle);
      assert.equal(mux.leased.size, 0, "every id is back");
      assert.equal(mux.seated.size, 0);
    }),
    { seed: 33, numRuns: 1500 },
  );
});

Deno.test("the log names a miner that leaves if it has logged in, else what it spoke", () => {
  const left: Record<string, unknown>[] = [];
  receiveLog(({ template, values }) => {
    if (template.startsWith("Miner {miner} disconnected")) left.push(values);
  });
  try {
    const world = new FakeMiners();
    world.mux.pool = POOL;
    const worker = world.connect();
    worker.send(SUBSCRIBE, AUTHORIZE);
    worker.hangUp();
    const stranger = world.connect();
    stranger.sendBytes('{"id":1,');
    stranger.hangUp();
    assert.equal(left[0]!["worker"], "farm.rig1");
    assert.equal(left[1]!["worker"], undefined);
    assert.match(String(left[1]!["reason"]), /^it closed the connection; it sent 8 bytes without/);
  } finally {
    receiveLog(undefined);
  }
});
