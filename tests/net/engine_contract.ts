/**
 * What every engine does for slow, broken and leaving peers, over fakes that a test moves step by
 * step. Each engine's own test runs this on its own fakes.
 */

import assert from "node:assert/strict";
import fc from "fast-check";
import type { Engine, EngineLimits, Replaceable } from "../../lib/net/engine.ts";
import type { EngineRecord } from "../support/engine_record.ts";
import type { FakePeer } from "../support/fake_peer.ts";

/** The bounds tests use unless they say otherwise. */
export const LIMITS: EngineLimits = { maxWaitingBytes: 64 * 1024, stallTimeoutMs: 30_000 };

/** An engine on fakes, time included. Disposing of it stops the engine and checks its peers. */
export interface EngineWorld extends AsyncDisposable {
  readonly engine: Engine;
  readonly events: EngineRecord;
  /** Whether anybody listens. */
  readonly isListening: boolean;
  /** What the engine takes for the time, in milliseconds. */
  time: number;
  /** Connections as they come in, and the handles they got. */
  connect(count: number): Promise<[FakePeer[], number[]]>;
  /** Lets everything happen that waits for nothing but its turn. */
  settled(): Promise<void>;
}

const encoder = new TextEncoder();

/** The bytes of a text. */
export function bytes(text: string): Uint8Array {
  return encoder.encode(text);
}

/** A message whose two forms tell which of them was sent. */
export function job(name: string): Replaceable {
  return { line: bytes(`[${name}]`), cleanLine: bytes(`[${name} clean]`) };
}

/** Registers the tests; `kind` is the engine's name. */
export function testEngine(
  kind: string,
  createWorld: (limits?: Partial<EngineLimits>) => EngineWorld,
): void {
  const test = (name: string, run: () => Promise<void>) => Deno.test(`${kind}: ${name}`, run);

  test("what is sent while the peer takes nothing follows in order, in one write", async () => {
    await using world = createWorld();
    const [[conn], [handle]] = await world.connect(1);
    conn!.appetite = "nothing";
    for (const text of ["one ", "two ", "three ", "four "]) world.engine.send(handle!, bytes(text));
    conn!.take(2);
    await world.settled();
    assert.equal(conn!.taken, "on");
    conn!.take("all");
    await world.settled();
    assert.equal(conn!.taken, "one ");
    conn!.take("all");
    await world.settled();
    assert.equal(conn!.taken, "one two three four ");
  });

  test("a peer that was slow again and again is never sent a byte too many", async () => {
    await using world = createWorld();
    const [[conn], [handle]] = await world.connect(1);
    for (let round = 0; round < 3; round++) {
      conn!.appetite = "nothing";
      for (const text of ["one ", "two ", "three "]) world.engine.send(handle!, bytes(text));
      conn!.appetite = "all";
      conn!.take("all");
      await world.settled();
    }
    assert.equal(conn!.taken, "one two three one two three one two three ");
  });

  test("a peer that stays slow while more comes is sent everything once, in order", async () => {
    await using world = createWorld();
    const [[conn], [handle]] = await world.connect(1);
    conn!.appetite = "nothing";
    for (const piece of ["a", "bc", "de", "fg"]) {
      for (const text of piece) world.engine.send(handle!, bytes(text));
      await world.settled();
      conn!.take("all");
      await world.settled();
    }
    conn!.appetite = "all";
    conn!.take("all");
    await world.settled();
    assert.equal(conn!.taken, "abcdefg");
  });

  test("the bytes that peers have taken are counted, and no others", async () => {
    await using world = createWorld();
    const [conns, handles] = await world.connect(3);
    const [, slow, gone] = conns;
    slow!.appetite = "nothing";
    gone!.appetite = "nothing";
    const isCounted = () =>
      assert.equal(world.engine.bytesWritten, conns.map(({ taken }) => taken).join("").length);
    for (const handle of handles) world.engine.send(handle, bytes("hello "));
    world.engine.broadcast(handles, job("a"));
    await world.settled();
    isCounted();
    slow!.take(2);
    gone!.take(3);
    await world.settled();
    isCounted();
    gone!.failWrite(new Error("reset"));
    slow!.appetite = "all";
    slow!.take("all");
    await world.settled();
    world.engine.broadcast(handles, job("b"));
    await world.settled();
    assert.match(slow!.taken, /^hello \[a.*\]\[b.*\]$/);
    isCounted();
  });

  test("no bytes at all are sent by sending nothing, and hold nothing up", async () => {
    await using world = createWorld();
    const [[conn], [handle]] = await world.connect(1);
    const nothing = new Uint8Array(0);
    world.engine.send(handle!, nothing);
    conn!.appetite = "nothing";
    for (const text of ["one", ""]) world.engine.send(handle!, bytes(text));
    conn!.appetite = "all";
    conn!.take("all");
    await world.settled();
    world.engine.send(handle!, nothing);
    world.engine.sendLatest(handle!, { line: nothing, cleanLine: nothing });
    await world.settled();
    world.engine.send(handle!, bytes("!"));
    await world.settled();
    assert.equal(conn!.taken, "one!");
  });

  test("of the jobs waiting for a slow peer the newest is sent, as a clean one, behind the rest", async () => {
    await using world = createWorld();
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
    await world.settled();
    assert.equal(conn!.taken, "busy answer1 answer2 [c clean]");
  });

  test("a job that waits alone is sent as it is: nothing was missed", async () => {
    await using world = createWorld();
    const [[conn], [handle]] = await world.connect(1);
    for (const give of ["sendLatest", "broadcast"] as const) {
      conn!.taken = "";
      conn!.appetite = "nothing";
      world.engine.send(handle!, bytes("busy "));
      if (give === "sendLatest") world.engine.sendLatest(handle!, job("a"));
      else world.engine.broadcast([handle!], job("a"));
      conn!.appetite = "all";
      conn!.take("all");
      await world.settled();
      assert.equal(conn!.taken, "busy [a]");
    }
  });

  test("however writes are taken, no line is torn and every peer ends with the newest job", async () => {
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
        await using world = createWorld();
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
            await world.settled();
          }
        }
        for (const conn of conns) {
          conn.appetite = "all";
          conn.take("all");
        }
        await world.settled();
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

  // 400 peers of which 64 take nothing are too many for any engine to serve in one go.
  test("a broadcast on its way never follows a newer job that was given directly", async () => {
    await using world = createWorld();
    const [conns, handles] = await world.connect(400);
    for (const conn of conns.slice(0, 64)) conn.appetite = "nothing";
    world.engine.broadcast(handles, job("old"));
    world.engine.sendLatest(handles[300]!, job("new"));
    world.engine.broadcast(handles, job("newer"));
    for (const conn of conns) {
      conn.appetite = "all";
      conn.take("all");
    }
    await world.settled();
    assert.equal(conns[300]!.taken, "[new][newer]");
    assert.equal(conns[301]!.taken, "[old][newer]");
    assert.equal(conns[0]!.taken, "[old][newer]");
  });

  test("a clean job overtakes an older one on its way; others on the way still get that", async () => {
    await using world = createWorld();
    const [conns, handles] = await world.connect(400);
    for (const conn of conns.slice(0, 64)) conn.appetite = "nothing";
    world.engine.broadcast(handles, job("old"));
    const line = bytes("[clean]");
    world.engine.broadcast(handles.slice(0, 399), { line, cleanLine: line });
    for (const conn of conns) {
      conn.appetite = "all";
      conn.take("all");
    }
    await world.settled();
    assert.equal(conns[0]!.taken, "[old][clean]");
    assert.equal(conns[398]!.taken, "[clean]");
    assert.equal(conns[399]!.taken, "[old]");
  });

  test("a broadcast on its way is not delivered to a new connection on an old handle", async () => {
    await using world = createWorld();
    const [conns, handles] = await world.connect(400);
    for (const conn of conns.slice(0, 64)) conn.appetite = "nothing";
    world.engine.broadcast(handles, job("old"));
    world.engine.close(handles[300]!);
    assert.ok(conns[300]!.isClosed);
    const [[newcomer], [handle]] = await world.connect(1);
    assert.equal(handle, handles[300], "the handle is used again");
    for (const conn of conns.slice(0, 64)) conn.take("all");
    await world.settled();
    assert.equal(conns[399]!.taken, "[old]");
    assert.equal(newcomer!.taken, "");
    world.engine.broadcast([handle!], job("new"));
    await world.settled();
    assert.equal(newcomer!.taken, "[new]");
  });

  test("what a job must not come without reaches a slow peer, though the job is replaced", async () => {
    await using world = createWorld();
    const [[slow, quick], [handle, other]] = await world.connect(2);
    const line = bytes("[difficulty][first job]");
    const first: Replaceable = { line, cleanLine: line, keptBytes: "[difficulty]".length };
    slow!.appetite = "nothing";
    world.engine.send(handle!, bytes("x"));
    await world.settled();
    world.engine.sendLatest(handle!, job("of another pool"));
    for (const each of [handle!, other!]) {
      world.engine.sendLatest(each, first);
      world.engine.sendLatest(each, job("second"));
    }
    slow!.appetite = "all";
    slow!.take("all");
    await world.settled();
    assert.equal(slow!.taken, "x[difficulty][second clean]");
    assert.match(quick!.taken, /^\[difficulty\]\[first job\]\[second\]$/);
  });

  test("a peer is dropped when more bytes wait than allowed, and told nothing after", async () => {
    await using world = createWorld({ maxWaitingBytes: 100 });
    const [[slow, other], [handle, otherHandle]] = await world.connect(2);
    slow!.appetite = "nothing";
    world.engine.send(handle!, bytes("x".repeat(60)));
    await world.settled();
    slow!.take(10);
    await world.settled();
    for (let i = 0; i < 3; i++) world.engine.send(handle!, bytes("0123456789"));
    for (let i = 0; i < 50; i++) world.engine.sendLatest(handle!, job(`job ${10 + i % 9}`));
    world.engine.send(handle!, bytes("012345"));
    assert.deepEqual(world.events.closes, [], "50 + 30 + 14 for the newest job + 6");
    world.engine.send(handle!, bytes("!"));
    assert.deepEqual(world.events.closes, [[handle, "too slow: 101 bytes wait for it"]]);
    assert.deepEqual(world.events.faults, ["waiting_bytes"]);
    assert.ok(slow!.isClosed);
    world.engine.send(handle!, bytes("more"));
    world.engine.sendLatest(handle!, job("more"));
    world.engine.close(handle!);
    world.engine.send(otherHandle!, bytes("fine"));
    await world.settled();
    assert.equal(other!.taken, "fine");
    assert.equal(world.events.closes.length, 1);
  });

  test("a job that makes it too much for a slow peer drops it too, given or broadcast", async () => {
    await using world = createWorld({ maxWaitingBytes: 20 });
    const [[one, two], [handle, otherHandle]] = await world.connect(2);
    one!.appetite = two!.appetite = "nothing";
    for (const to of [handle, otherHandle]) world.engine.send(to!, bytes("0123456789abcdef"));
    world.engine.sendLatest(handle!, job("long"));
    world.engine.broadcast([otherHandle!], job("long"));
    await world.settled();
    assert.deepEqual(world.events.closes, [
      [handle, "too slow: 22 bytes wait for it"],
      [otherHandle, "too slow: 22 bytes wait for it"],
    ]);
  });

  test("a peer that takes no byte for 30 s is dropped; one that takes a byte now and then is not", async () => {
    await using world = createWorld();
    const [[stuck, deaf, dripping, idle], [handle, deafHandle, drippingHandle]] = await world
      .connect(4);
    for (const conn of [stuck, deaf, dripping]) conn!.appetite = "nothing";
    for (const to of [handle, drippingHandle]) world.engine.send(to!, bytes("0123456789"));
    world.engine.broadcast([deafHandle!], job("a"));
    for (let second = 1; second <= 30; second++) {
      world.time += 1000;
      if (second % 10 === 0) dripping!.take(1);
      await world.settled();
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

  test("close writes out what waits first, and reports nothing to the one who asked for it", async () => {
    await using world = createWorld();
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
    await world.settled();
    assert.ok(!conn!.isClosed);
    conn!.appetite = "all";
    conn!.take("all");
    await world.settled();
    assert.equal(conn!.taken, "one two [a]");
    assert.ok(conn!.isClosed);
    assert.equal(world.events.text.get(handle!), "");
    assert.deepEqual(world.events.closes, []);
  });

  test("a closed connection that never takes its last words is dropped in the end, silently", async () => {
    await using world = createWorld();
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
      ["ends its stream", (conn: FakePeer) => conn.end(), "it closed the connection"],
      [
        "breaks while it is written to",
        (conn: FakePeer) => conn.failWrite(new Deno.errors.BrokenPipe("Broken pipe (os error 32)")),
        "Broken pipe (os error 32)",
      ],
    ] as const
  ) {
    test(`a connection that ${name} is reported closed once, and its handle is free`, async () => {
      await using world = createWorld();
      const [[conn], [handle]] = await world.connect(1);
      conn!.appetite = "nothing";
      world.engine.send(handle!, bytes("x"));
      world.engine.send(handle!, bytes("y"));
      end(conn!);
      await world.settled();
      assert.deepEqual(world.events.closes, [[handle, reason]]);
      assert.ok(conn!.isClosed);
      const [, [next]] = await world.connect(1);
      assert.equal(next, handle);
    });
  }

  test("a broadcast goes on when one of its writes fails", async () => {
    await using world = createWorld();
    const [conns, handles] = await world.connect(70);
    for (const conn of conns.slice(0, 64)) conn.appetite = "nothing";
    world.engine.broadcast(handles, job("a"));
    for (const conn of conns.slice(0, 64)) conn.failWrite(new Deno.errors.BrokenPipe("gone"));
    await world.settled();
    assert.ok(conns.slice(64).every((conn) => conn.taken === "[a]"));
    assert.equal(world.events.closes.length, 64);
  });

  test("the owner may close a connection while it is told of bytes, and hears no more of it", async () => {
    await using world = createWorld();
    const [[conn], [handle]] = await world.connect(1);
    world.events.onText = () => {
      world.engine.send(handle!, bytes("goodbye"));
      world.engine.close(handle!);
    };
    conn!.send("hello");
    await world.settled();
    assert.equal(conn!.taken, "goodbye");
    assert.ok(conn!.isClosed);
    assert.deepEqual(world.events.closes, []);
  });

  test("a connection that is turned away is closed at once", async () => {
    await using world = createWorld();
    world.events.letsIn = false;
    const [[refused]] = await world.connect(1);
    assert.ok(refused!.isClosed);
    world.events.letsIn = true;
    await world.connect(1);
    assert.deepEqual(world.events.closes, []);
  });

  test("once accepting has stopped, connections stay until the engine stops", async () => {
    await using world = createWorld();
    const [[conn], [handle]] = await world.connect(1);
    world.engine.stopAccepting();
    world.engine.stopAccepting();
    assert.ok(!world.isListening);
    conn!.send("hello");
    await world.settled();
    assert.equal(world.events.text.get(handle!), "hello");
    await world.engine.stop();
    assert.ok(conn!.isClosed);
    assert.deepEqual(world.events.closes, [], "the one who stopped it knows");
  });

  test("a fault of the owner is an unhandled rejection, and ends nothing but its own event", async () => {
    await using world = createWorld();
    using faults = new Faults();
    const [[first, second], [firstHandle, handle]] = await world.connect(2);
    world.events.onText = (_, text) => {
      if (text === "fault") throw FAULT;
    };
    first!.send("fault");
    await world.settled();
    second!.send("hello");
    await world.settled();
    first!.send("!");
    await faults.reported(1);
    assert.equal(world.events.text.get(handle!), "hello");
    assert.equal(world.events.text.get(firstHandle!), "fault!", "it is still heard");
  });

  test("a fault of the owner over an end or a beginning keeps nobody from stopping", async () => {
    await using world = createWorld();
    using faults = new Faults();
    const [[conn]] = await world.connect(1);
    world.events.closed = world.events.opened = () => {
      throw FAULT;
    };
    conn!.end();
    await world.settled();
    const [[refused]] = await world.connect(1);
    assert.ok(refused!.isClosed, "who was not welcomed is turned away");
    await faults.reported(2);
    assert.deepEqual(world.events.acceptFailures, []);
  });

  test("a fault of the owner in the middle of a broadcast keeps the job from nobody else", async () => {
    await using world = createWorld({ maxWaitingBytes: 3 });
    using faults = new Faults();
    const [conns, handles] = await world.connect(500);
    world.events.closed = () => {
      throw FAULT;
    };
    const slow = [conns[10], conns[400]];
    for (const conn of slow) conn!.appetite = "nothing";
    for (const handle of [handles[10]!, handles[400]!]) world.engine.send(handle, bytes("x"));
    world.engine.broadcast(handles, job("a long job"));
    await faults.reported(2);
    assert.ok(slow.every((conn) => conn!.isClosed));
    assert.ok(conns.every((conn) => slow.includes(conn) || conn.taken === "[a long job]"));
  });
}

const FAULT = new Error("a fault of the owner");

/** Collects unhandled rejections, which fail a test otherwise. */
class Faults implements Disposable {
  readonly #seen: unknown[] = [];
  readonly #note = (event: PromiseRejectionEvent) => {
    event.preventDefault();
    this.#seen.push(event.reason);
  };

  constructor() {
    globalThis.addEventListener("unhandledrejection", this.#note);
  }

  /** Fails unless there were `count`, each of them {@linkcode FAULT}. */
  async reported(count: number): Promise<void> {
    // The runtime tells of them between turns of its event loop, not within one.
    for (let turn = 0; turn < 1000 && this.#seen.length < count; turn++) {
      await new Promise((resolve) => setTimeout(resolve));
    }
    assert.deepEqual(this.#seen, Array.from({ length: count }, () => FAULT));
  }

  [Symbol.dispose](): void {
    globalThis.removeEventListener("unhandledrejection", this.#note);
  }
}
