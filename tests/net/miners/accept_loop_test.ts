/** Accepting goes on, whatever goes wrong with some, and stops when it is told to. */

import assert from "node:assert/strict";
import { mock } from "node:test";
import { systemTime } from "../../../lib/base/system_time.ts";
import { AcceptLoop } from "../../../lib/net/miners/accept_loop.ts";
import { FakeConn, FakeListener } from "../../support/fake_listener.ts";
import { PATIENCE_MS } from "../../support/patience.ts";

/** Lets everything happen that waits for nothing but its turn. */
async function settled(): Promise<void> {
  for (let i = 0; i < 20; i++) await Promise.resolve();
}

/** A loop at a listener of the test's, and what it reported. */
class World implements AsyncDisposable {
  readonly listener = new FakeListener();
  readonly accepted: unknown[] = [];
  readonly failures: unknown[] = [];
  mayCome = Promise.resolve();
  readonly loop = new AcceptLoop(this.listener, {
    accepted: (conn) => this.accepted.push(conn),
    acceptFailed: (error) => this.failures.push(error),
    nextMayCome: () => this.mayCome,
  }, systemTime);

  async admit(conn: FakeConn): Promise<void> {
    this.listener.admit(conn);
    await settled();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.loop.close();
    await this.loop.ended;
    assert.ok(this.listener.isClosed);
  }
}

/** Timers that only the test moves. */
function fakeTimers(): Disposable {
  mock.timers.enable({ apis: ["setTimeout"] });
  return { [Symbol.dispose]: () => mock.timers.reset() };
}

Deno.test("failing to accept is reported, and tried again after a pause", async () => {
  await using world = new World();
  using _timers = fakeTimers();
  for (let failure = 1; failure <= 3; failure++) {
    const error = new Error("Too many open files (os error 24)");
    world.listener.fail(error);
    await settled();
    assert.equal(world.failures.length, failure);
    assert.equal(world.failures.at(-1), error);
    assert.equal(world.listener.accepts, failure, "not at once");
    mock.timers.tick(100);
    await settled();
    assert.equal(world.listener.accepts, failure + 1);
  }
  const conn = new FakeConn(1);
  await world.admit(conn);
  assert.deepEqual(world.accepted, [conn]);
});

for (const kind of ["NotConnected", "ConnectionAborted", "ConnectionReset"] as const) {
  Deno.test(`a connection gone before it is accepted is not a failure and delays no other: ${kind}`, async () => {
    await using world = new World();
    for (let gone = 1; gone <= 50; gone++) {
      world.listener.fail(new Deno.errors[kind]("gone again"));
      await settled();
      assert.equal(world.listener.accepts, gone + 1, "at once");
    }
    assert.deepEqual(world.failures, []);
    const conn = new FakeConn(1);
    await world.admit(conn);
    assert.deepEqual(world.accepted, [conn]);
  });
}

Deno.test("no connection is accepted while there is no time for another", async () => {
  await using world = new World();
  const { promise, resolve } = Promise.withResolvers<void>();
  world.mayCome = promise;
  await world.admit(new FakeConn(1));
  assert.equal(world.listener.accepts, 1);
  resolve();
  await settled();
  assert.equal(world.listener.accepts, 2);
});

Deno.test("a stop during the pause after a failed accept waits for nothing", async () => {
  await using world = new World();
  world.listener.fail(new Error("Too many open files (os error 24)"));
  await settled();
  world.loop.stop(false);
  await world.loop.ended;
  assert.equal(world.listener.accepts, 1);
});

Deno.test("a connection that comes in at the moment of the stop is closed, not forgotten", async () => {
  await using world = new World();
  const conn = new FakeConn(1);
  world.listener.admit(conn);
  world.loop.stop(false);
  await world.loop.ended;
  assert.ok(conn.isClosed);
  assert.deepEqual(world.accepted, []);
});

Deno.test("a connection that was gone before it could be set up costs only itself", async () => {
  await using world = new World();
  const dead = new FakeConn(1);
  dead.setNoDelay = () => {
    throw new Deno.errors.InvalidData("Invalid argument (os error 22)");
  };
  await world.admit(dead);
  assert.ok(dead.isClosed);
  const conn = new FakeConn(2);
  await world.admit(conn);
  assert.deepEqual(world.accepted, [conn]);
  assert.ok(conn.isKeptAlive);
});

Deno.test("on a shared port, it stops only when no connection has come for 50 ms", async () => {
  await using world = new World();
  using _timers = fakeTimers();
  const pass = (turns: number) => {
    for (let turn = 0; turn < turns; turn++) mock.timers.tick(10);
  };
  world.loop.stop(true);
  world.loop.stop(true);
  pass(5);
  const conn = new FakeConn(1);
  await world.admit(conn);
  assert.deepEqual(world.accepted, [conn]);
  pass(5);
  assert.ok(!world.listener.isClosed);
  pass(1);
  assert.ok(world.listener.isClosed);
});

Deno.test("a shared port in whose queue there is always somebody is closed after 2 s all the same", async () => {
  await using world = new World();
  using _timers = fakeTimers();
  world.loop.stop(true);
  for (let turn = 1; turn < 200; turn++) {
    mock.timers.tick(10);
    await world.admit(new FakeConn(turn));
  }
  assert.ok(!world.listener.isClosed);
  mock.timers.tick(10);
  assert.ok(world.listener.isClosed);
});

Deno.test("an error in the handler of failures does not end accepting", async () => {
  const listener = new FakeListener();
  const accepted: unknown[] = [];
  const seen: unknown[] = [];
  const note = (event: PromiseRejectionEvent) => {
    event.preventDefault();
    seen.push(event.reason);
  };
  globalThis.addEventListener("unhandledrejection", note);
  const fault = new Error("a fault of the owner");
  const loop = new AcceptLoop(listener, {
    accepted: (conn) => accepted.push(conn),
    acceptFailed: () => {
      throw fault;
    },
    nextMayCome: () => Promise.resolve(),
  }, systemTime);
  listener.fail(new Error("Too many open files (os error 24)"));
  // The runtime tells of it between turns of its event loop.
  const deadline = Date.now() + PATIENCE_MS;
  while (listener.accepts < 2 && Date.now() < deadline) {
    await new Promise((resolve) => setTimeout(resolve));
  }
  assert.deepEqual(seen, [fault]);
  const conn = new FakeConn(1);
  listener.admit(conn);
  await settled();
  assert.deepEqual(accepted, [conn]);
  loop.close();
  await loop.ended;
  globalThis.removeEventListener("unhandledrejection", note);
});
