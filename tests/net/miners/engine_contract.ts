/**
 * What every engine does for slow, broken and leaving peers, over fakes that a test moves step by
 * step. Each engine's own test runs this on its own fakes.
 */

import assert from "node:assert/strict";
import fc from "fast-check";
import type { Crowd, Engine, EngineLimits } from "../../../lib/net/miners/engine.ts";
import type { EngineRecord } from "../../support/engine_record.ts";
import type { FakePeer } from "../../support/fake_peer.ts";

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

/** Where there is news: an engine, and what it asks for the news. */
interface Told {
  readonly engine: Engine;
  readonly events: EngineRecord;
}

/** There is `text` for a peer to be told. */
export function tell({ engine, events }: Told, handle: number, text: string): void {
  events.fresh.set(handle, text);
  engine.tell(handle);
}

/** Peers that hear the same news. */
export class TestCrowd implements Crowd {
  isUrgent = false;
  readonly #handles: readonly number[];

  constructor(handles: readonly number[]) {
    this.#handles = handles;
  }

  handles(): readonly number[] {
    return this.#handles;
  }

  /** There is `text` for all of them to be told. */
  tell({ engine, events }: Told, text: string): void {
    for (const handle of this.#handles) events.fresh.set(handle, text);
    engine.tellAll(this);
  }
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
    const crowd = new TestCrowd(handles);
    crowd.tell(world, "[a]");
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
    crowd.tell(world, "[b]");
    await world.settled();
    assert.equal(slow!.taken, "hello [a][b]");
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
    world.engine.tell(handle!);
    await world.settled();
    world.engine.send(handle!, bytes("!"));
    await world.settled();
    assert.equal(conn!.taken, "one!");
  });

  test("of the news for a slow peer the newest is sent, once, behind all it was sent before", async () => {
    await using world = createWorld();
    const [[conn], [handle]] = await world.connect(1);
    conn!.appetite = "nothing";
    world.engine.send(handle!, bytes("busy "));
    tell(world, handle!, "[a]");
    world.engine.send(handle!, bytes("answer1 "));
    new TestCrowd([handle!]).tell(world, "[b]");
    await world.settled();
    tell(world, handle!, "[c]");
    world.engine.send(handle!, bytes("answer2 "));
    conn!.appetite = "all";
    conn!.take("all");
    await world.settled();
    assert.equal(conn!.taken, "busy answer1 answer2 [c]");
  });

  for (const way of ["alone", "with others"]) {
    test(`news for one ${way} goes out at once, and to a slow peer when it can`, async () => {
      await using world = createWorld();
      const [[conn], [handle]] = await world.connect(1);
      const tellIt = (text: string) =>
        way === "alone" ? tell(world, handle!, text) : new TestCrowd([handle!]).tell(world, text);
      tellIt("[a]");
      await world.settled();
      assert.equal(conn!.taken, "[a]");
      conn!.appetite = "nothing";
      world.engine.send(handle!, bytes(" busy "));
      tellIt("[b]");
      await world.settled();
      conn!.appetite = "all";
      conn!.take("all");
      await world.settled();
      assert.equal(conn!.taken, "[a] busy [b]");
    });
  }

  test("however writes are taken: whole lines, newest job at the end, one difficulty before a job", async () => {
    const who = fc.nat({ max: 1 });
    const act = fc.oneof(
      { weight: 4, arbitrary: fc.record({ do: fc.constant("send"), who }) },
      { weight: 4, arbitrary: fc.record({ do: fc.constantFrom("tell", "tell all"), who }) },
      { weight: 2, arbitrary: fc.record({ do: fc.constant("difficulty"), who }) },
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
        const crowd = new TestCrowd(handles);
        const answers = [0, 0];
        let jobs = 0;
        /** What each peer is to have, and was told: its job, and its difficulty. */
        const newest = [{ job: 0, difficulty: 0 }, { job: 0, difficulty: 0 }];
        const told = [{ job: 0, difficulty: 0 }, { job: 0, difficulty: 0 }];
        world.events.news = (handle) => {
          const i = handles.indexOf(handle);
          const { job, difficulty } = newest[i]!;
          const before = told[i]!;
          if (job === before.job) return undefined;
          told[i] = { job, difficulty };
          return bytes((difficulty === before.difficulty ? "" : `<${difficulty}>`) + `[${job}]`);
        };
        for (const { do: what, who, bytes: count } of acts) {
          const conn = conns[who]!;
          if (what === "send") {
            world.engine.send(handles[who]!, bytes(`(${++answers[who]!})`));
          } else if (what === "difficulty") {
            newest[who]!.difficulty++;
          } else if (what === "tell") {
            newest[who]!.job = ++jobs;
            world.engine.tell(handles[who]!);
          } else if (what === "tell all") {
            jobs++;
            for (const each of newest) each.job = jobs;
            world.engine.tellAll(crowd);
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
          // A difficulty stands before a job and nowhere else.
          assert.match(taken, /^(?:\(\d+\)|(?:<\d+>)?\[\d+\])*$/, "whole lines");
          const seenAnswers = [...taken.matchAll(/\((\d+)\)/g)].map((match) => Number(match[1]));
          assert.deepEqual(seenAnswers, Array.from({ length: answers[i]! }, (_, n) => n + 1));
          const seenJobs = [...taken.matchAll(/\[(\d+)/g)].map((match) => Number(match[1]));
          const ascending = [...new Set(seenJobs)].toSorted((a, b) => a - b);
          assert.deepEqual(seenJobs, ascending, "each job once, and in order");
          assert.equal(seenJobs.at(-1) ?? 0, newest[i]!.job, "the newest job came");
        }
      }),
      { seed: 71, numRuns: 300 },
    );
  });

  // 400 peers of which 64 take nothing are too many for any engine to serve in one go.
  test("news that comes during a round is told those whose turn is to come, and then the others", async () => {
    await using world = createWorld();
    const [conns, handles] = await world.connect(400);
    const crowd = new TestCrowd(handles);
    const taken = () => new Map(Map.groupBy(conns, (conn) => conn.taken).entries());
    for (const conn of conns.slice(0, 64)) conn.appetite = "nothing";
    crowd.tell(world, "[old]");
    await Promise.resolve();
    const before = conns.filter((conn) => conn.taken === "[old]").length;
    assert.ok(before > 0 && before < 336, `${before} were told in one go`);
    for (let news = 1; news <= 100; news++) crowd.tell(world, `[${news}]`);
    for (const conn of conns) {
      conn.appetite = "all";
      conn.take("all");
    }
    await world.settled();
    assert.deepEqual([...taken().keys()].toSorted(), ["[100]", "[old][100]"]);
    assert.equal(world.events.rounds.length, 2);
  });

  test("news on its way is not told to a new connection on an old handle", async () => {
    await using world = createWorld();
    const [conns, handles] = await world.connect(400);
    for (const conn of conns.slice(0, 64)) conn.appetite = "nothing";
    const crowd = new TestCrowd(handles);
    crowd.tell(world, "[old]");
    world.engine.close(handles[300]!);
    world.events.fresh.delete(handles[300]!);
    assert.ok(conns[300]!.isClosed);
    const [[newcomer], [handle]] = await world.connect(1);
    assert.equal(handle, handles[300], "the handle is used again");
    for (const conn of conns.slice(0, 64)) conn.take("all");
    await world.settled();
    assert.equal(conns[399]!.taken, "[old]");
    assert.equal(newcomer!.taken, "");
    new TestCrowd([handle!]).tell(world, "[new]");
    await world.settled();
    assert.equal(newcomer!.taken, "[new]");
  });

  test("news for a peer that is slow waits for no memory: however long, it drops nobody", async () => {
    await using world = createWorld({ maxWaitingBytes: 20 });
    const [[one], [handle]] = await world.connect(1);
    one!.appetite = "nothing";
    world.engine.send(handle!, bytes("0123456789abcdef"));
    const long = `[${"x".repeat(1000)}]`;
    tell(world, handle!, long);
    await world.settled();
    assert.deepEqual(world.events.closes, []);
    one!.appetite = "all";
    one!.take("all");
    await world.settled();
    assert.equal(one!.taken, `0123456789abcdef${long}`);
  });

  test("a peer is dropped when more bytes wait than allowed, and told nothing after", async () => {
    await using world = createWorld({ maxWaitingBytes: 100 });
    const [[slow, other], [handle, otherHandle]] = await world.connect(2);
    slow!.appetite = "nothing";
    world.engine.send(handle!, bytes("x".repeat(60)));
    await world.settled();
    slow!.take(10);
    await world.settled();
    for (let i = 0; i < 5; i++) world.engine.send(handle!, bytes("0123456789"));
    for (let i = 0; i < 50; i++) tell(world, handle!, "news");
    assert.deepEqual(world.events.closes, [], "50 + 50");
    world.engine.send(handle!, bytes("!"));
    assert.deepEqual(world.events.closes, [[handle, "too slow: 101 bytes wait for it"]]);
    assert.deepEqual(world.events.faults, ["waiting_bytes"]);
    assert.ok(slow!.isClosed);
    world.engine.send(handle!, bytes("more"));
    tell(world, handle!, "more");
    world.engine.close(handle!);
    world.engine.send(otherHandle!, bytes("fine"));
    await world.settled();
    assert.equal(other!.taken, "fine");
    assert.equal(world.events.closes.length, 1);
  });

  test("a peer that takes no byte for 30 s is dropped; one that takes a byte now and then is not", async () => {
    await using world = createWorld();
    const [[stuck, deaf, dripping, idle], [handle, deafHandle, drippingHandle]] = await world
      .connect(4);
    for (const conn of [stuck, deaf, dripping]) conn!.appetite = "nothing";
    for (const to of [handle, drippingHandle]) world.engine.send(to!, bytes("0123456789"));
    new TestCrowd([deafHandle!]).tell(world, "[a]");
    await world.settled();
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
    tell(world, handle!, "[news nobody needs]");
    assert.equal(world.engine.close(handle!), false, "it is not gone yet");
    assert.equal(world.engine.close(handle!), false, "nor when it is closed again");
    world.engine.send(handle!, bytes("too late"));
    tell(world, handle!, "too late");
    new TestCrowd([handle!]).tell(world, "too late");
    conn!.send("nobody hears this");
    await world.settled();
    assert.ok(!conn!.isClosed);
    assert.deepEqual(world.events.ends, []);
    conn!.appetite = "all";
    conn!.take("all");
    await world.settled();
    assert.equal(conn!.taken, "one two ");
    assert.ok(conn!.isClosed);
    assert.equal(world.events.text.get(handle!), "");
    assert.deepEqual([world.events.closes, world.events.ends], [[], [handle]]);
  });

  test("a connection without anything waiting is gone as soon as it is closed", async () => {
    await using world = createWorld();
    const [[conn], [handle]] = await world.connect(1);
    assert.equal(world.engine.close(handle!), true);
    assert.ok(conn!.isClosed);
    await world.settled();
    assert.deepEqual([world.events.closes, world.events.ends], [[], []]);
  });

  test("a closed connection whose peer takes a byte now and then has 30 s for all of it", async () => {
    await using world = createWorld();
    const [[conn], [handle]] = await world.connect(1);
    conn!.appetite = "nothing";
    world.engine.send(handle!, bytes("last words"));
    world.engine.close(handle!);
    for (let i = 0; i < 3; i++) {
      world.time += 10_000;
      conn!.take(1);
      await world.settled();
      world.engine.sweep();
      assert.ok(!conn!.isClosed);
    }
    world.time += 1;
    world.engine.sweep();
    assert.ok(conn!.isClosed);
    assert.deepEqual([world.events.closes, world.events.ends], [[], [handle]]);
  });

  test("aborting closes at once, whatever waits, and tells of one that was being closed", async () => {
    await using world = createWorld();
    const [conns, [ending, open]] = await world.connect(2);
    for (const [i, handle] of [ending!, open!].entries()) {
      conns[i]!.appetite = "nothing";
      world.engine.send(handle, bytes("last words"));
    }
    world.engine.close(ending!);
    world.engine.abort(ending!);
    world.engine.abort(open!);
    world.engine.abort(open!);
    assert.ok(conns.every(({ isClosed }) => isClosed));
    assert.deepEqual([world.events.closes, world.events.ends], [[], [ending]]);
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

  test("a round goes on when one of its writes fails", async () => {
    await using world = createWorld();
    const [conns, handles] = await world.connect(70);
    for (const conn of conns.slice(0, 64)) conn.appetite = "nothing";
    new TestCrowd(handles).tell(world, "[a]");
    // Those whose turn is late begin to be written to when others have failed.
    for (let times = 0; times < 2; times++) {
      await world.settled();
      for (const conn of conns.slice(0, 64)) conn.failWrite(new Deno.errors.BrokenPipe("gone"));
    }
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
    await Promise.all([world.engine.stopAccepting(), world.engine.stopAccepting()]);
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

  test("a fault of the owner in the middle of a round keeps the news from nobody else", async () => {
    await using world = createWorld();
    using faults = new Faults();
    const [conns, handles] = await world.connect(500);
    const failing = [handles[10]!, handles[400]!];
    const { news } = world.events;
    world.events.news = (handle) => {
      if (failing.includes(handle)) throw FAULT;
      return news.call(world.events, handle);
    };
    new TestCrowd(handles).tell(world, "[a long job]");
    await faults.reported(2);
    await world.settled();
    const told = conns.filter((conn) => conn.taken === "[a long job]");
    assert.equal(told.length, conns.length - failing.length);
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
