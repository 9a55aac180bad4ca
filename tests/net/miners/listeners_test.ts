/** Listeners: several ports as one. */

import assert from "node:assert/strict";
import { systemTime } from "../../../lib/base/system_time.ts";
import { startDenoEngine } from "../../../lib/net/miners/deno_engine.ts";
import type { Crowd, Engine, EngineEvents, MinerEvents } from "../../../lib/net/miners/engine.ts";
import type { PeerAddress } from "../../../lib/base/peer_address.ts";
import { CannotListen, Listeners } from "../../../lib/net/miners/listeners.ts";
import { EngineRecord } from "../../support/engine_record.ts";
import { freePort } from "../../support/free_port.ts";

const FROM: PeerAddress = { hostname: "10.0.0.1", port: 9 };

function crowd(handles: readonly number[], isUrgent = false): Crowd {
  return { handles: () => handles, isUrgent };
}

/** An engine that writes down what it is asked. */
class RecordingEngine implements Engine {
  readonly address: PeerAddress;
  readonly events: EngineEvents;
  readonly calls: string[];
  bytesWritten = 0;

  constructor(address: PeerAddress, events: EngineEvents, calls: string[]) {
    this.address = address;
    this.events = events;
    this.calls = calls;
  }

  send = (handle: number) => this.#note(`send ${handle}`);
  readonly crowds: Crowd[] = [];
  tell = (handle: number) => this.#note(`tell ${handle}`);
  tellAll = (crowd: Crowd) => {
    this.crowds.push(crowd);
    this.#note(`tell all ${crowd.handles().join(",")}${crowd.isUrgent ? " urgently" : ""}`);
  };
  /** Whether those that are closed have bytes waiting. */
  areSlow = false;
  close = (handle: number) => {
    this.#note(`close ${handle}`);
    return !this.areSlow;
  };
  abort = (handle: number) => {
    this.#note(`abort ${handle}`);
    if (this.areSlow) this.events.ended(handle);
  };
  sweep = () => this.#note("sweep");
  stopAccepting = () => Promise.resolve(this.#note("stop accepting"));
  stopReading = () => this.#note("stop reading");
  stop = () => Promise.resolve(this.#note("stop"));

  #note(call: string): void {
    this.calls.push(`${this.address.port}: ${call}`);
  }
}

function listen(ports: readonly number[]) {
  const calls: string[] = [];
  const engines: RecordingEngine[] = [];
  const heard: string[] = [];
  const listeners = new Listeners(
    ports.map((port) => ({ hostname: "127.0.0.1", port })),
    (address, events) => {
      const engine = new RecordingEngine(address, events, calls);
      engines.push(engine);
      return engine;
    },
    {
      opened: (handle) => heard.push(`opened ${handle}`) > 0,
      received: (handle) => heard.push(`received ${handle}`),
      closed: (handle, reason) => heard.push(`closed ${handle} ${reason}`),
      ended: (handle) => heard.push(`ended ${handle}`),
      news: (handle) => Uint8Array.of(heard.push(`news of ${handle}`)),
      acceptFailed: () => heard.push("accept failed"),
    },
    systemTime,
  );
  return { listeners, engines, calls, heard };
}

Deno.test("connections of different ports never share a handle, and answers find their way back", () => {
  const { listeners, engines, calls, heard } = listen([1, 2, 3]);
  for (const engine of engines) {
    for (const handle of [0, 1, 7]) engine.events.opened(handle, FROM);
  }
  const handles = heard.map((entry) => Number(entry.split(" ")[1]));
  assert.equal(new Set(handles).size, 9);
  for (const handle of handles) listeners.send(handle, Uint8Array.of(1));
  assert.deepEqual(
    calls,
    [1, 2, 3].flatMap((port) => [0, 1, 7].map((handle) => `${port}: send ${handle}`)),
  );
});

Deno.test("each connection is reported with its port, the same object for all of the port", () => {
  const cameInAt: unknown[] = [];
  const wanted = [1, 2].map((port) => ({ hostname: "127.0.0.1", port }));
  const engines: RecordingEngine[] = [];
  new Listeners(
    wanted,
    (address, events) => {
      engines.push(new RecordingEngine(address, events, []));
      return engines.at(-1)!;
    },
    { opened: (_handle, _from, at) => cameInAt.push(at) > 0 } as MinerEvents,
    systemTime,
  );
  engines[1]!.events.opened(3, FROM);
  engines[0]!.events.opened(3, FROM);
  engines[1]!.events.opened(4, FROM);
  for (const [i, port] of [1, 0, 1].entries()) assert.equal(cameInAt[i], wanted[port]);
});

Deno.test("bytes and ends are reported with the handle that the connection was opened with", () => {
  const { engines, heard } = listen([1, 2]);
  engines[1]!.events.opened(4, FROM);
  engines[1]!.events.received(4, Uint8Array.of(1));
  assert.deepEqual(engines[1]!.events.news(4), Uint8Array.of(3));
  engines[1]!.events.closed(4, "gone");
  engines[0]!.events.acceptFailed(new Error());
  assert.deepEqual(heard, [
    "opened 0",
    "received 0",
    "news of 0",
    "closed 0 gone",
    "accept failed",
  ]);
});

Deno.test("calls for a connection that has just ended do nothing", () => {
  const { listeners, engines, calls } = listen([1, 2]);
  engines[0]!.events.opened(4, FROM);
  engines[0]!.events.opened(5, FROM);
  engines[0]!.events.closed(4, "did not take what was sent");
  listeners.send(0, Uint8Array.of(1));
  listeners.tell(0);
  listeners.tellAll(crowd([0, 1]));
  listeners.close(0);
  assert.deepEqual(calls, ["1: tell all 5"]);
});

Deno.test("a handle is free only when its socket is: a closed one that lingers keeps it", () => {
  const { listeners, engines, heard } = listen([1]);
  const [engine] = engines;
  engine!.events.opened(4, FROM);
  engine!.areSlow = true;
  assert.equal(listeners.close(0), false);
  engine!.events.opened(5, FROM);
  assert.deepEqual(heard, ["opened 0", "opened 1"]);
  engine!.events.ended(4);
  engine!.events.opened(6, FROM);
  assert.deepEqual(heard.slice(2), ["ended 0", "opened 0"]);
  listeners.close(0);
  listeners.abort(0);
  assert.deepEqual(heard.slice(4), ["ended 0"]);
  engine!.areSlow = false;
  listeners.abort(1);
  engine!.events.opened(7, FROM);
  assert.equal(heard.at(-1), "opened 1");
});

Deno.test("on each port a crowd has its peers of that port, and is the same object each time", () => {
  const { listeners, engines, calls } = listen([1, 2, 3]);
  for (const [engine, handle] of [[0, 0], [0, 1], [1, 0], [2, 0], [2, 2]] as const) {
    engines[engine]!.events.opened(handle, FROM);
  }
  const some = crowd([0, 1, 3, 4], true);
  listeners.tellAll(some);
  assert.deepEqual(calls, [
    "1: tell all 0,1 urgently",
    "2: tell all  urgently",
    "3: tell all 0,2 urgently",
  ]);
  listeners.tellAll(some);
  listeners.tellAll(crowd([0]));
  const [first, second, third] = engines[0]!.crowds;
  assert.equal(first, second);
  assert.notEqual(first, third);
});

Deno.test("closing, sweeping and stopping reach the right engines", async () => {
  const { listeners, engines, calls } = listen([1, 2]);
  engines[0]!.events.opened(1, FROM);
  engines[1]!.events.opened(1, FROM);
  listeners.close(1);
  listeners.tell(0);
  listeners.sweep();
  await listeners.stopAccepting();
  await listeners.stop();
  assert.deepEqual(calls, [
    "2: close 1",
    "1: tell 1",
    "1: sweep",
    "2: sweep",
    "1: stop accepting",
    "2: stop accepting",
    "1: stop",
    "2: stop",
  ]);
});

Deno.test("a handle is used again only when its connection is over", () => {
  const { listeners, engines, heard } = listen([1, 2]);
  for (const handle of [0, 1, 2]) engines[0]!.events.opened(handle, FROM);
  engines[0]!.events.closed(1, "gone");
  engines[1]!.events.opened(5, FROM);
  listeners.close(0);
  engines[1]!.events.opened(6, FROM);
  assert.deepEqual(heard, [
    "opened 0",
    "opened 1",
    "opened 2",
    "closed 1 gone",
    "opened 1",
    "opened 0",
  ]);
});

const at = (port: number): PeerAddress => ({ hostname: "127.0.0.1", port });

Deno.test("a port that is taken away accepts no more, keeps its connections, and stops with the last", async () => {
  const { listeners, engines, calls } = listen([1, 2]);
  engines[0]!.events.opened(0, FROM);
  await listeners.reconfigure([at(3), at(2)]);
  [40, 10, 20].forEach((count, index) => engines[index]!.bytesWritten = count);
  assert.deepEqual(listeners.addresses, [at(3), at(2)]);
  assert.equal(listeners.engines, 3);
  listeners.send(0, Uint8Array.of(1));
  listeners.sweep();
  engines[0]!.events.closed(0, "gone");
  listeners.sweep();
  await Promise.resolve();
  assert.deepEqual(calls.filter((call) => call.startsWith("1:")), [
    "1: stop accepting",
    "1: send 0",
    "1: sweep",
    "1: sweep",
    "1: stop",
  ]);
  assert.equal(listeners.engines, 2);
  assert.equal(listeners.bytesWritten, 70, "what was written over it still counts");
  engines[2]!.events.opened(0, FROM);
  listeners.send(0, Uint8Array.of(1));
  assert.equal(calls.at(-1), "3: send 0");
});

for (
  const [what, before, after] of [
    ["gets TLS", undefined, { cert_file: "c", key_file: "k" }],
    ["loses TLS", { cert_file: "c", key_file: "k" }, undefined],
    ["gets another certificate", { cert_file: "c", key_file: "k" }, {
      cert_file: "d",
      key_file: "k",
    }],
    ["gets another key", { cert_file: "c", key_file: "k" }, { cert_file: "c", key_file: "l" }],
    ["stays as it is", { cert_file: "c", key_file: "k" }, { cert_file: "c", key_file: "k" }],
  ] as const
) {
  const isNew = what !== "stays as it is";
  Deno.test(`a port that ${what} is ${isNew ? "opened again" : "left alone"}`, async () => {
    const calls: string[] = [];
    const listeners = new Listeners(
      [{ ...at(1), tls: before }],
      (address, events) => {
        calls.push(`start with ${address.tls?.cert_file} and ${address.tls?.key_file}`);
        return new RecordingEngine(address, events, calls);
      },
      {} as MinerEvents,
      systemTime,
    );
    calls.length = 0;
    await listeners.reconfigure([{ ...at(1), tls: after }]);
    const anew = `start with ${after?.cert_file} and ${after?.key_file}`;
    assert.deepEqual(calls, isNew ? ["1: stop accepting", anew] : []);
  });
}

Deno.test("once accepting has stopped, no port is opened any more", async () => {
  const { listeners, engines } = listen([1]);
  const moving = listeners.reconfigure([at(2)]);
  await listeners.stopAccepting();
  await moving;
  await listeners.reconfigure([at(1), at(3)]);
  assert.equal(engines.length, 1);
  assert.deepEqual(listeners.addresses, []);
});

Deno.test("when a new port cannot be had, all ports are as they were", async () => {
  const calls: string[] = [];
  const listeners = new Listeners(
    [at(1), at(2)],
    (address, events) => {
      if (address.port === 9) throw new Deno.errors.AddrInUse("x");
      calls.push(`${address.port}: start`);
      return new RecordingEngine(address, events, calls);
    },
    {} as MinerEvents,
    systemTime,
  );
  await assert.rejects(listeners.reconfigure([at(2), at(3), at(9)]), CannotListen);
  assert.deepEqual(listeners.addresses, [at(1), at(2)]);
  assert.deepEqual(calls, [
    "1: start",
    "2: start",
    "1: stop accepting",
    "3: start",
    "3: stop",
    "1: start",
  ]);
});

Deno.test("a port that was to get TLS is open again without, when another port cannot be had", async () => {
  const taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const events = new EngineRecord();
  const limits = { maxWaitingBytes: 1000, stallTimeoutMs: 1000 };
  const listeners = new Listeners(
    [at(freePort())],
    ({ hostname, port }, events) => {
      return startDenoEngine({ hostname, port, events, limits, now: () => 0, time: systemTime });
    },
    events,
    systemTime,
  );
  const [before] = listeners.addresses;
  const tls = { cert_file: "c", key_file: "k" };
  await assert.rejects(
    listeners.reconfigure([{ ...before!, tls }, at(taken.addr.port)]),
    (error) => error instanceof CannotListen && error.message.includes(`:${taken.addr.port}:`),
  );
  assert.deepEqual(listeners.addresses, [before]);
  using _peer = await Deno.connect(before!);
  await events.when(() => events.opens.length === 1);
  await listeners.stop();
  taken.close();
});

Deno.test("a stop while a change of ports fails opens none of them again", async () => {
  const calls: string[] = [];
  const listeners = new Listeners(
    [at(1)],
    (address, events) => {
      if (address.port === 9) {
        queueMicrotask(() => listeners.stopAccepting());
        throw new Deno.errors.AddrInUse("x");
      }
      calls.push(`${address.port}: start`);
      return new RecordingEngine(address, events, calls);
    },
    {} as MinerEvents,
    systemTime,
  );
  await assert.rejects(listeners.reconfigure([at(9)]), CannotListen);
  assert.deepEqual(listeners.addresses, []);
  assert.deepEqual(calls, ["1: start", "1: stop accepting"]);
});

for (
  const [error, found] of [
    [new Deno.errors.AddrInUse("x"), /another program has this port.*agent_listen_port/],
    [new Deno.errors.AddrNotAvailable("x"), /no such address.*agent_listen_ip/],
    [new Deno.errors.PermissionDenied("x"), /ports below 1024/],
    [new Error("something else"), /something else; check agent_listen_ip/],
  ] as const
) {
  Deno.test(`${error.name} while listening says what to do, and closes the ports opened before`, () => {
    const calls: string[] = [];
    const addresses = [1, 2].map((port) => ({ hostname: "127.0.0.1", port }));
    assert.throws(
      () =>
        new Listeners(
          addresses,
          (address, events) => {
            if (address.port === 2) throw error;
            return new RecordingEngine(address, events, calls);
          },
          {} as MinerEvents,
          systemTime,
        ),
      (thrown: unknown) =>
        thrown instanceof CannotListen && thrown.message.includes("127.0.0.1:2") &&
        found.test(thrown.message),
    );
    assert.deepEqual(calls, ["1: stop"]);
  });
}
