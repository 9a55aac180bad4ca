/** The engine on epoll: what every engine does, and what is this one's own. */

import assert from "node:assert/strict";
import { mock } from "node:test";
import { systemTime } from "../../../lib/base/system_time.ts";
import type { Engine, EngineLimits } from "../../../lib/net/miners/engine.ts";
import { READY } from "../../../lib/net/libc/epoll.ts";
import { Libc } from "../../../lib/net/libc/calls.ts";
import { LibcUnavailable } from "../../../lib/net/libc/library.ts";
import { startLibcEngine, startLibcEngineOn } from "../../../lib/net/libc/engine.ts";
import { INHERITED_OPTIONS } from "../../../lib/net/libc/listener.ts";
import { EngineRecord } from "../../support/engine_record.ts";
import { FakeKernel, FakeSocket } from "../../support/fake_kernel.ts";
import {
  bytes,
  type EngineWorld,
  LIMITS,
  tell,
  TestCrowd,
  testEngine,
} from "../miners/engine_contract.ts";
import { testEngineOnLoopback } from "../miners/engine_loopback.ts";

class World implements EngineWorld {
  readonly kernel = new FakeKernel();
  readonly events = new EngineRecord();
  readonly peers: FakeSocket[] = [];
  readonly engine: Engine;
  readonly pace = { isBusy: false, found() {} };
  time = 1_000_000;

  constructor(limits: Partial<EngineLimits> = {}, reusePort = false) {
    const { sockets, readiness, listener } = this.kernel;
    this.engine = startLibcEngineOn({ sockets, readiness, listener, pace: this.pace }, {
      reusePort,
      events: this.events,
      limits: { ...LIMITS, ...limits },
      now: () => this.time,
      time: { ...systemTime, now: () => this.time },
    });
  }

  get isListening(): boolean {
    return this.kernel.isListening;
  }

  async connect(count: number): Promise<[FakeSocket[], number[]]> {
    const peers = Array.from(
      { length: count },
      (_, i) => new FakeSocket(1000 + i, this.kernel.changed),
    );
    const before = this.events.opens.length;
    for (const peer of peers) this.kernel.admit(peer);
    await this.settled();
    this.peers.push(...peers);
    return [peers, this.events.opens.slice(before)];
  }

  async settled(): Promise<void> {
    for (let i = 0; i < 40; i++) await Promise.resolve();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.settled();
    const { waits } = this.kernel;
    await this.settled();
    assert.equal(this.kernel.waits, waits, "while nothing happens it rests");
    await this.engine.stop();
    for (const peer of this.peers) assert.ok(peer.isClosed, "every socket is closed in the end");
    assert.ok(this.kernel.isReleased, "the C library is given back");
  }
}

testEngine("libc", (limits) => new World(limits));
testEngineOnLoopback("libc", startLibcEngine);
testEngineOnLoopback("libc, always busy", (options) => {
  return startLibcEngine(options, { isBusy: true, found() {} });
});

const EMFILE = 24;
const ECONNABORTED = 103;

Deno.test("out of files, it accepts no connection for 100 ms and goes on serving the others", async () => {
  await using world = new World();
  const [[conn]] = await world.connect(1);
  mock.timers.enable({ apis: ["setTimeout"] });
  try {
    world.kernel.acceptErrno = EMFILE;
    for (let failure = 1; failure <= 3; failure++) {
      const late = new FakeSocket(2000 + failure, world.kernel.changed);
      world.peers.push(late);
      world.kernel.admit(late);
      conn!.send(`${failure}`);
      await world.settled();
      assert.equal(world.events.acceptFailures.length, failure, "reported once a pause");
      assert.match(String(world.events.acceptFailures.at(-1)), /Too many open files/);
      mock.timers.tick(100);
      await world.settled();
    }
    assert.equal(world.events.text.get(world.events.opens[0]!), "123");
    world.kernel.acceptErrno = undefined;
    mock.timers.tick(100);
    await world.settled();
    assert.equal(world.events.opens.length, 4, "all get in when files are free again");
  } finally {
    mock.timers.reset();
  }
});

Deno.test("a stop during the pause after accepting failed waits for nothing and leaves no timer", async () => {
  const world = new World();
  world.kernel.acceptErrno = EMFILE;
  world.kernel.changed();
  await world.settled();
  assert.equal(world.events.acceptFailures.length, 1);
  await world[Symbol.asyncDispose]();
});

Deno.test("a connection that is gone before it is accepted is not a failure and delays no other", async () => {
  await using world = new World();
  world.kernel.acceptErrno = ECONNABORTED;
  world.kernel.changed();
  await world.settled();
  assert.ok(world.kernel.accepts > 0);
  world.kernel.acceptErrno = undefined;
  const [, [handle]] = await world.connect(1);
  assert.deepEqual(world.events.acceptFailures, []);
  assert.deepEqual(world.events.opens, [handle]);
});

Deno.test("on a shared port, connections in its queue are accepted when accepting stops", async () => {
  await using world = new World({}, true);
  const waiting = Array.from({ length: 300 }, (_, i) => new FakeSocket(i, world.kernel.changed));
  world.kernel.atOnce(() => {
    for (const peer of waiting) world.kernel.admit(peer);
    world.engine.stopAccepting();
  });
  assert.equal(world.events.opens.length, waiting.length);
  assert.ok(!world.isListening);
});

Deno.test("an owner that stops accepting in the event of a connection gets no more", async () => {
  await using world = new World();
  const { opened } = world.events;
  world.events.opened = (handle, from) => {
    world.engine.stopAccepting();
    return opened.call(world.events, handle, from);
  };
  const [first, second] = [1, 2].map((port) => new FakeSocket(port, world.kernel.changed));
  world.kernel.atOnce(() => {
    world.kernel.admit(first!);
    world.kernel.admit(second!);
  });
  await world.settled();
  assert.equal(world.events.opens.length, 1);
  world.engine.send(world.events.opens[0]!, bytes("welcome"));
  assert.equal(first!.taken, "welcome");
});

Deno.test("a listening socket that cannot be watched leaves nothing behind", () => {
  const kernel = new FakeKernel();
  kernel.refusesListener = true;
  const { sockets, readiness, listener } = kernel;
  const parts = { sockets, readiness, listener, pace: { isBusy: false, found() {} } };
  const options = { events: new EngineRecord(), limits: LIMITS, now: () => 0, time: systemTime };
  assert.throws(() => startLibcEngineOn(parts, options), LibcUnavailable);
  assert.ok(!kernel.isListening && kernel.isReleased);
});

Deno.test("a wait that a signal interrupts is begun again", async () => {
  await using world = new World();
  const [[conn], [handle]] = await world.connect(1);
  world.kernel.interrupt();
  await new Promise((resolve) => setTimeout(resolve, 5));
  conn!.send("hello");
  await world.settled();
  assert.equal(world.events.text.get(handle!), "hello");
});

Deno.test("a late event of an ended connection does not end the next one with its handle", async () => {
  await using world = new World();
  const [[first, second], [firstHandle, secondHandle]] = await world.connect(2);
  const newcomer = new FakeSocket(2000, world.kernel.changed);
  world.peers.push(newcomer);
  // All in one wait: the first peer has the second closed, its file goes to the newcomer, and
  // only then comes what had happened to the second.
  world.kernel.arrange = (events) =>
    events.toSorted((a, b) =>
      Number(a.fd === secondHandle) - Number(b.fd === secondHandle) ||
      b.fd - a.fd
    );
  world.events.onText = () => world.engine.close(secondHandle!);
  world.kernel.atOnce(() => {
    first!.send("close the other one");
    second!.failWrite();
    world.kernel.admit(newcomer);
  });
  await world.settled();
  assert.deepEqual(world.events.opens, [firstHandle, secondHandle, secondHandle]);
  assert.deepEqual(world.events.closes, []);
  assert.ok(second!.isClosed && !newcomer.isClosed);
  world.engine.send(secondHandle!, bytes("welcome"));
  assert.equal(newcomer.taken, "welcome");
});

Deno.test("a peer that ends its side after its owner closed it still gets its waiting bytes", async () => {
  await using world = new World();
  const [[conn], [handle]] = await world.connect(1);
  conn!.appetite = "nothing";
  world.engine.send(handle!, bytes("last words"));
  world.engine.close(handle!);
  conn!.send("not heard any more");
  conn!.end();
  await world.settled();
  assert.ok(!conn!.isClosed);
  conn!.appetite = "all";
  await world.settled();
  assert.equal(conn!.taken, "last words");
  assert.ok(conn!.isClosed);
  assert.deepEqual(world.events.closes, []);
});

Deno.test("a connection whose end a send has swallowed is over all the same", async () => {
  await using world = new World();
  const [[open, ending], [handle, endingHandle]] = await world.connect(2);
  ending!.appetite = "nothing";
  world.engine.send(endingHandle!, bytes("last words"));
  world.engine.close(endingHandle!);
  for (const conn of [open, ending]) conn!.vanish();
  world.engine.send(handle!, bytes("to nobody"));
  await world.settled();
  assert.deepEqual(world.events.closes, [[handle, "it closed the connection"]]);
  assert.ok(open!.isClosed && ending!.isClosed);
});

Deno.test("a false readiness event ends no connection", async () => {
  await using world = new World();
  const [, [handle]] = await world.connect(1);
  const tag = world.kernel.tagOf(handle!);
  world.kernel.arrange = (events) => {
    world.kernel.arrange = (events) => events;
    return [{ fd: handle!, tag, flags: READY.read }, ...events];
  };
  world.kernel.changed();
  await world.settled();
  assert.deepEqual(world.events.closes, []);
});

Deno.test("waits that fail for good do not keep the machine busy", async () => {
  const world = new World();
  mock.timers.enable({ apis: ["setTimeout"] });
  try {
    world.kernel.failsToWait = true;
    world.kernel.interrupt();
    for (let pause = 0; pause < 5; pause++) {
      await world.settled();
      assert.equal(world.kernel.waits, 1 + pause);
      mock.timers.tick(1);
    }
  } finally {
    world.kernel.failsToWait = false;
    mock.timers.reset();
  }
});

Deno.test("a peer that is not slow any more is not asked again and again whether it takes bytes", async () => {
  await using world = new World();
  const [[conn], [handle]] = await world.connect(1);
  conn!.appetite = "nothing";
  world.engine.send(handle!, bytes("a"));
  conn!.appetite = "all";
  await world.settled();
  const { sends } = conn!;
  world.kernel.interrupt();
  await world.settled();
  assert.equal(conn!.taken, "a");
  assert.equal(conn!.sends, sends);
});

Deno.test("a round sends 128 jobs in one turn, or 256 KB and a job", async () => {
  for (const [text, most] of [["[a]", 128], ["x".repeat(32 * 1024), 9]] as const) {
    await using world = new World();
    let conns: FakeSocket[] = [];
    const told = () => conns.filter((conn) => conn.taken !== "").length;
    const { waitAside } = world.kernel.readiness;
    let before = 0;
    let mostSeen = 0;
    const look = () => {
      mostSeen = Math.max(mostSeen, told() - before);
      before = told();
    };
    world.kernel.readiness.waitAside = async (ms) => {
      look();
      const count = await waitAside(ms);
      look();
      return count;
    };
    const [connected, handles] = await world.connect(1000);
    conns = connected;
    new TestCrowd(handles).tell(world, text);
    for (let turns = 0; turns < 200 && told() < 1000; turns++) await world.settled();
    assert.equal(told(), 1000);
    assert.ok(mostSeen <= most, `${mostSeen} in one turn`);
  }
});

Deno.test("shares are read between two pieces of a round", async () => {
  await using world = new World();
  const [conns, handles] = await world.connect(1000);
  const served: number[] = [];
  world.events.onText = () => served.push(conns.filter((conn) => conn.taken !== "").length);
  new TestCrowd(handles).tell(world, "[a]");
  for (const conn of conns.slice(0, 3)) {
    conn.send("a share");
    await Promise.resolve();
    await Promise.resolve();
  }
  await world.settled();
  assert.ok(conns.every((conn) => conn.taken === "[a]"));
  assert.equal(served.length, 3);
  assert.ok(served.every((count) => count < 1000), `shares waited for ${served} jobs`);
});

Deno.test("more connections than there was room for at first keep apart", async () => {
  await using world = new World();
  const [conns, handles] = await world.connect(3000);
  for (const [i, handle] of handles.entries()) world.engine.send(handle, bytes(`${i}`));
  for (const [i, conn] of conns.entries()) {
    assert.equal(conn.taken, `${i}`);
    conn.send(`from ${i}`);
  }
  // More are ready than one wait tells of.
  await world.settled();
  for (const [i, handle] of handles.entries()) {
    assert.equal(world.events.text.get(handle), `from ${i}`);
  }
});

Deno.test("the owner may close a connection while it opens, and turn it away as well", async () => {
  await using world = new World();
  world.events.letsIn = false;
  const { opened } = world.events;
  world.events.opened = (handle, from) => {
    world.engine.send(handle, bytes("no"));
    world.engine.close(handle);
    return opened.call(world.events, handle, from);
  };
  const [conns] = await world.connect(2);
  assert.ok(conns.every((conn) => conn.isClosed && conn.taken === "no"));
});

/**
 * A world that looks on a timer, which only the test moves, with `count` connections; `look` lets
 * the next look happen, and `heard` says of how many connections something was read.
 */
async function whileBusy(
  count: number,
  run: (busy: {
    readonly world: World;
    readonly conns: readonly FakeSocket[];
    readonly look: () => Promise<void>;
    readonly heard: () => number;
  }) => Promise<void>,
): Promise<void> {
  await using world = new World();
  const [conns, handles] = await world.connect(count);
  mock.timers.enable({ apis: ["setTimeout", "setInterval"] });
  try {
    // It looks on a timer from the end of the wait under way on.
    world.pace.isBusy = true;
    world.kernel.interrupt();
    await world.settled();
    const look = async () => {
      mock.timers.tick(1);
      await world.settled();
    };
    const heard = () => handles.filter((handle) => world.events.text.get(handle) !== "").length;
    await look();
    await run({ world, conns, look, heard });
    world.pace.isBusy = false;
    await look();
  } finally {
    mock.timers.reset();
  }
}

Deno.test("while busy it looks on a timer, and at once again after a look that found all it can", async () => {
  await whileBusy(600, async ({ world, conns, look, heard }) => {
    for (const conn of conns) conn.send("share");
    await world.settled();
    assert.equal(heard(), 0, "it is not woken");
    await look();
    assert.equal(heard(), 600);
  });
});

Deno.test("while miners' requests take long, timers have their turn among them", async () => {
  await whileBusy(10, async ({ world, conns, look, heard }) => {
    world.events.onText = () => world.time += 15;
    for (const conn of conns) conn.send("share");
    const steps: number[] = [];
    for (let tick = 0; tick < 6; tick++) {
      await look();
      steps.push(heard());
    }
    assert.deepEqual(steps, [2, 4, 6, 8, 10, 10]);
  });
});

Deno.test("an engine that is stopped in the middle of its turn serves no more connections", async () => {
  await whileBusy(10, async ({ world, conns, look, heard }) => {
    world.events.onText = () => world.time += 15;
    for (const conn of conns) conn.send("share");
    await look();
    assert.equal(heard(), 2);
    const stopped = world.engine.stop();
    await look();
    await stopped;
    assert.equal(heard(), 2);
  });
});

Deno.test("nothing is done with the C library once the engine has stopped", async () => {
  const world = new World();
  const [, [handle]] = await world.connect(1);
  await world[Symbol.asyncDispose]();
  world.engine.send(handle!, bytes("late"));
  tell(world, handle!, "late");
  new TestCrowd(Array<number>(1000).fill(handle!)).tell(world, "late");
  world.engine.close(handle!);
  world.engine.sweep();
  world.engine.stopAccepting();
  await world.engine.stop();
});

/** An engine on a port of its own and a peer of it; `run` gets its handle, too. */
async function onLoopback(
  hostname: string,
  run: (engine: Engine, events: EngineRecord, peer: Deno.TcpConn, handle: number) => Promise<void>,
): Promise<void> {
  const events = new EngineRecord();
  const engine = startLibcEngine({
    hostname,
    port: 0,
    events,
    limits: LIMITS,
    now: () => 0,
    time: systemTime,
  });
  try {
    using peer = await Deno.connect(engine.address);
    await events.when(() => events.opens.length === 1);
    await run(engine, events, peer, events.opens[0]!);
  } finally {
    await engine.stop();
  }
}

Deno.test("accepted connections send small writes at once and find out about dead peers", async () => {
  await onLoopback("127.0.0.1", (_engine, _events, _peer, handle) => {
    const libc = new Libc();
    for (const { level, name, value, kept = value } of INHERITED_OPTIONS) {
      assert.equal(libc.option(handle, level, name), kept, `option ${level}.${name}`);
    }
    libc.unload();
    return Promise.resolve();
  });
});

for (const hostname of ["127.0.0.1", "::1", "::"]) {
  Deno.test(`a peer of ${hostname} is named as Deno names it`, async () => {
    await onLoopback(hostname, (engine, events, peer, handle) => {
      const { hostname, port } = peer.localAddr;
      assert.deepEqual(events.from.get(handle), { hostname, port });
      assert.equal(engine.address.port, peer.remoteAddr.port);
      return Promise.resolve();
    });
  });
}

Deno.test("an IPv4 peer of an IPv6 socket is named as Deno names it", async () => {
  const listener = Deno.listen({ hostname: "::", port: 0 });
  using peer = await Deno.connect({ hostname: "127.0.0.1", port: listener.addr.port });
  using accepted = await listener.accept();
  assert.equal(accepted.remoteAddr.hostname, "::ffff:127.0.0.1");
  listener.close();
  peer.setNoDelay();

  const events = new EngineRecord();
  const engine = startLibcEngine({
    hostname: "::",
    port: 0,
    events,
    limits: LIMITS,
    now: () => 0,
    time: systemTime,
  });
  using other = await Deno.connect({ hostname: "127.0.0.1", port: engine.address.port });
  await events.when(() => events.opens.length === 1);
  assert.deepEqual([...events.from.values()], [
    { hostname: "::ffff:127.0.0.1", port: other.localAddr.port },
  ]);
  await engine.stop();
});

Deno.test("two engines with the same port on two addresses each get their own miners", async () => {
  const first = new EngineRecord();
  const second = new EngineRecord();
  const common = { limits: LIMITS, now: () => 0, time: systemTime };
  const one = startLibcEngine({ hostname: "127.0.0.1", port: 0, events: first, ...common });
  const { port } = one.address;
  const two = startLibcEngine({ hostname: "127.0.0.2", port, events: second, ...common });
  using peer = await Deno.connect({ hostname: "127.0.0.2", port });
  await second.when(() => second.opens.length === 1);
  using other = await Deno.connect({ hostname: "127.0.0.1", port });
  await first.when(() => first.opens.length === 1);
  assert.deepEqual([...second.from.values()].map(({ port }) => port), [peer.localAddr.port]);
  assert.deepEqual([...first.from.values()].map(({ port }) => port), [other.localAddr.port]);
  await one.stop();
  await two.stop();
});

Deno.test("arrays of every size arrive as they were sent, tens of thousands of them", async () => {
  // The runtime keeps small arrays elsewhere than large ones, and calls often made otherwise than
  // those made once.
  await onLoopback("127.0.0.1", async (engine, events, peer, handle) => {
    let expected = 0;
    let seen = 0;
    const buffer = new Uint8Array(1 << 16);
    for (let round = 0; round < 200; round++) {
      let length = 0;
      for (let size = 1; size <= 100; size++) {
        const array = new Uint8Array(size);
        for (let i = 0; i < size; i++) array[i] = expected++;
        engine.send(handle, array);
        length += size;
      }
      while (length > 0) {
        const count = await peer.read(buffer);
        assert.ok(count !== null);
        for (let i = 0; i < count; i++) if (buffer[i] !== (seen++ & 0xff)) assert.fail("torn");
        length -= count;
      }
    }
    assert.deepEqual(events.closes, []);
  });
});

Deno.test("a start that fails leaves no file open", async () => {
  // In a process of its own: in this one other tests open and close files at the same time.
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--allow-net", "--allow-ffi", "tests/support/failing_starts.ts"],
    stderr: "inherit",
  }).output();
  const { failed, before, after } = JSON.parse(new TextDecoder().decode(stdout));
  assert.equal(failed, 3);
  assert.equal(after, before);
});

Deno.test("a connection left from an earlier listener is not taken for the listening socket", async () => {
  const earlier = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = earlier.addr;
  using _peer = await Deno.connect({ hostname: "127.0.0.1", port });
  using _left = await earlier.accept();
  earlier.close();
  const events = new EngineRecord();
  const options = { events, limits: LIMITS, now: () => 0, time: systemTime };
  const engine = startLibcEngine({ hostname: "127.0.0.1", port, ...options });
  using _miner = await Deno.connect({ hostname: "127.0.0.1", port });
  await events.when(() => events.opens.length === 1);
  await engine.stop();
});
