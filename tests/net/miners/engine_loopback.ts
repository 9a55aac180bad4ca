/**
 * What every engine does with real sockets, on loopback. Each engine's own test runs this.
 */

import assert from "node:assert/strict";
import { once } from "node:events";
import { createConnection, type Socket } from "node:net";
import { systemTime } from "../../../lib/base/system_time.ts";
import { BUFFER_OPTIONS } from "../../../lib/net/libc/kernel_buffers.ts";
import { Libc } from "../../../lib/net/libc/calls.ts";
import type { Engine, EngineLimits, ListenOptions } from "../../../lib/net/miners/engine.ts";
import type { PeerAddress } from "../../../lib/base/peer_address.ts";
import { acceptedAt } from "../../support/own_sockets.ts";
import { EngineRecord } from "../../support/engine_record.ts";
import { PATIENCE_MS } from "../../support/patience.ts";
import { until } from "../../support/test_proxy.ts";
import { bytes, LIMITS, TestCrowd } from "./engine_contract.ts";

type StartEngine = (options: ListenOptions) => Engine;

/** How a peer reaches the engine. */
export interface WayIn {
  /** Connects, and has done whatever comes before its own first byte. */
  readonly connect: (address: PeerAddress) => Promise<Deno.Conn>;
  /** The same with Node, which can reset a connection; resolves before anything is said. */
  readonly connectNode: (address: PeerAddress) => Promise<Socket>;
}

/** Plain TCP. */
const PLAIN: WayIn = {
  connect: (address) => Deno.connect(address),
  connectNode: async ({ port, hostname }) => {
    const socket = createConnection(port, hostname);
    await once(socket, "connect");
    return socket;
  },
};

const decoder = new TextDecoder();

/** An engine on a port of its own, and peers of it. */
class Loopback {
  readonly events = new EngineRecord();
  readonly engine: Engine;
  readonly #way: WayIn;
  readonly #peers: Deno.Conn[] = [];
  time = 0;

  constructor(start: StartEngine, way: WayIn, limits: Partial<EngineLimits> = {}) {
    this.#way = way;
    this.engine = start({
      hostname: "127.0.0.1",
      port: 0,
      events: this.events,
      limits: { ...LIMITS, ...limits },
      now: () => this.time,
      time: { ...systemTime, now: () => this.time },
    });
  }

  /** A peer, and the handle it got. */
  async connect(): Promise<[Deno.Conn, number]> {
    const opens = this.events.opens.length;
    const peer = await this.#way.connect(this.engine.address);
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
async function readUntil(peer: Deno.Conn, isComplete: (text: string) => boolean) {
  const buffer = new Uint8Array(1 << 20);
  let text = "";
  const deadline = setTimeout(() => peer.close(), PATIENCE_MS);
  try {
    while (!isComplete(text)) {
      const count = await peer.read(buffer);
      if (count === null) break;
      text += decoder.decode(buffer.subarray(0, count));
    }
  } catch (error) {
    // The engine ends connections without a goodbye in TLS.
    if (!(error instanceof Deno.errors.UnexpectedEof)) throw error;
  } finally {
    clearTimeout(deadline);
  }
  return text;
}

/** More than the kernel takes for a peer that does not read, in one array. */
const FLOOD = new Uint8Array(16 << 20).fill(0x2e);

/** Registers the tests; `kind` is the engine's name, `way` how its peers reach it. */
export function testEngineOnLoopback(kind: string, start: StartEngine, way: WayIn = PLAIN): void {
  const test = (name: string, run: () => Promise<void>) => {
    Deno.test(`${kind} on loopback: ${name}`, run);
  };

  test("bytes go both ways whole and in order, whatever their size", async () => {
    await using net = new Loopback(start, way, { maxWaitingBytes: 1 << 26 });
    const [peer, handle] = await net.connect();
    const { port } = peer.localAddr as Deno.NetAddr;
    const from = net.events.from.get(handle);
    assert.deepEqual([from?.hostname, from?.port], ["127.0.0.1", port]);

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

  Deno.test({
    name: `${kind} on loopback: the kernel holds at most 128 KB each way for a miner`,
    ignore: Deno.build.os !== "linux",
    fn: async () => {
      await using net = new Loopback(start, way);
      await net.connect();
      const libc = new Libc();
      const bounds = acceptedAt(libc, net.engine.address.port).map((fd) =>
        BUFFER_OPTIONS.map(({ level, name }) => libc.option(fd, level, name))
      );
      libc.unload();
      assert.deepEqual(bounds, [[128 * 1024, 128 * 1024]]);
    },
  });

  test("a peer that does not read delays none of 200 others, and gets the newest news", async () => {
    await using net = new Loopback(start, way, { maxWaitingBytes: FLOOD.length + 100 });
    const [slow, slowHandle] = await net.connect();
    const others: [Deno.Conn, number][] = [];
    for (let i = 0; i < 200; i++) others.push(await net.connect());
    net.engine.send(slowHandle, FLOOD);
    const crowd = new TestCrowd([slowHandle, ...others.map(([, handle]) => handle)]);
    for (const name of ["a", "b", "c"]) {
      crowd.tell(net, `[${name}]`);
      const seen = others.map(([peer]) => readUntil(peer, (text) => text.endsWith("]")));
      assert.deepEqual(new Set(await Promise.all(seen)), new Set([`[${name}]`]));
    }
    net.engine.send(slowHandle, bytes("answer"));
    assert.deepEqual(net.events.closes, [], "it is still there");
    const text = await readUntil(slow, (text) => text.length >= FLOOD.length + 9);
    assert.equal(text.slice(FLOOD.length), "answer[c]");
  });

  test("a peer that does not read is dropped past its bound, and by the stall deadline", async () => {
    await using net = new Loopback(start, way, { maxWaitingBytes: FLOOD.length });
    const [, greedy] = await net.connect();
    const [, stalled] = await net.connect();
    const [fine, fineHandle] = await net.connect();
    for (const handle of [greedy, stalled]) net.engine.send(handle, FLOOD);
    // More than the kernel takes of the first.
    net.engine.send(greedy, FLOOD);
    assert.deepEqual(net.events.closes.map(([handle]) => handle), [greedy]);
    assert.match(net.events.closes[0]![1], /^too slow: \d+ bytes wait for it$/);
    net.time += 30_001;
    // The kernel takes some of the flood, at once or piece by piece, before it takes none.
    for (let i = 0; i < 5000 && net.events.closes.length < 2; i++) {
      await new Promise((resolve) => setTimeout(resolve));
      net.time += 30_001;
      net.engine.sweep();
    }
    assert.deepEqual(net.events.closes[1], [stalled, "took no byte for 30 s"]);
    assert.deepEqual(net.events.faults, ["waiting_bytes", "stall_timeout"]);
    net.engine.send(fineHandle, bytes("fine"));
    assert.equal(await readUntil(fine, (text) => text === "fine"), "fine");
  });

  test("close gives a peer its error answer, then the end", async () => {
    await using net = new Loopback(start, way, { maxWaitingBytes: FLOOD.length + 100 });
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
    test(`a peer that goes ${how} is reported once`, async () => {
      await using net = new Loopback(start, way);
      const peer = await way.connectNode(net.engine.address);
      const isGone = once(peer, "close");
      await net.events.when(() => net.events.opens.length === 1);
      const handle = net.events.opens[0]!;
      if (waiting !== "") net.engine.send(handle, bytes(waiting));
      leave(peer);
      await net.events.when(() => net.events.closes.length === 1);
      const [[closed, why]] = net.events.closes as [readonly [number, string]];
      assert.equal(closed, handle);
      assert.match(why, reason);
      net.engine.send(handle, bytes("to nobody"));
      new TestCrowd([handle]).tell(net, "to nobody");
      await net.connect();
      assert.equal(net.events.closes.length, 1);
      await isGone;
    });
  }

  test("a peer that closes in the middle of a line is heard up to there", async () => {
    await using net = new Loopback(start, way);
    const [peer, handle] = await net.connect();
    await peer.write(bytes('{"id":1,"meth'));
    await peer.closeWrite();
    await net.events.when(() => net.events.closes.length === 1);
    assert.equal(net.events.text.get(handle), '{"id":1,"meth');
  });

  test("when reading has stopped peers still get what they are sent, and their end", async () => {
    await using net = new Loopback(start, way);
    const [peer, handle] = await net.connect();
    const [other, otherHandle] = await net.connect();
    await peer.write(bytes("before "));
    await net.events.when(() => net.events.text.get(handle) === "before ");
    net.engine.stopReading();
    // A read that was under way may still bring something, once.
    await peer.write(bytes("first "));
    net.engine.send(otherHandle, bytes("to the other"));
    assert.equal(
      await readUntil(other, (text) => text === "to the other"),
      "to the other",
      "the loop went round",
    );
    await peer.write(bytes("second "));
    await other.write(bytes("other "));
    net.engine.send(handle, bytes("answer\n"));
    net.engine.close(handle);
    assert.equal(await readUntil(peer, (text) => text === "answer\n"), "answer\n");
    assert.match(net.events.text.get(handle)!, /^before (first )?$/);
    assert.deepEqual(net.events.closes, []);
  });

  test("a stop in the middle of everything leaves nothing behind", async () => {
    // The sanitizers of the test runner would name a socket, timer or operation that is left.
    const net = new Loopback(start, way);
    const handles: number[] = [];
    const peers: Deno.Conn[] = [];
    for (let i = 0; i < 80; i++) {
      const [peer, handle] = await net.connect();
      peers.push(peer);
      handles.push(handle);
    }
    for (const handle of handles.slice(0, 3)) net.engine.send(handle, FLOOD);
    new TestCrowd(handles).tell(net, "[a]");
    for (const peer of peers.slice(40)) await peer.write(bytes("hello"));
    net.engine.close(handles[0]!);
    const late = way.connect(net.engine.address).catch(() => undefined);
    await net.engine.stop();
    await net.engine.stop();
    (await late)?.close();
    for (const peer of peers) peer.close();
  });

  test("a port that is taken is an error of its own kind", async () => {
    await using net = new Loopback(start, way);
    const { port } = net.engine.address;
    const options = { events: net.events, limits: LIMITS, now: () => 0, time: systemTime };
    assert.throws(
      () => start({ hostname: "127.0.0.1", port, ...options }),
      Deno.errors.AddrInUse,
    );
  });

  test("of two engines on one port either may stop accepting, and nobody who came is lost", async () => {
    const events = [new EngineRecord(), new EngineRecord()] as const;
    const options = {
      hostname: "127.0.0.1",
      limits: LIMITS,
      now: () => 0,
      time: systemTime,
      reusePort: true,
    };
    const old = start({ ...options, port: 0, events: events[0] });
    const next = start({ ...options, port: old.address.port, events: events[1] });
    const opened = () => events[0].opens.length + events[1].opens.length;
    const peers = Array.from({ length: 200 }, () => way.connect(old.address));
    // Most are in the kernel's queue by then, and half of them in that of the old one.
    await Promise.race(peers);
    let isClosed = false;
    void old.stopAccepting().then(() => isClosed = true);
    const connected = await Promise.all(peers);
    await until(() => opened() === connected.length, "all are let in by one of them");
    assert.ok(events[0].opens.length > 0);
    // The portable engine gives a last call, and resets who comes in the moment it is over; then
    // all go to the next one.
    await until(() => isClosed, "the last call is over");
    const since = performance.now();
    let cutOff = 0;
    for (let inARow = 0; inARow < 20;) {
      assert.ok(performance.now() - since < 10_000, "the old one is given no more");
      const before = [opened(), events[1].opens.length] as const;
      let isCutOff = false;
      const peer = await way.connect(old.address).catch(() => undefined);
      if (peer === undefined) isCutOff = true;
      else {
        connected.push(peer);
        peer.read(new Uint8Array(1)).then(() => isCutOff = true, () => isCutOff = true);
      }
      await until(() => isCutOff || opened() > before[0], "this one is let in, too");
      // Whoever comes in the moment the portable engine's socket closes.
      if (opened() === before[0]) cutOff++;
      inARow = events[1].opens.length > before[1] ? inARow + 1 : 0;
    }
    assert.ok(cutOff <= (kind.startsWith("libc") ? 0 : 1), `${cutOff} cut off`);
    await old.stop();
    await next.stop();
    for (const peer of connected) peer.close();
  });
}
