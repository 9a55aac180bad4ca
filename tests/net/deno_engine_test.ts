/** Miners' sockets: order, slow peers, ends of connections. The logic over fakes, then real sockets. */

import assert from "node:assert/strict";
import { once } from "node:events";
import { createConnection, type Socket } from "node:net";
import { mock } from "node:test";
import fc from "fast-check";
import { startDenoEngine, startEngineOn } from "../../lib/net/deno_engine.ts";
import { type Engine, type EngineLimits, formatAddress } from "../../lib/net/engine.ts";
import { EngineRecord } from "../support/engine_record.ts";
import { FakeConn, FakeListener } from "../support/fake_listener.ts";

const LIMITS: EngineLimits = { maxWaitingBytes: 64 * 1024, stallTimeoutMs: 30_000 };

const encoder = new TextEncoder();
const decoder = new TextDecoder();

function bytes(text: string): Uint8Array {
  return encoder.encode(text);
}

/** A message whose two forms tell which of them was sent. */
function job(name: string) {
  return { line: bytes(`[${name}]`), cleanLine: bytes(`[${name} clean]`) };
}

/** Lets everything happen that waits for nothing but its turn. */
async function settled(): Promise<void> {
  for (let i = 0; i < 20; i++) await Promise.resolve();
}

/** An engine on fakes, time included. */
class World {
  readonly listener = new FakeListener();
  readonly events = new EngineRecord();
  readonly conns: FakeConn[] = [];
  readonly engine: Engine;
  time = 1_000_000;

  constructor(limits: Partial<EngineLimits> = {}) {
    this.engine = startEngineOn(this.listener, {
      events: this.events,
      limits: { ...LIMITS, ...limits },
      now: () => this.time,
    });
  }

  /** Connections as they come in, and the handles they got. */
  async connect(count: number): Promise<[FakeConn[], number[]]> {
    const conns = Array.from({ length: count }, (_, i) => new FakeConn(1000 + i));
    const before = this.events.opens.length;
    for (const conn of conns) {
      this.listener.admit(conn);
      await settled();
    }
    this.conns.push(...conns);
    return [conns, this.events.opens.slice(before)];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.engine.stop();
    for (const conn of this.conns) {
      assert.ok(conn.isClosed, "every socket is closed in the end");
      assert.ok(conn.mostWritesUnderWay <= 1, "one write at a time");
    }
  }
}

Deno.test("addresses are written so that the port can be told", () => {
  assert.equal(formatAddress({ hostname: "10.0.0.7", port: 4321 }), "10.0.0.7:4321");
  assert.equal(formatAddress({ hostname: "fd00::7", port: 4321 }), "[fd00::7]:4321");
});

Deno.test("what is sent while the peer takes nothing follows in order, in one write", async () => {
  await using world = new World();
  const [[conn], [handle]] = await world.connect(1);
  conn!.appetite = "nothing";
  for (const text of ["one ", "two ", "three ", "four "]) world.engine.send(handle!, bytes(text));
  conn!.take(2);
  await settled();
  assert.equal(conn!.taken, "on");
  conn!.take("all");
  await settled();
  assert.equal(conn!.taken, "one ");
  conn!.take("all");
  await settled();
  assert.equal(conn!.taken, "one two three four ");
});

Deno.test("a peer that was slow again and again is never sent a byte too many", async () => {
  await using world = new World();
  const [[conn], [handle]] = await world.connect(1);
  for (let round = 0; round < 3; round++) {
    conn!.appetite = "nothing";
    for (const text of ["one ", "two ", "three "]) world.engine.send(handle!, bytes(text));
    conn!.appetite = "all";
    conn!.take("all");
    await settled();
  }
  assert.equal(conn!.taken, "one two three one two three one two three ");
});

Deno.test("of the jobs waiting for a slow peer the newest is sent, as a clean one, behind the rest", async () => {
  await using world = new World();
  const [[conn], [handle]] = await world.connect(1);
  conn!.appetite = "nothing";
  world.engine.send(handle!, bytes("busy "));
  world.engine.sendLatest(handle!, job("a"));
  world.engine.send(handle!, bytes("answer1 "));
  world.engine.broadcast([handle!], job("b"));
  world.engine.sendLatest(handle!, job("c"));
  world.engine.send(handle!, bytes("answer2 "));
  conn!.appetite = "all";
  conn!.take("all");
  await settled();
  assert.equal(conn!.taken, "busy answer1 answer2 [c clean]");
});

Deno.test("a job that waits alone is sent as it is: nothing was missed", async () => {
  await using world = new World();
  const [[conn], [handle]] = await world.connect(1);
  for (const give of ["sendLatest", "broadcast"] as const) {
    conn!.taken = "";
    conn!.appetite = "nothing";
    world.engine.send(handle!, bytes("busy "));
    if (give === "sendLatest") world.engine.sendLatest(handle!, job("a"));
    else world.engine.broadcast([handle!], job("a"));
    conn!.appetite = "all";
    conn!.take("all");
    await settled();
    assert.equal(conn!.taken, "busy [a]");
  }
});

Deno.test("however writes are taken, no line is torn and every peer ends with the newest job", async () => {
  const who = fc.nat({ max: 1 });
  const act = fc.oneof(
    { weight: 4, arbitrary: fc.record({ do: fc.constant("send"), who }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constantFrom("job", "broadcast"), who }) },
    fc.record({ do: fc.constant("appetite"), who, bytes: fc.nat({ max: 9 }) }),
    {
      weight: 2,
      arbitrary: fc.record({ do: fc.constant("take"), who, bytes: fc.nat({ max: 9 }) }),
    },
    { weight: 2, arbitrary: fc.record({ do: fc.constant("turn") }) },
  ) as fc.Arbitrary<{ do: string; who: number; bytes: number }>;
  await fc.assert(
    fc.asyncProperty(fc.array(act, { maxLength: 60 }), async (acts) => {
      await using world = new World();
      const [conns, handles] = await world.connect(2);
      const answers = [0, 0];
      let jobs = 0;
      const newest = [0, 0];
      for (const { do: what, who, bytes: count } of acts) {
        const conn = conns[who]!;
        if (what === "send") {
          world.engine.send(handles[who]!, bytes(`(${++answers[who]!})`));
        } else if (what === "job") {
          world.engine.sendLatest(handles[who]!, job(String(newest[who] = ++jobs)));
        } else if (what === "broadcast") {
          world.engine.broadcast(handles, job(String(++jobs)));
          newest.fill(jobs);
        } else if (what === "appetite") {
          conn.appetite = count === 0 ? "nothing" : count === 9 ? "all" : count;
        } else if (what === "take") {
          if (count > 0) conn.take(count);
        } else {
          await settled();
        }
      }
      for (const conn of conns) {
        conn.appetite = "all";
        conn.take("all");
      }
      await settled();
      for (const [i, { taken }] of conns.entries()) {
        assert.match(taken, /^(?:\(\d+\)|\[\d+(?: clean)?\])*$/, "whole lines");
        const seenAnswers = [...taken.matchAll(/\((\d+)\)/g)].map((match) => Number(match[1]));
        assert.deepEqual(seenAnswers, Array.from({ length: answers[i]! }, (_, n) => n + 1));
        const seenJobs = [...taken.matchAll(/\[(\d+)/g)].map((match) => Number(match[1]));
        assert.deepEqual(seenJobs, seenJobs.toSorted((a, b) => a - b), "jobs in order");
        assert.equal(seenJobs.at(-1) ?? 0, newest[i], "the newest job came");
      }
    }),
    { seed: 71, numRuns: 300 },
  );
});

Deno.test("a broadcast has at most 64 writes under way, and goes on as they end", async () => {
  await using world = new World();
  const [conns, handles] = await world.connect(100);
  for (const conn of conns) conn.appetite = "nothing";
  world.engine.broadcast(handles, job("a"));
  const begun = () => conns.filter((conn) => conn.writesUnderWay > 0).length;
  assert.equal(begun(), 64);
  for (const conn of conns.slice(0, 10)) conn.take("all");
  await settled();
  assert.equal(begun(), 64);
  assert.equal(conns.filter((conn) => conn.taken === "[a]").length, 10);
  assert.equal(conns[73]!.writesUnderWay, 1);
  assert.equal(conns[74]!.writesUnderWay, 0);
});

Deno.test("64 peers that take nothing hold a broadcast up for 100 ms, not for ever", async () => {
  await using world = new World();
  const [conns, handles] = await world.connect(200);
  for (const conn of conns.slice(0, 64)) conn.appetite = "nothing";
  mock.timers.enable({ apis: ["setTimeout"] });
  try {
    world.engine.broadcast(handles, job("a"));
    await settled();
    assert.equal(conns[64]!.taken, "");
    mock.timers.tick(100);
    await settled();
    assert.ok(conns.slice(64).every((conn) => conn.taken === "[a]"));
    // They hold the next one up no more.
    world.engine.broadcast(handles, job("b"));
    await settled();
    assert.ok(conns.slice(64).every((conn) => conn.taken === "[a][b]"));
    for (const conn of conns.slice(0, 64)) conn.take("all");
    await settled();
    for (const conn of conns.slice(0, 64)) conn.take("all");
    await settled();
    assert.ok(conns.every((conn) => conn.taken === "[a][b]"));
    // And their late writes do not make room for more than 64.
    for (const conn of conns) conn.appetite = "nothing";
    world.engine.broadcast(handles, job("c"));
    assert.equal(conns.filter((conn) => conn.writesUnderWay > 0).length, 64);
  } finally {
    mock.timers.reset();
  }
});

Deno.test("a broadcast on its way never follows a newer job that was given directly", async () => {
  await using world = new World();
  const [conns, handles] = await world.connect(80);
  for (const conn of conns.slice(0, 64)) conn.appetite = "nothing";
  world.engine.broadcast(handles, job("old"));
  world.engine.sendLatest(handles[70]!, job("new"));
  world.engine.broadcast(handles, job("newer"));
  for (const conn of conns) {
    conn.appetite = "all";
    conn.take("all");
  }
  await settled();
  assert.equal(conns[70]!.taken, "[new][newer]");
  assert.equal(conns[71]!.taken, "[old][newer]");
  assert.equal(conns[0]!.taken, "[old][newer]");
});

Deno.test("a broadcast on its way is not delivered to a new connection on an old handle", async () => {
  await using world = new World();
  const [conns, handles] = await world.connect(80);
  for (const conn of conns.slice(0, 64)) conn.appetite = "nothing";
  world.engine.broadcast(handles, job("old"));
  world.engine.close(handles[70]!);
  assert.ok(conns[70]!.isClosed);
  await settled();
  const [[newcomer], [handle]] = await world.connect(1);
  assert.equal(handle, handles[70], "the handle is used again");
  for (const conn of conns.slice(0, 64)) conn.take("all");
  await settled();
  assert.equal(conns[79]!.taken, "[old]");
  assert.equal(newcomer!.taken, "");
  world.engine.broadcast([handle!], job("new"));
  await settled();
  assert.equal(newcomer!.taken, "[new]");
});

Deno.test("a peer is dropped when more bytes wait than allowed, and told nothing after", async () => {
  await using world = new World({ maxWaitingBytes: 100 });
  const [[slow, other], [handle, otherHandle]] = await world.connect(2);
  slow!.appetite = "nothing";
  world.engine.send(handle!, bytes("x".repeat(1000)));
  for (let i = 0; i < 10; i++) world.engine.send(handle!, bytes("0123456789"));
  for (let i = 0; i < 50; i++) world.engine.sendLatest(handle!, job(`job ${i}`));
  assert.deepEqual(world.events.closes, [], "100 bytes and a job may wait");
  world.engine.send(handle!, bytes("!"));
  assert.deepEqual(world.events.closes, [[handle, "too slow: 101 bytes wait for it"]]);
  assert.ok(slow!.isClosed);
  world.engine.send(handle!, bytes("more"));
  world.engine.sendLatest(handle!, job("more"));
  world.engine.close(handle!);
  world.engine.send(otherHandle!, bytes("fine"));
  await settled();
  assert.equal(other!.taken, "fine");
  assert.equal(world.events.closes.length, 1);
});

Deno.test("a peer that takes no byte for 30 s is dropped; one that takes a byte now and then is not", async () => {
  await using world = new World();
  const [[stuck, deaf, dripping, idle], [handle, deafHandle, drippingHandle]] = await world
    .connect(4);
  for (const conn of [stuck, deaf, dripping]) conn!.appetite = "nothing";
  for (const to of [handle, drippingHandle]) world.engine.send(to!, bytes("0123456789"));
  world.engine.broadcast([deafHandle!], job("a"));
  for (let second = 1; second <= 30; second++) {
    world.time += 1000;
    if (second % 10 === 0) dripping!.take(1);
    await settled();
    world.engine.sweep();
  }
  assert.deepEqual(world.events.closes, []);
  world.time += 1;
  world.engine.sweep();
  assert.deepEqual(world.events.closes, [
    [handle, "took no byte for 30 s"],
    [deafHandle, "took no byte for 30 s"],
  ]);
  assert.ok(stuck!.isClosed && deaf!.isClosed && !dripping!.isClosed && !idle!.isClosed);
});

Deno.test("close writes out what waits first, and reports nothing to the one who asked for it", async () => {
  await using world = new World();
  const [[conn], [handle]] = await world.connect(1);
  conn!.appetite = "nothing";
  world.engine.send(handle!, bytes("one "));
  world.engine.send(handle!, bytes("two "));
  world.engine.sendLatest(handle!, job("a"));
  world.engine.close(handle!);
  world.engine.send(handle!, bytes("too late"));
  world.engine.sendLatest(handle!, job("too late"));
  world.engine.broadcast([handle!], job("too late"));
  conn!.send("nobody hears this");
  await settled();
  assert.ok(!conn!.isClosed);
  conn!.appetite = "all";
  conn!.take("all");
  await settled();
  assert.equal(conn!.taken, "one two [a]");
  assert.ok(conn!.isClosed);
  assert.equal(world.events.text.get(handle!), "");
  assert.deepEqual(world.events.closes, []);
});

Deno.test("a closed connection that never takes its last words is dropped in the end, silently", async () => {
  await using world = new World();
  const [[conn], [handle]] = await world.connect(1);
  conn!.appetite = "nothing";
  world.engine.send(handle!, bytes("last words"));
  world.engine.close(handle!);
  world.time += 30_001;
  world.engine.sweep();
  assert.ok(conn!.isClosed);
  assert.deepEqual(world.events.closes, []);
});

for (
  const [name, end, reason] of [
    ["ends its stream", (conn: FakeConn) => conn.end(), "it closed the connection"],
    [
      "breaks while it is written to",
      (conn: FakeConn) => conn.failWrite(new Deno.errors.BrokenPipe("Broken pipe (os error 32)")),
      "Broken pipe (os error 32)",
    ],
  ] as const
) {
  Deno.test(`a connection that ${name} is reported closed once, and its handle is free`, async () => {
    await using world = new World();
    const [[conn], [handle]] = await world.connect(1);
    conn!.appetite = "nothing";
    world.engine.send(handle!, bytes("x"));
    world.engine.send(handle!, bytes("y"));
    end(conn!);
    await settled();
    assert.deepEqual(world.events.closes, [[handle, reason]]);
    assert.ok(conn!.isClosed);
    const [, [next]] = await world.connect(1);
    assert.equal(next, handle);
  });
}

Deno.test("a broadcast goes on when one of its writes fails", async () => {
  await using world = new World();
  const [conns, handles] = await world.connect(70);
  for (const conn of conns.slice(0, 64)) conn.appetite = "nothing";
  world.engine.broadcast(handles, job("a"));
  for (const conn of conns.slice(0, 64)) conn.failWrite(new Deno.errors.BrokenPipe("gone"));
  await settled();
  assert.ok(conns.slice(64).every((conn) => conn.taken === "[a]"));
  assert.equal(world.events.closes.length, 64);
});

Deno.test("the owner may close a connection while it is told of bytes, and hears no more of it", async () => {
  await using world = new World();
  const [[conn], [handle]] = await world.connect(1);
  world.events.onText = () => {
    world.engine.send(handle!, bytes("goodbye"));
    world.engine.close(handle!);
  };
  conn!.send("hello");
  await settled();
  assert.equal(conn!.taken, "goodbye");
  assert.ok(conn!.isClosed);
  assert.deepEqual(world.events.closes, []);
});

Deno.test("a connection that is turned away is closed at once", async () => {
  await using world = new World();
  world.events.letsIn = false;
  const [[refused]] = await world.connect(1);
  assert.ok(refused!.isClosed);
  world.events.letsIn = true;
  await world.connect(1);
  assert.deepEqual(world.events.closes, []);
});

Deno.test("failing to accept is reported, and tried again after a pause", async () => {
  await using world = new World();
  mock.timers.enable({ apis: ["setTimeout"] });
  try {
    for (let failure = 1; failure <= 3; failure++) {
      const error = new Error("Too many open files (os error 24)");
      world.listener.fail(error);
      await settled();
      assert.equal(world.events.acceptFailures.length, failure);
      assert.equal(world.events.acceptFailures.at(-1), error);
      assert.equal(world.listener.accepts, failure, "not at once");
      mock.timers.tick(100);
      await settled();
      assert.equal(world.listener.accepts, failure + 1);
    }
    const [[conn], [handle]] = await world.connect(1);
    world.engine.send(handle!, bytes("welcome"));
    assert.equal(conn!.taken, "welcome");
  } finally {
    mock.timers.reset();
  }
});

Deno.test("a stop during the pause after a failed accept waits for nothing", async () => {
  await using world = new World();
  world.listener.fail(new Error("Too many open files (os error 24)"));
  await settled();
  await world.engine.stop();
  assert.equal(world.listener.accepts, 1);
});

Deno.test("a connection that comes in at the moment of the stop is closed, not forgotten", async () => {
  const world = new World();
  const conn = new FakeConn(1);
  world.listener.admit(conn);
  await world.engine.stop();
  assert.ok(conn.isClosed);
  assert.deepEqual(world.events.opens, []);
});

Deno.test("a connection that was gone before it could be set up costs only itself", async () => {
  await using world = new World();
  const dead = new FakeConn(1);
  dead.setNoDelay = () => {
    throw new Deno.errors.InvalidData("Invalid argument (os error 22)");
  };
  world.listener.admit(dead);
  await settled();
  assert.ok(dead.isClosed);
  const [, [handle]] = await world.connect(1);
  assert.deepEqual(world.events.opens, [handle]);
});

Deno.test("once accepting has stopped, connections stay until the engine stops", async () => {
  await using world = new World();
  const [[conn], [handle]] = await world.connect(1);
  world.engine.stopAccepting();
  world.engine.stopAccepting();
  assert.ok(world.listener.isClosed);
  conn!.send("hello");
  await settled();
  assert.equal(world.events.text.get(handle!), "hello");
  await world.engine.stop();
  assert.ok(conn!.isClosed);
  assert.deepEqual(world.events.closes, [], "the one who stopped it knows");
});

// From here on with real sockets.

/** An engine on a port of its own, and peers of it. */
class Loopback {
  readonly events = new EngineRecord();
  readonly engine: Engine;
  readonly #peers: Deno.TcpConn[] = [];
  time = 0;

  constructor(limits: Partial<EngineLimits> = {}) {
    this.engine = startDenoEngine({
      hostname: "127.0.0.1",
      port: 0,
      events: this.events,
      limits: { ...LIMITS, ...limits },
      now: () => this.time,
    });
  }

  /** A peer, and the handle it got. */
  async connect(): Promise<[Deno.TcpConn, number]> {
    const opens = this.events.opens.length;
    const peer = await Deno.connect(this.engine.address);
    this.#peers.push(peer);
    await this.events.when(() => this.events.opens.length > opens);
    return [peer, this.events.opens.at(-1)!];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.engine.stop();
    for (const peer of this.#peers) {
      try {
        peer.close();
      } catch {
        // The test has closed it.
      }
    }
  }
}

/** Reads until `text` is complete or the stream ends; fails when that takes too long. */
async function readUntil(peer: Deno.TcpConn, isComplete: (text: string) => boolean) {
  const buffer = new Uint8Array(1 << 20);
  let text = "";
  const deadline = setTimeout(() => peer.close(), 10_000);
  try {
    while (!isComplete(text)) {
      const count = await peer.read(buffer);
      if (count === null) break;
      text += decoder.decode(buffer.subarray(0, count));
    }
  } finally {
    clearTimeout(deadline);
  }
  return text;
}

/** More than the kernel takes for a peer that does not read, in one array. */
const FLOOD = new Uint8Array(16 << 20).fill(0x2e);

Deno.test("loopback: bytes go both ways whole and in order, whatever their size", async () => {
  await using net = new Loopback({ maxWaitingBytes: 1 << 26 });
  const [peer, handle] = await net.connect();
  const { localAddr } = peer;
  assert.deepEqual(net.events.from.get(handle), { hostname: "127.0.0.1", port: localAddr.port });

  const sent = Array.from({ length: 300 }, (_, i) => `${i}:${"x".repeat(i * 7)}\n`).join("");
  const hears = net.events.when(() => net.events.text.get(handle)!.length === sent.length);
  for (let rest = bytes(sent); rest.length > 0;) rest = rest.subarray(await peer.write(rest));
  await hears;
  assert.equal(net.events.text.get(handle), sent);

  const answers = Array.from({ length: 200 }, (_, i) => `${i}:${"y".repeat(i * i)}\n`);
  for (const answer of answers) net.engine.send(handle, bytes(answer));
  const expected = answers.join("");
  assert.equal(await readUntil(peer, (text) => text.length >= expected.length), expected);
});

Deno.test("loopback: a peer that does not read delays none of 200 others, and gets the newest job clean", async () => {
  await using net = new Loopback();
  const [slow, slowHandle] = await net.connect();
  const others: [Deno.TcpConn, number][] = [];
  for (let i = 0; i < 200; i++) others.push(await net.connect());
  net.engine.send(slowHandle, FLOOD);
  const handles = [slowHandle, ...others.map(([, handle]) => handle)];
  for (const name of ["a", "b", "c"]) {
    net.engine.broadcast(handles, job(name));
    const seen = others.map(([peer]) => readUntil(peer, (text) => text.endsWith("]")));
    assert.deepEqual(new Set(await Promise.all(seen)), new Set([`[${name}]`]));
  }
  net.engine.send(slowHandle, bytes("answer"));
  assert.deepEqual(net.events.closes, [], "it is still there");
  const text = await readUntil(slow, (text) => text.length >= FLOOD.length + 15);
  assert.equal(text.slice(FLOOD.length), "answer[c clean]");
});

Deno.test("loopback: a peer that does not read is dropped past its bound, and by the stall deadline", async () => {
  await using net = new Loopback({ maxWaitingBytes: 1000 });
  const [, greedy] = await net.connect();
  const [, stalled] = await net.connect();
  const [fine, fineHandle] = await net.connect();
  for (const handle of [greedy, stalled]) net.engine.send(handle, FLOOD);
  for (let i = 0; i < 101; i++) net.engine.send(greedy, bytes("0123456789"));
  assert.deepEqual(net.events.closes, [[greedy, "too slow: 1010 bytes wait for it"]]);
  net.time += 30_001;
  // The kernel may have taken some of the flood in the meantime, once.
  for (let i = 0; i < 3 && net.events.closes.length < 2; i++) {
    await new Promise((resolve) => setTimeout(resolve));
    net.time += 30_001;
    net.engine.sweep();
  }
  assert.deepEqual(net.events.closes[1], [stalled, "took no byte for 30 s"]);
  net.engine.send(fineHandle, bytes("fine"));
  assert.equal(await readUntil(fine, (text) => text === "fine"), "fine");
});

Deno.test("loopback: close gives a peer its error answer, then the end", async () => {
  await using net = new Loopback();
  const [peer, handle] = await net.connect();
  net.events.onText = () => {
    net.engine.send(handle, bytes("error answer\n"));
    net.engine.close(handle);
  };
  await peer.write(bytes("rubbish\n"));
  assert.equal(await readUntil(peer, () => false), "error answer\n");

  const [slow, slowHandle] = await net.connect();
  net.engine.send(slowHandle, FLOOD);
  net.engine.send(slowHandle, bytes("the end"));
  net.engine.close(slowHandle);
  assert.equal((await readUntil(slow, () => false)).slice(FLOOD.length), "the end");
  assert.deepEqual(net.events.closes, []);
});

for (
  const [how, waiting, leave, reason] of [
    ["politely", "", (peer: Socket) => peer.end(), /^it closed the connection$/],
    ["with a reset", "", (peer: Socket) => peer.resetAndDestroy(), /reset by peer/],
    // Whichever of read and write hears of it first takes the reason with it.
    [
      "with a reset while it is written to",
      decoder.decode(FLOOD),
      (peer: Socket) => peer.resetAndDestroy(),
      /reset by peer|Broken pipe|it closed/,
    ],
  ] as const
) {
  Deno.test(`loopback: a peer that goes ${how} is reported once`, async () => {
    await using net = new Loopback();
    const { port, hostname } = net.engine.address;
    const peer = createConnection(port, hostname);
    const isGone = once(peer, "close");
    await once(peer, "connect");
    await net.events.when(() => net.events.opens.length === 1);
    const handle = net.events.opens[0]!;
    if (waiting !== "") net.engine.send(handle, bytes(waiting));
    leave(peer);
    await net.events.when(() => net.events.closes.length === 1);
    const [[closed, why]] = net.events.closes as [readonly [number, string]];
    assert.equal(closed, handle);
    assert.match(why, reason);
    net.engine.send(handle, bytes("to nobody"));
    net.engine.broadcast([handle], job("to nobody"));
    await net.connect();
    assert.equal(net.events.closes.length, 1);
    await isGone;
  });
}

Deno.test("loopback: a peer that closes in the middle of a line is heard up to there", async () => {
  await using net = new Loopback();
  const [peer, handle] = await net.connect();
  await peer.write(bytes('{"id":1,"meth'));
  await peer.closeWrite();
  await net.events.when(() => net.events.closes.length === 1);
  assert.equal(net.events.text.get(handle), '{"id":1,"meth');
});

Deno.test("loopback: a stop in the middle of everything leaves nothing behind", async () => {
  // The sanitizers of the test runner would name a socket, timer or operation that is left.
  const net = new Loopback();
  const handles: number[] = [];
  const peers: Deno.TcpConn[] = [];
  for (let i = 0; i < 80; i++) {
    const [peer, handle] = await net.connect();
    peers.push(peer);
    handles.push(handle);
  }
  for (const handle of handles.slice(0, 3)) net.engine.send(handle, FLOOD);
  net.engine.broadcast(handles, job("a"));
  for (const peer of peers.slice(40)) await peer.write(bytes("hello"));
  net.engine.close(handles[0]!);
  const late = Deno.connect(net.engine.address);
  await net.engine.stop();
  await net.engine.stop();
  (await late.catch(() => undefined))?.close();
  for (const peer of peers) peer.close();
});

Deno.test("loopback: a port that is taken is an error of its own kind", async () => {
  await using net = new Loopback();
  const { port } = net.engine.address;
  const options = { events: net.events, limits: LIMITS, now: () => 0 };
  assert.throws(
    () => startDenoEngine({ hostname: "127.0.0.1", port, ...options }),
    Deno.errors.AddrInUse,
  );
});
