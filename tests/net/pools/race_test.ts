/** Several ways tried at once: the first through wins, the others are closed, all have an end. */

import assert from "node:assert/strict";
import { systemTime } from "../../../lib/base/system_time.ts";
import type { Attempt } from "../../../lib/net/pools/attempt.ts";
import type { Connection } from "../../../lib/net/pools/connection.ts";
import { type Entrant, race } from "../../../lib/net/pools/race.ts";
import { FakeConnection } from "../../support/fake_connection.ts";

/** A way that waits to be told how it goes. */
class TestWay implements Entrant {
  readonly connection = new FakeConnection();
  readonly name: string;
  attempt: Attempt | undefined;
  succeed!: () => void;
  fail!: (error: Error) => void;

  constructor(name: string) {
    this.name = name;
  }

  readonly open = (attempt: Attempt): Promise<Connection> => {
    this.attempt = attempt;
    attempt.hold(this.connection);
    return new Promise((resolve, reject) => {
      this.succeed = () => resolve(this.connection);
      this.fail = reject;
    });
  };
}

const NEVER = new AbortController().signal;
const LONG_MS = 60_000;

Deno.test("the first way through wins, and the others are closed at once", async () => {
  const [a, b, c] = [new TestWay("a"), new TestWay("b"), new TestWay("c")];
  const racing = race([a, b, c], NEVER, LONG_MS, systemTime);
  a.fail(new Error("no"));
  b.succeed();
  const { winner, failures } = await racing;
  assert.equal(winner?.name, "b");
  assert.equal(winner?.connection, b.connection);
  assert.deepEqual(failures, [{ name: "a", reason: "no" }]);
  assert.deepEqual([a, b, c].map((way) => way.connection.isClosed), [true, false, true]);
  assert.ok(c.attempt!.signal.aborted);
});

Deno.test("of two that get through at the same moment one is taken and one closed", async () => {
  const [a, b] = [new TestWay("a"), new TestWay("b")];
  const racing = race([a, b], NEVER, LONG_MS, systemTime);
  a.succeed();
  b.succeed();
  const { winner } = await racing;
  await Promise.resolve();
  assert.equal(winner?.name, "a");
  assert.deepEqual([a, b].map((way) => way.connection.isClosed), [false, true]);
});

Deno.test("when all have failed there is no winner and every reason, in order", async () => {
  const [a, b] = [new TestWay("a"), new TestWay("b")];
  const racing = race([a, b], NEVER, LONG_MS, systemTime);
  b.fail(new Error("first"));
  await Promise.resolve();
  a.fail(new Error("second"));
  assert.deepEqual(await racing, {
    winner: undefined,
    failures: [{ name: "b", reason: "first" }, { name: "a", reason: "second" }],
  });
  assert.ok(a.connection.isClosed && b.connection.isClosed);
});

Deno.test("when the time is over, each way is given up, and the error says what it waited for", async () => {
  const [a, b] = [new TestWay("a"), new TestWay("b")];
  const racing = race([a, b], NEVER, 50, systemTime);
  b.attempt!.waitingFor = "the proxy's answer";
  const closed = (way: TestWay) => way.fail(new Error(`closed: ${way.connection.isClosed}`));
  a.attempt!.signal.addEventListener("abort", () => [a, b].forEach(closed));
  assert.deepEqual((await racing).failures, [
    { name: "a", reason: "waited 0.1 s for a connection" },
    { name: "b", reason: "waited 0.1 s for the proxy's answer" },
  ]);
  assert.ok(a.connection.isClosed && b.connection.isClosed);
});

Deno.test("an abort closes everything and is the reason, at once", async () => {
  const [a, b] = [new TestWay("a"), new TestWay("b")];
  const controller = new AbortController();
  const racing = race([a, b], controller.signal, LONG_MS, systemTime);
  const reason = new Error("enough");
  controller.abort(reason);
  assert.ok(a.connection.isClosed && b.connection.isClosed);
  await assert.rejects(racing, reason);
});

Deno.test("what is opened after the abort is closed, and its attempt goes no further", async () => {
  const controller = new AbortController();
  const late = new FakeConnection();
  let isReached = false;
  const open = async (attempt: Attempt): Promise<Connection> => {
    await new Promise((resolve) => attempt.signal.addEventListener("abort", resolve));
    attempt.hold(late);
    isReached = true;
    return late;
  };
  const racing = race([{ name: "late", open }], controller.signal, LONG_MS, systemTime);
  controller.abort(new Error("enough"));
  await assert.rejects(racing, /enough/);
  await Promise.resolve();
  assert.ok(late.isClosed);
  assert.ok(!isReached);
});

Deno.test("nothing is opened for a caller that has given up already", async () => {
  const way = new TestWay("a");
  await assert.rejects(
    race([way], AbortSignal.abort(new Error("enough")), LONG_MS, systemTime),
    /enough/,
  );
  assert.equal(way.attempt, undefined);
});

Deno.test("a connection won stays open when its asker aborts later: it has a new owner", async () => {
  const controller = new AbortController();
  const way = new TestWay("a");
  const racing = race([way], controller.signal, LONG_MS, systemTime);
  way.succeed();
  await racing;
  controller.abort();
  assert.ok(!way.connection.isClosed);
});
