/** How pools are asked for their sizes: what they hear, how many at a time, and for how long. */

import assert from "node:assert/strict";
import { ConnectLimiter, URGENCY } from "../../lib/net/pools/connect_limiter.ts";
import { FoundKinds } from "../../lib/pool/found_kinds.ts";
import { poolKinds } from "../../lib/pool/kinds.ts";
import type { KnownPool } from "../../lib/pool/pool_ids.ts";
import { SizeProbe } from "../../lib/pool/size_probe.ts";
import type { KindOfPool } from "../../lib/base/pool_kind.ts";
import { turn } from "../support/fake_clock.ts";
import { FakeConnection } from "../support/fake_connection.ts";
import { type DialCall, FakeDial } from "../support/fake_dial.ts";
import { FakeTime } from "../support/fake_time.ts";
import { linesToBytes } from "../support/pool_lines.ts";

function pool(poolId: number, kind: KindOfPool = "stratum", host = `pool${poolId}`): KnownPool {
  return {
    poolId,
    host,
    port: 3333,
    kind,
    account: "farm",
    password: "secret",
    usesTls: false,
    workers: "one",
    minersPerConnection: undefined,
  };
}

function answer(bytes: unknown, id = 2): string {
  return JSON.stringify({ id, result: [[["mining.notify", "s"]], "0a0b0c0d", bytes], error: null });
}

class Rig {
  readonly time = new FakeTime();
  readonly dial = new FakeDial();
  readonly found = new FoundKinds();
  readonly connects = new ConnectLimiter(this.time.now);
  readonly probe = new SizeProbe({
    askSize: poolKinds(this.found).askSize!,
    connects: this.connects,
    version: "1.2.3",
    now: this.time.now,
    wallNow: this.time.wallNow,
    timers: this.time,
  });
  readonly sizes: Record<number, number> = {};
  rounds = 0;

  async ask(...pools: readonly KnownPool[]): Promise<void> {
    this.probe.ask({
      pools: SizeProbe.asksOf(pools),
      dial: this.dial.dial,
      timeoutMs: 15_000,
      found: ({ poolId }, bytes) => this.sizes[poolId] = bytes,
      over: () => this.rounds++,
    });
    await turn();
  }

  /** Opens the connection that a call asks for. */
  async open(call: DialCall): Promise<FakeConnection> {
    const connection = new FakeConnection();
    call.answer(connection);
    await turn();
    return connection;
  }

  get hosts(): string[] {
    return this.dial.calls.map(({ address }) => address.host);
  }

  async pass(ms: number): Promise<void> {
    this.time.advance(ms);
    await turn();
  }

  /** Nothing is left behind. */
  async end(): Promise<void> {
    await this.probe.stop();
    assert.equal(this.time.timers, 0);
  }
}

function linesOf(opening: Uint8Array | undefined): { readonly method: string }[] {
  return new TextDecoder().decode(opening).split("\n").slice(0, -1)
    .map((line) => JSON.parse(line) as { readonly method: string });
}

Deno.test("a Stratum pool hears configure and subscribe, no login, and is left at its answer", async () => {
  const rig = new Rig();
  await rig.ask(pool(0));
  const [call] = rig.dial.calls;
  const methods = linesOf(call!.opening).map(({ method }) => method);
  assert.deepEqual(methods, ["mining.configure", "mining.subscribe"]);
  assert.deepEqual(call!.address, {
    host: "pool0",
    port: 3333,
    usesTls: false,
    authorityKey: undefined,
  });
  const connection = await rig.open(call!);
  connection.deliver(linesToBytes([
    '{"id":null,"method":"mining.set_difficulty","params":[1024]}',
    "nonsense",
    answer(6),
  ]));
  await turn();
  assert.deepEqual([rig.sizes, rig.rounds, connection.isClosed], [{ 0: 6 }, 1, true]);
  await rig.end();
});

Deno.test("agent pools are not asked; two entries of one address are asked once", async () => {
  const rig = new Rig();
  await rig.ask(pool(0, "agent"), pool(1, "stratum", "Same"), pool(2, "stratum", "same"));
  assert.deepEqual(rig.hosts, ["Same"]);
  (await rig.open(rig.dial.calls[0]!)).deliver(linesToBytes([answer(4)]));
  await turn();
  assert.deepEqual(rig.sizes, { 1: 4, 2: 4 });
  await rig.ask(pool(0, "agent"));
  assert.equal(rig.rounds, 2, "nothing to ask is over at once");
  await rig.end();
});

Deno.test("two pools are asked at a time; one that says nothing is given up after 10 s", async () => {
  const rig = new Rig();
  await rig.ask(pool(0), pool(1), pool(2));
  assert.deepEqual(rig.hosts, ["pool0", "pool1"]);
  const silent = await rig.open(rig.dial.calls[0]!);
  await rig.pass(9_999);
  assert.deepEqual(rig.hosts, ["pool0", "pool1"]);
  await rig.pass(1);
  assert.deepEqual([silent.isClosed, rig.dial.calls[1]!.signal.aborted], [true, true]);
  assert.deepEqual(rig.hosts, ["pool0", "pool1", "pool2"]);
  rig.dial.calls[2]!.refuse(new Error("refused"));
  await turn();
  assert.deepEqual([rig.sizes, rig.rounds], [{}, 1]);
  await rig.end();
});

for (
  const [name, ...lines] of [
    ["refuses to subscribe us", '{"id":2,"result":null,"error":[20,"no",null]}'],
    ["says no size", '{"id":2,"result":[[],"00"],"error":null}'],
    ["says a text", answer("4")],
    ["leaves too few bytes", answer(3)],
    ["leaves more than any pool", answer(17)],
    ["sends a line without end", "x".repeat(50_000)],
    ["talks without end", ...Array.from({ length: 20 }, () => " ".repeat(39_000))],
  ] as const
) {
  Deno.test(`a pool that ${name} decides nothing, and its connection is closed`, async () => {
    const rig = new Rig();
    await rig.ask(pool(0));
    const connection = await rig.open(rig.dial.calls[0]!);
    for (const line of lines) {
      if (!connection.isClosed) connection.deliver(linesToBytes([line]));
      await turn();
    }
    await turn();
    assert.deepEqual([rig.sizes, rig.rounds, connection.isClosed], [{}, 1, true]);
    await rig.end();
  });
}

Deno.test("the rate of connects is kept, and a round that is given up leaves nothing open", async () => {
  const rig = new Rig();
  const address = pool(0);
  for (let i = 0; i < 10; i++) {
    assert.ok(rig.connects.mayConnect(address, rig, URGENCY.first));
    rig.connects.connects(address, rig, URGENCY.first);
  }
  await rig.ask(address, pool(1));
  assert.deepEqual(rig.hosts, ["pool1"]);
  const other = await rig.open(rig.dial.calls[0]!);
  await rig.pass(1_200);
  assert.deepEqual(rig.hosts, ["pool1", "pool0"]);
  await rig.probe.stop();
  assert.deepEqual([other.isClosed, rig.dial.calls[1]!.signal.aborted], [true, true]);
  assert.equal(rig.rounds, 0);
  await rig.end();
});

Deno.test("an unknown pool is asked for its kind with it, and what is found is noted", async () => {
  const rig = new Rig();
  await rig.ask(pool(0, "unknown"));
  const [call] = rig.dial.calls;
  const methods = linesOf(call!.opening).map(({ method }) => method);
  assert.deepEqual(methods, ["mining.subscribe", "agent.get_capabilities", "mining.authorize"]);
  const connection = await rig.open(call!);
  connection.deliver(linesToBytes([answer(6, 1)]));
  await turn();
  await rig.pass(200);
  assert.deepEqual(rig.sizes, {}, "capabilities may still come");
  await rig.pass(200);
  assert.deepEqual(rig.sizes, { 0: 6 });
  connection.deliver(linesToBytes(['{"id":2,"result":null,"error":[20,"no",null]}']));
  await turn();
  assert.equal(rig.found.of(pool(0)), "stratum");
  assert.ok(connection.isClosed);
  await rig.end();
});

Deno.test("a pool that closes after its answer is a Stratum pool, and one whose connection breaks is not yet", async () => {
  for (
    const [error, kind] of [
      [new Deno.errors.ConnectionReset("reset"), "stratum"],
      [new Deno.errors.TimedOut("the network is gone"), undefined],
    ] as const
  ) {
    const rig = new Rig();
    await rig.ask(pool(0, "unknown"));
    const connection = await rig.open(rig.dial.calls[0]!);
    connection.deliver(linesToBytes([answer(6, 1)]));
    await turn();
    connection.fail(error);
    await turn();
    assert.equal(rig.found.of(pool(0)), kind, error.message);
    assert.ok(connection.isClosed);
    await rig.end();
  }
});

Deno.test("an agent pool that leaves too few bytes for one narrows nobody", async () => {
  const rig = new Rig();
  await rig.ask(pool(0, "unknown"));
  const connection = await rig.open(rig.dial.calls[0]!);
  const caps = '{"id":2,"result":{"capabilities":["verrol","subres"]}}';
  connection.deliver(linesToBytes([answer(4, 1), caps]));
  await turn();
  assert.deepEqual([rig.sizes, rig.found.of(pool(0))], [{ 0: 8 }, "agent"]);
  await rig.ask(pool(0, "unknown"));
  assert.equal(rig.dial.calls.length, 1, "what is known to be an agent pool is not asked");
  await rig.end();
});

Deno.test("where a connection asks for the kind already, its answer is waited for", async () => {
  const rig = new Rig();
  const question = rig.found.ask(pool(0));
  await rig.ask(pool(0, "unknown"));
  assert.equal(rig.dial.calls.length, 0);
  question.sizeSeen(undefined);
  question.sizeSeen(4);
  await turn();
  assert.deepEqual([rig.sizes, rig.rounds], [{ 0: 4 }, 1]);
  question.end();
  await rig.end();
});
