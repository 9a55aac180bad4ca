/** How the kind of a pool is found out: by what each server does with the question, and by nothing less. */

import assert from "node:assert/strict";
import { loadShareHasher } from "../../lib/bitcoin/load_share_hasher.ts";
import { systemTime } from "../../lib/base/system_time.ts";
import type { PoolConnection } from "../../lib/pool/connection.ts";
import { FoundKinds } from "../../lib/pool/found_kinds.ts";
import { CAPABILITIES_GRACE_MS, kindQuestion } from "../../lib/pool/kind_question.ts";
import { poolKinds } from "../../lib/pool/kinds.ts";
import { FakeClock, turn } from "../support/fake_clock.ts";
import { FakeConnection } from "../support/fake_connection.ts";
import { FakeDial } from "../support/fake_dial.ts";
import { LogCapture } from "../support/log_capture.ts";
import { handshakeLines, linesToBytes } from "../support/pool_lines.ts";
import { RecordingEvents } from "../support/recording_events.ts";
import { difficultyLine, stratumHandshake, stratumJob } from "../support/stratum_rig.ts";

// The first Stratum session would load it, for longer than a turn.
await loadShareHasher();

const ADDRESS = { host: "Pool.example", port: 3333 };
const HANDSHAKE_TIMEOUT_MS = 15_000;

const SUB = '{"id":1,"result":[[["mining.notify","s"]],"0a0b0c0d",8],"error":null}';
const CAPS = '{"id":2,"result":{"capabilities":["verrol","subres"]}}';
const AUTH = '{"id":3,"result":true,"error":null}';

class Rig {
  readonly clock = new FakeClock();
  readonly dial = new FakeDial();
  readonly events = new RecordingEvents(this.clock.now);
  readonly connections: FakeConnection[] = [];
  readonly connection: PoolConnection;
  /** How often it said that it has to connect once more. */
  connectsAgain = 0;

  constructor(readonly found = new FoundKinds()) {
    this.connection = poolKinds(found).open({
      poolId: 0,
      name: "pool:3333 #1",
      address: ADDRESS,
      kind: "unknown",
      account: "alice",
      password: "x",
      wantsVerdicts: true,
      version: "1.2.3",
      dial: this.dial.dial,
      connectsAgain: () => this.connectsAgain++,
      now: this.clock.now,
      rateClock: { realNow: this.clock.now, awayMs: () => 0 },
      wallNow: systemTime.wallNow,
      timers: systemTime,
      handshakeTimeoutMs: HANDSHAKE_TIMEOUT_MS,
      readTimeoutMs: undefined,
      shareWindowMs: 0,
      mux: this.events,
      owner: this.events,
    });
  }

  /** Answers the newest dial. */
  async connect(): Promise<FakeConnection> {
    const link = new FakeConnection();
    this.connections.push(link);
    this.dial.calls.at(-1)!.answer(link);
    await turn();
    return link;
  }

  async say(...lines: string[]): Promise<void> {
    this.connections.at(-1)!.deliver(linesToBytes(lines));
    await turn();
  }

  async pass(ms: number): Promise<void> {
    this.clock.advance(ms);
    this.connection.tick();
    await turn();
  }

  /** What was found, and whether a second connection was opened for it. */
  get kind(): string | undefined {
    const kind = this.found.of(ADDRESS);
    assert.equal(this.dial.calls.length, kind === undefined ? 1 : 2);
    return kind;
  }
}

/** A rig whose first connection is open. */
async function asked(): Promise<Rig> {
  const rig = new Rig();
  await rig.connect();
  return rig;
}

Deno.test("A pool is asked what agents ask under our own name, with whole numbers for ids and subscribe first", () => {
  const rig = new Rig();
  const text = new TextDecoder().decode(rig.dial.calls[0]!.opening);
  assert.equal(text, kindQuestion("1.2.3", "alice", "x"));
  assert.equal(
    text,
    '{"id":1,"method":"mining.subscribe","params":["btcagent/1.2.3"]}\n' +
      '{"id":2,"method":"agent.get_capabilities","params":[["verrol","subres"]]}\n' +
      '{"id":3,"method":"mining.authorize","params":["alice","x"]}\n',
  );
  rig.connection.close();
});

Deno.test("A pool that answers with capabilities is an agent pool, in whatever order", async () => {
  for (const lines of [[CAPS], [SUB, CAPS], [SUB, AUTH, CAPS], [CAPS, SUB, AUTH]]) {
    using _log = new LogCapture();
    const rig = await asked();
    await rig.say(...lines);
    assert.equal(rig.kind, "agent", lines.join());
    assert.ok(rig.connections[0]!.isClosed);
    await rig.connect();
    await rig.say(...handshakeLines());
    assert.equal(rig.events.upstream!.terms.validation, "pool");
    assert.equal(rig.events.upstream!.name, "pool:3333 #1");
    rig.connection.close();
    assert.ok(rig.connections[1]!.isClosed);
  }
});

for (
  const [server, lines, closes] of [
    [
      "like ckpool, which closes on what it does not know,",
      [SUB, difficultyLine(1), stratumJob()],
      true,
    ],
    [
      "like ckpool, which may also say nothing to it,",
      [SUB, difficultyLine(1), stratumJob(), AUTH],
      false,
    ],
    ["like NOMP, which says nothing to it,", [SUB, difficultyLine(1), stratumJob(), AUTH], false],
    ["like public-pool, whose name must be an address,", [
      SUB,
      '{"id":3,"result":null,"error":[20,"Mining Authorize validation error",""]}',
    ], false],
    ["like DATUM, which answers that there is no such method,", [
      SUB,
      '{"error":[-3,"Method not found",null],"id":2,"result":null}',
    ], undefined],
  ] as const
) {
  Deno.test(`A pool ${server} is a Stratum pool`, async () => {
    using _log = new LogCapture();
    const rig = await asked();
    await rig.say(...lines);
    if (closes === true) {
      rig.connections[0]!.end();
      await turn();
    } else if (closes === false) {
      assert.equal(rig.kind, undefined, "the answer may still come");
      await rig.pass(CAPABILITIES_GRACE_MS - 1);
      assert.equal(rig.kind, undefined);
      await rig.pass(1);
    }
    assert.equal(rig.kind, "stratum");
    await rig.connect();
    await rig.say(...stratumHandshake());
    assert.equal(rig.events.upstream!.terms.validation, "here");
    assert.deepEqual(rig.events.all, [{ ready: true }]);
    rig.connection.close();
  });
}

Deno.test("Capabilities that come late on a thin uplink, within the grace, still make an agent pool", async () => {
  using _log = new LogCapture();
  const rig = await asked();
  await rig.say(SUB, AUTH);
  await rig.pass(CAPABILITIES_GRACE_MS - 1);
  await rig.say(CAPS);
  assert.equal(rig.kind, "agent");
  rig.connection.close();
});

Deno.test("Silence decides nothing: the attempt ends with what is missing", async () => {
  for (
    const [lines, missing] of [
      [[], "the subscribe answer"],
      [[SUB, difficultyLine(1), stratumJob()], "the authorize answer"],
    ] as const
  ) {
    const rig = await asked();
    await rig.say(...lines);
    for (let second = 1; second < 15; second++) await rig.pass(1000);
    assert.equal(rig.events.endReason, undefined);
    await rig.pass(1000);
    assert.equal(rig.events.endReason, `no answer: waited 15 s for ${missing}`);
    assert.equal(rig.events.endCause, "connection");
    assert.equal(rig.kind, undefined);
    assert.ok(rig.connections[0]!.isClosed);
  }
  const undialled = new Rig();
  await undialled.pass(HANDSHAKE_TIMEOUT_MS);
  assert.equal(undialled.events.endReason, "no answer: waited 15 s for a connection");
});

Deno.test("A close or a reset before any answer decides nothing", async () => {
  for (const act of ["end", "reset", "refuse"] as const) {
    const rig = new Rig();
    if (act === "refuse") {
      rig.dial.calls[0]!.refuse(new Error("connection refused"));
    } else {
      const link = await rig.connect();
      if (act === "end") link.end();
      else link.fail(new Deno.errors.ConnectionReset("reset"));
    }
    await turn();
    assert.equal(rig.kind, undefined);
    assert.equal(rig.events.endCause, "connection");
  }
});

Deno.test("After the subscribe answer only a close of the pool tells its kind, and no other trouble", async () => {
  for (
    const [error, kind] of [
      [new Deno.errors.ConnectionReset("reset"), "stratum"],
      [new Deno.errors.TimedOut("the network is gone"), undefined],
      [new Error("no route to host"), undefined],
    ] as const
  ) {
    using _log = new LogCapture();
    const rig = await asked();
    await rig.say(SUB);
    rig.connections[0]!.fail(error);
    await turn();
    assert.equal(rig.kind, kind, error.message);
    assert.equal(rig.events.endReason, kind === undefined ? error.message : undefined);
    rig.connection.close();
  }
});

Deno.test("An error to capabilities before the subscribe answer decides nothing by itself", async () => {
  const rig = await asked();
  await rig.say('{"id":2,"result":null,"error":[25,"not subscribed",null]}');
  assert.equal(rig.kind, undefined);
  rig.connection.close();
});

Deno.test("A pool that refuses to subscribe us is refused with words, and what to do", async () => {
  const rig = await asked();
  await rig.say('{"id":1,"result":null,"error":[20,"unsupported client",null]}');
  assert.equal(rig.events.endCause, "refusal");
  assert.match(rig.events.endReason!, /20 "unsupported client"; give its address as a URL/);
  assert.equal(rig.kind, undefined);
});

Deno.test("A pool that talks without end and says nothing is left", async () => {
  const rig = await asked();
  const lines = linesToBytes(Array.from({ length: 10 }, () => stratumJob()));
  for (let i = 0; i < 1000 && rig.events.endReason === undefined; i++) {
    rig.connections[0]!.deliver(lines);
    await turn();
  }
  assert.match(
    rig.events.endReason!,
    /Cannot find out the protocol of this pool: it sent more than/,
  );
});

Deno.test("What was found is said once, and the next connection asks no more", async () => {
  using log = new LogCapture();
  const found = new FoundKinds();
  for (let time = 0; time < 2; time++) {
    const rig = new Rig(found);
    if (time === 0) {
      await rig.connect();
      await rig.say(SUB, '{"error":[-3,"Method not found",null],"id":2,"result":null}');
    }
    await rig.connect();
    await rig.say(...stratumHandshake());
    assert.equal(rig.dial.calls.length, time === 0 ? 2 : 1);
    assert.deepEqual(rig.events.all, [{ ready: true }]);
    rig.connection.close();
  }
  const lines = log.take().filter((line) => line.includes("speaks"));
  assert.equal(lines.length, 1);
  assert.match(lines[0]!, /Pool\.example:3333.* speaks Stratum/);
});

Deno.test("Addresses are told apart by port and TLS, not by case", () => {
  using _log = new LogCapture();
  const found = new FoundKinds();
  found.found(ADDRESS, "stratum");
  assert.equal(found.of({ host: "POOL.EXAMPLE", port: 3333, usesTls: false }), "stratum");
  assert.equal(found.of({ ...ADDRESS, port: 3334 }), undefined);
  assert.equal(found.of({ ...ADDRESS, usesTls: true }), undefined);
});

Deno.test("A pool that no longer speaks what was found is asked again", async () => {
  using _log = new LogCapture();
  const found = new FoundKinds();
  found.found(ADDRESS, "stratum");
  const rig = new Rig(found);
  await rig.connect();
  await rig.say('{"id":2,"result":null,"error":[26,"Illegal method",null]}');
  assert.equal(rig.events.endCause, "refusal");
  assert.equal(found.of(ADDRESS), undefined);
  const refused = new Rig(found);
  found.found(ADDRESS, "stratum");
  await refused.pass(0);
  refused.connection.close();
});

Deno.test("A connection closed while it asks is closed, and one dialled later, too", async () => {
  const rig = await asked();
  rig.connection.close();
  assert.ok(rig.connections[0]!.isClosed);
  const late = new Rig();
  late.dial.isDeaf = true;
  late.connection.close();
  const link = await late.connect();
  assert.ok(link.isClosed);
  assert.deepEqual([...rig.events.all, ...late.events.all], []);
});

Deno.test("Traffic counts the question and what came for it", async () => {
  using _log = new LogCapture();
  const rig = await asked();
  const question = rig.dial.calls[0]!.opening!.length;
  assert.equal(rig.connection.bytesWritten, question);
  await rig.say(CAPS);
  assert.equal(rig.connection.bytesRead, CAPS.length + 1);
  await rig.connect();
  await rig.say(...handshakeLines());
  assert.ok(rig.connection.bytesWritten > question);
  assert.ok(rig.connection.bytesRead > CAPS.length + 1);
  rig.connection.close();
});

Deno.test("However many connections want to know the kind of a pool, one asks", async () => {
  using _log = new LogCapture();
  const found = new FoundKinds();
  const [first, ...others] = Array.from({ length: 5 }, () => new Rig(found));
  await first!.connect();
  assert.deepEqual(others.map(({ dial }) => dial.calls.length), [0, 0, 0, 0]);
  await first!.say(SUB, '{"error":[-3,"Method not found",null],"id":2,"result":null}');
  assert.equal(first!.kind, "stratum");
  for (const rig of others) {
    assert.equal(rig.dial.calls.length, 1);
    await rig.connect();
    await rig.say(...stratumHandshake());
    assert.deepEqual(rig.events.all, [{ ready: true }]);
  }
  assert.deepEqual([first!, ...others].map((rig) => rig.connectsAgain), [1, 0, 0, 0, 0]);
  for (const rig of [first!, ...others]) rig.connection.close();
});

Deno.test("A connection that asked and heard nothing leaves the question to the next that waits", async () => {
  using _log = new LogCapture();
  const found = new FoundKinds();
  const [first, second, third] = [new Rig(found), new Rig(found), new Rig(found)];
  await first.connect();
  first.connections[0]!.end();
  await turn();
  assert.equal(first.events.endCause, "connection");
  assert.deepEqual([second, third].map(({ dial }) => dial.calls.length), [1, 0]);
  second.connection.close();
  await second.connect();
  assert.equal(third.dial.calls.length, 1, "one that is closed asks no more either");
  await third.connect();
  await third.say(CAPS);
  assert.equal(found.of(ADDRESS), "agent");
  third.connection.close();
});
