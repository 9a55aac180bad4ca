/** StratumSession: one connection to an ordinary pool, from dialling to its end, over a fake socket. */

import assert from "node:assert/strict";
import { ERROR_CODE } from "../../../lib/protocol/stratum/error_code.ts";
import fc from "fast-check";
import { CONFIGURE_WAIT_MS } from "../../../lib/pool/stratum/handshake.ts";
import { openingRequests } from "../../../lib/protocol/stratum/pool_request.ts";
import { everyCut } from "../../support/any_cut.ts";
import { turn, turnsUntil } from "../../support/fake_clock.ts";
import { LogCapture } from "../../support/log_capture.ts";
import { linesToBytes } from "../../support/pool_lines.ts";
import {
  difficultyLine,
  HANDSHAKE_TIMEOUT_MS,
  STRATUM_LINES,
  stratumHandshake,
  stratumJob,
  StratumRig,
} from "../../support/stratum_rig.ts";

const PREV_HASH_2 = "cd".repeat(32);

/** The lines an ordinary pool says without version rolling. */
const WITHOUT_ROLLING = [
  '{"id":1,"result":{"version-rolling":false},"error":null}',
  ...stratumHandshake().slice(1),
];

const MASK = (mask: string) =>
  `{"id":null,"method":"mining.set_version_mask","params":["${mask}"]}`;

/** How many messages the log says mean nothing; of many it has the first few. */
function ignoredIn(log: LogCapture): number {
  return log.take().filter((line) => line.includes("without a meaning")).length;
}

// The handshake

Deno.test("The opening goes to the dial, and the session never writes it", async () => {
  const rig = new StratumRig();
  assert.equal(
    rig.opening.map((line) => line + "\n").join(""),
    openingRequests({
      version: "1.2.3",
      user: "bc1qfarm.main",
      password: "x",
      suggestedDifficulty: undefined,
    }),
  );
  await rig.connect();
  await rig.say(...stratumHandshake());
  assert.deepEqual(await rig.lines(), []);
  assert.deepEqual(rig.events.all, [{ ready: true }]);
  assert.equal(rig.session.bytesWritten, rig.dial.calls[0]!.opening!.length);
  assert.equal(rig.session.messagesWritten, 3);
  rig.session.close();
});

Deno.test("A suggested difficulty is in the opening", () => {
  const rig = new StratumRig({ suggestedDifficulty: 4096 });
  assert.equal(rig.opening.length, 4);
  assert.match(rig.opening[2]!, /suggest_difficulty","params":\[4096\]/);
  rig.session.close();
});

Deno.test("A ready session reports its terms", async () => {
  const rig = await StratumRig.ready();
  assert.deepEqual(rig.upstream.terms, {
    extranonce: { bytes: 8, offset: 2, idBytes: 2 },
    capacity: Infinity,
    startingDifficulty: 1024,
    poolDifficulty: 1024,
    difficulty: "vardiff",
    validation: "here",
    verdicts: "given",
    canSayTimeZero: true,
    retention: { jobs: 256, acrossClean: 0, ms: 240_000 },
  });
  assert.equal(rig.upstream.versionMask, 0x1fffe000);
  assert.equal(rig.upstream.latestJob.coinbase1, "010000000a0b0c0d");
  assert.equal(rig.upstream.takesWorkers, true);
  assert.equal(rig.upstream.isSilent, false);
  rig.session.close();
});

Deno.test("Trap 5: a pool that never answers configure is ready after three seconds", async () => {
  const rig = new StratumRig();
  await rig.connect();
  await rig.say(...stratumHandshake().slice(1));
  await rig.pass(CONFIGURE_WAIT_MS - 1);
  assert.deepEqual(rig.events.all, []);
  await rig.pass(1);
  assert.deepEqual(rig.events.all, [{ ready: true }]);
  assert.equal(rig.upstream.versionMask, 0);
  rig.submit(1, { versionBits: 0 });
  assert.equal(JSON.parse((await rig.lines())[0]!).params.length, 5);
  await rig.say(STRATUM_LINES.conf);
  assert.deepEqual(rig.events.all, [{ ready: true }, { mask: 0x1fffe000 }], "late but agreed");
  rig.submit(1, { versionBits: 0 });
  assert.equal(JSON.parse((await rig.lines())[0]!).params[5], "00000000");
  rig.session.close();
});

Deno.test("A pool that is late with its handshake is left, and the log says what is missing", async () => {
  for (
    const [lines, missing] of [
      [[], "the subscribe answer"],
      [stratumHandshake().slice(0, 4), "the authorize answer"],
      [[STRATUM_LINES.sub, STRATUM_LINES.auth], "a job"],
    ] as const
  ) {
    const rig = new StratumRig();
    await rig.connect();
    await rig.say(...lines);
    await rig.pass(HANDSHAKE_TIMEOUT_MS - 1);
    assert.equal(rig.events.endReason, undefined);
    await rig.pass(1);
    assert.equal(rig.events.endReason, `no answer: waited 15 s for ${missing}`);
    assert.equal(rig.events.endCause, "connection");
    assert.ok(rig.connection.isClosed);
  }
  const undialled = new StratumRig();
  await undialled.pass(HANDSHAKE_TIMEOUT_MS);
  assert.equal(undialled.events.endReason, "no answer: waited 15 s for a connection");
});

Deno.test("A name that is refused ends the session as the account's refusal", async () => {
  const rig = new StratumRig();
  await rig.connect();
  await rig.say(STRATUM_LINES.sub, '{"id":4,"result":false,"error":"Failed subscription"}');
  assert.equal(rig.events.endCause, "accountRefusal");
  assert.match(rig.events.endReason!, /"Failed subscription"/);
  assert.doesNotMatch(rig.events.endReason!, /password|"x"/);
});

Deno.test("A pool with too little room is refused with words", async () => {
  const rig = new StratumRig();
  await rig.connect();
  await rig.say('{"id":2,"result":[[],"0a0b0c0d0e",3],"error":null}');
  assert.equal(rig.events.endCause, "refusal");
  assert.match(rig.events.endReason!, /leaves 3 bytes for extranonce2, wanted 4 to 16/);
});

// What the pool says

Deno.test("A session reports the same at every cut of all that a pool may say", async () => {
  const stream = linesToBytes([
    '{"id":42,"method":"mining.ping","params":[]}',
    ...stratumHandshake(),
    difficultyLine("2e3"),
    stratumJob({ 0: "x2" }),
    '{"id":5,"result":true,"error":null}',
    '{"reject-reason":"Stale","result":false,"error":null,"id":6}',
    "Invalid JSON",
    MASK("00c00000"),
    "",
    '{"id":null,"method":"mining.set_extranonce","params":["EE",8]}',
    stratumJob({ 0: "x2" }),
    stratumJob({ 0: "x3", 1: PREV_HASH_2 }),
    stratumJob({ 0: "x4", 1: PREV_HASH_2 }),
  ]);
  const between = linesToBytes([
    '{"id":42,"method":"mining.ping","params":[]}',
    ...stratumHandshake(),
    difficultyLine("2e3"),
  ]).length;
  const expected = [
    { ready: true },
    { poolDifficulty: 2000, isAlone: false },
    { job: "x2", isClean: false, coinbase1: "010000000a0b0c0d" },
    { verdict: 0, status: 1798084231 },
    { verdict: 1, status: ERROR_CODE.jobNotFound },
    { mask: 0x00c00000 },
    { job: "x2", isClean: true, coinbase1: "01000000ee" },
    { job: "x3", isClean: true, coinbase1: "01000000ee" },
    { job: "x4", isClean: false, coinbase1: "01000000ee" },
  ];
  using log = new LogCapture();
  for (const { name, chunks } of everyCut(stream)) {
    const rig = new StratumRig();
    await rig.connect();
    for (const chunk of chunks) rig.connection.deliver(chunk);
    await turnsUntil(() => rig.events.all.length >= expected.length, "all events");
    // Between a difficulty and its job nobody can tell that one follows.
    const isCutBetween = name === "byte by byte" || name === `cut at byte ${between}`;
    const seen = rig.events.all.map((event) =>
      "poolDifficulty" in event ? { ...event, isAlone: event.isAlone && !isCutBetween } : event
    );
    assert.deepEqual(seen, expected, name);
    assert.equal(rig.session.bytesRead, stream.length);
    assert.equal(ignoredIn(log), 1, name);
    assert.equal((await rig.lines()).length, 1, "the pong");
    rig.session.close();
  }
});

Deno.test("Trap 10: a difficulty is alone when no job comes with it, and else tells before the job", async () => {
  const rig = await StratumRig.ready();
  await rig.say(difficultyLine(2048));
  await rig.say(difficultyLine(4096), stratumJob({ 0: "x2" }));
  await rig.say(stratumJob({ 0: "x3" }), difficultyLine(8192));
  await rig.say(difficultyLine(8192), stratumJob({ 0: "x4" }));
  assert.deepEqual(
    rig.events.all.map((event) => "job" in event ? event.job : event),
    [
      { poolDifficulty: 2048, isAlone: true },
      { poolDifficulty: 4096, isAlone: false },
      "x2",
      "x3",
      { poolDifficulty: 8192, isAlone: true },
      "x4",
    ],
    "what is said again is no change",
  );
  rig.session.close();
});

Deno.test("A difficulty whose job is cut in the middle waits for it, and is not alone", async () => {
  const rig = await StratumRig.ready();
  const bytes = linesToBytes([difficultyLine(2048), stratumJob({ 0: "x2" })]);
  await rig.deliver(bytes.subarray(0, bytes.length - 20));
  assert.deepEqual(rig.events.all, []);
  await rig.deliver(bytes.subarray(bytes.length - 20));
  assert.deepEqual(rig.events.all[0], { poolDifficulty: 2048, isAlone: false });
  // Not for any number of reads.
  rig.events.all.length = 0;
  await rig.deliver(linesToBytes([difficultyLine(4096)]));
  await rig.deliver([...linesToBytes([difficultyLine(8192)]), 0x7b]);
  for (let i = 0; i < 5; i++) await rig.deliver([0x20]);
  assert.deepEqual(rig.events.all, [
    { poolDifficulty: 4096, isAlone: true },
    { poolDifficulty: 8192, isAlone: true },
  ]);
  rig.session.close();
});

Deno.test("Trap 2: jobs are good for four minutes after the next, and never across a clean one", async () => {
  const rig = await StratumRig.ready();
  const { ms, acrossClean } = rig.upstream.terms.retention;
  assert.ok(ms <= 240_000, "the strictest pool closes at five minutes");
  assert.equal(acrossClean, 0);
  rig.session.close();
});

Deno.test("Trap 11: an idle connection's difficulty may sink to almost nothing, and its end is no refusal", async () => {
  const rig = await StratumRig.ready();
  for (const difficulty of ["170.6", "28.4", "0.00001", "1e-12"]) {
    await rig.say(difficultyLine(difficulty));
  }
  assert.deepEqual(
    rig.events.all.map((event) => "poolDifficulty" in event && event.poolDifficulty),
    [170.6, 28.4, 0.00001, 2 ** -32],
  );
  rig.connection.end();
  await turn();
  assert.equal(rig.events.endCause, "close");
});

Deno.test("Trap 13: the same extranonce1 may come on two connections; no session is ever resumed", async () => {
  const [one, other] = [await StratumRig.ready(), await StratumRig.ready()];
  assert.equal(one.upstream.latestJob.coinbase1, other.upstream.latestJob.coinbase1);
  assert.deepEqual([one.submit(1), other.submit(1)], [5, 5], "each counts its own shares");
  const subscribe = JSON.parse(other.opening[1]!);
  assert.deepEqual(subscribe.params, ["btcagent/1.2.3"]);
  one.session.close();
  other.session.close();
});

Deno.test("A first job that is not clean is handed on as it is, and the mux takes it for the first", async () => {
  const rig = await StratumRig.ready();
  assert.equal(rig.upstream.latestJob.isClean, false);
  rig.session.close();
});

Deno.test("set_extranonce of the same size counts from the next job on, which is clean", async () => {
  const rig = await StratumRig.ready();
  await rig.say('{"id":null,"method":"mining.set_extranonce","params":["EEFF",8]}');
  assert.deepEqual(rig.events.all, []);
  assert.equal(rig.upstream.latestJob.coinbase1, "010000000a0b0c0d");
  await rig.say(stratumJob());
  assert.deepEqual(rig.events.all, [
    { job: "6b0d7b2600000001", isClean: true, coinbase1: "01000000eeff" },
  ]);
  rig.session.close();
});

Deno.test("set_extranonce of another size ends the connection, with the sizes", async () => {
  const rig = await StratumRig.ready();
  await rig.say('{"id":null,"method":"mining.set_extranonce","params":["EEFF",6]}');
  assert.equal(
    rig.events.endReason,
    "the pool changed the size of extranonce2 from 8 bytes to 6",
  );
});

Deno.test("A pool without version rolling cannot switch it on later, nor is a sixth parameter sent", async () => {
  const rig = await StratumRig.ready(WITHOUT_ROLLING);
  await rig.say(MASK("1fffe000"));
  assert.deepEqual(rig.events.all, []);
  assert.equal(rig.upstream.versionMask, 0);
  rig.submit(1, { versionBits: 0x2000 });
  assert.equal(JSON.parse((await rig.lines())[0]!).params.length, 5);
  rig.session.close();
});

Deno.test("A pool that changes its version mask more than six times in a minute is left", async () => {
  const rig = await StratumRig.ready();
  await rig.say(...Array.from({ length: 50 }, () => MASK("1fffe000")));
  for (let change = 0; change < 6; change++) await rig.say(MASK(`00${change}fe000`));
  assert.equal(rig.events.endReason, undefined);
  await rig.say(MASK("1fffe000"));
  assert.match(rig.events.endReason!, /version mask more than 6 times in a minute/);
});

Deno.test("Trap 6: after an agreement the sixth parameter is always there, also with a mask of 0", async () => {
  const rig = await StratumRig.ready();
  rig.submit(42, { extranonce2: 0x18334cb2, versionBits: 0 });
  await rig.say(MASK("0"));
  assert.equal(rig.upstream.versionMask, 0);
  rig.submit(42, { extranonce2: 0x18334cb2, versionBits: 0 });
  const [first, second] = await rig.lines();
  assert.equal(
    first,
    '{"id":5,"method":"mining.submit","params":["bc1qfarm.main","6b0d7b2600000001",' +
      '"0000002a18334cb2","650d1b20","1234abcd","00000000"]}',
  );
  assert.equal(second, first!.replace('"id":5', '"id":6'));
  rig.session.close();
});

Deno.test("Trap 4: every share is sent under the authorized name, whichever miner it is from", async () => {
  const rig = await StratumRig.ready();
  rig.enter(1);
  rig.enter(2);
  rig.submit(1);
  rig.submit(2);
  const names = (await rig.lines()).map((line) => JSON.parse(line).params[0]);
  assert.deepEqual(names, ["bc1qfarm.main", "bc1qfarm.main"]);
  rig.session.close();
});

Deno.test("Verdicts are matched by id, in any order; unknown ids are also reported, and counted astray", async () => {
  const rig = await StratumRig.ready();
  using log = new LogCapture();
  const [first, second] = [rig.submit(1), rig.submit(2)];
  await rig.say(
    `{"id":${second},"result":true,"error":null}`,
    `{"result":null,"error":[23,"low difficulty share of 0.1"],"id":${first}}`,
    '{"id":9999,"result":true,"error":null}',
    '{"id":null,"result":null,"error":[20,"what",null]}',
    '{"id":2,"result":true,"error":null}',
  );
  assert.deepEqual(rig.events.all.map((event) => "verdict" in event && event.verdict), [
    1,
    0,
    9994,
  ]);
  assert.equal(ignoredIn(log), 2);
  rig.session.close();
});

Deno.test("A refusal of our name is an error in the log, once a minute", async () => {
  const rig = await StratumRig.ready();
  using log = new LogCapture();
  const refuse = (id: number) =>
    `{"id":${id},"result":null,"error":[24,"unauthorized worker",null]}`;
  for (let i = 0; i < 10; i++) await rig.say(refuse(rig.submit(1)));
  const lines = log.take().filter((line) => line.includes("accepts no shares under the name"));
  assert.equal(lines.length, 1);
  assert.match(lines[0]!, /bc1qfarm\.main.*24 unauthorized worker/);
  rig.session.close();
});

Deno.test("A refusal of another kind raises no alarm, whatever its text", async () => {
  const rig = await StratumRig.ready();
  using log = new LogCapture();
  const words = "x".repeat(80) + " unauthorized";
  await rig.say(`{"id":${rig.submit(1)},"result":null,"error":[20,"${words}",null]}`);
  assert.deepEqual(log.take().filter((line) => line.startsWith("error")), []);
  rig.session.close();
});

Deno.test("Shares that may be blocks go first, and shares that wait too long in line are given up", async () => {
  const rig = await StratumRig.ready();
  for (let i = 0; i < 1100; i++) rig.submit(1);
  const block = rig.submit(1, {}, {}, true);
  const ids = (await rig.lines()).map((line) => JSON.parse(line).id);
  assert.ok(ids.indexOf(block) < 60, "behind what is in the kernel's hands alone");
  assert.ok(rig.events.abandonedSerials.length > 0);
  rig.session.close();
});

// Miners that leave

Deno.test("A miner that leaves is forgotten at once, or when its last share is judged", async () => {
  const rig = await StratumRig.ready();
  for (const id of [1, 2, 3]) rig.enter(id);
  rig.upstream.leave(1, false);
  assert.deepEqual(rig.events.unregistered, [1]);
  rig.upstream.leave(2, true);
  rig.upstream.enter({ sessionId: 2, account: "", name: "rig", clientAgent: "" });
  rig.upstream.leave(2, true);
  assert.deepEqual(rig.events.unregistered, [1]);
  rig.upstream.settled(2);
  assert.deepEqual(rig.events.unregistered, [1, 2, 2], "once for each time it left");
  rig.upstream.settled(2);
  rig.upstream.settled(3);
  assert.deepEqual(rig.events.unregistered, [1, 2, 2]);
  rig.upstream.leave(3, true);
  rig.upstream.enter({ sessionId: 3, account: "", name: "rig", clientAgent: "" });
  rig.upstream.leave(3, false);
  assert.deepEqual(
    rig.events.unregistered,
    [1, 2, 2, 3, 3],
    "also if its shares are judged before",
  );
  rig.session.close();
});

// What else a pool says

Deno.test("Questions of a pool are answered, at a bounded rate, in the handshake too", async () => {
  const rig = new StratumRig();
  await rig.connect();
  await rig.say(
    '{"params":[],"id":42,"method":"mining.ping"}',
    '{"id":"v","method":"client.get_version","params":[]}',
    '{"id":8,"method":"mining.whatever","params":[]}',
    '{"id":null,"method":"mining.whatever","params":[]}',
    '{"method":"mining.ping"}',
  );
  assert.deepEqual(await rig.lines(), [
    '{"id":42,"result":"pong","error":null}',
    '{"id":"v","result":"btcagent/1.2.3","error":null}',
    '{"id":8,"result":null,"error":[20,"Unknown",null]}',
  ]);
  for (let i = 0; i < 100; i++) await rig.say('{"id":1,"method":"mining.ping"}');
  assert.ok((await rig.lines()).length < 30);
  rig.session.close();
});

Deno.test("client.reconnect ends the connection, whatever host it names, also in the handshake", async () => {
  const line = '{"id":null,"method":"client.reconnect","params":["evil.example",3333,0]}';
  const rig = await StratumRig.ready();
  await rig.say(line);
  assert.equal(rig.events.endReason, "the pool asked for a new connection");
  assert.equal(rig.dial.calls.length, 1);
  const early = new StratumRig();
  await early.connect();
  await early.say(line);
  assert.equal(early.events.endCause, "connection");
});

Deno.test("What a pool shows is logged a few times a minute, printable and short", async () => {
  const rig = await StratumRig.ready();
  using log = new LogCapture();
  for (let i = 0; i < 20; i++) {
    await rig.say(
      `{"id":null,"method":"client.show_message","params":["\\u001b[2J${"x".repeat(900)}"]}`,
    );
  }
  const lines = log.take().filter((line) => line.includes("says"));
  assert.equal(lines.length, 3);
  assert.doesNotMatch(lines[0]!, /[^\x20-\x7e\n]|x{300}/);
  rig.session.close();
});

Deno.test("Lines without a meaning are counted and logged a few times; a pool that sends only those is left", async () => {
  const rig = await StratumRig.ready();
  using log = new LogCapture();
  for (let i = 0; i < 99; i++) await rig.say(i % 2 === 0 ? "Invalid JSON" : difficultyLine(0));
  assert.equal(rig.events.endReason, undefined);
  assert.equal(ignoredIn(log), 3);
  for (let i = 0; i < 99; i++) await rig.say("HTTP/1.1 400 Bad Request");
  assert.match(rig.events.endReason!, /101 of its messages have no meaning.*HTTP/);
  assert.equal(rig.events.endCause, "refusal");
});

Deno.test("A pool that sends too much is left", async () => {
  const rig = await StratumRig.ready();
  const flood = linesToBytes(Array.from({ length: 200 }, (_, i) => stratumJob({ 0: `f${i}` })));
  for (let i = 0; i < 100 && rig.events.endReason === undefined; i++) {
    rig.connection.deliver(flood);
    for (let turns = 0; turns < 10; turns++) await turn();
  }
  assert.match(rig.events.endReason!, /Cannot read on from this pool/);
});

Deno.test("Many small lines, even blank ones, are too much long before their bytes are", async () => {
  for (const line of ["", difficultyLine(1024)]) {
    const rig = await StratumRig.ready();
    await rig.say(...Array(1_550).fill(line));
    for (let turns = 0; turns < 50; turns++) await turn();
    assert.equal(rig.events.endReason, undefined);
    await rig.say(...Array(100).fill(line));
    await turnsUntil(() => rig.events.endReason !== undefined, "it ends");
    assert.match(rig.events.endReason!, /Cannot read on from this pool: \d+ messages/);
  }
});

Deno.test("Shares that waited for a pool to be heard go on with its next line", async () => {
  const rig = await StratumRig.ready();
  for (let second = 0; second < 5; second++) {
    await rig.pass(1000);
    for (let i = 0; i < 20; i++) rig.submit(1);
  }
  const before = (await rig.lines()).length;
  assert.ok(before < 100);
  await rig.pass(1000);
  assert.deepEqual(await rig.lines(), []);
  await rig.say(stratumJob({ 0: "x2" }));
  await turn();
  assert.equal((await rig.lines()).length, 100 - before);
  rig.session.close();
});

Deno.test("A job that cannot be read ends the connection; what came before it counts", async () => {
  const rig = await StratumRig.ready();
  await rig.say(stratumJob({ 0: "x2" }), stratumJob({ 6: "nothing" }), stratumJob({ 0: "x3" }));
  assert.equal(rig.events.all.length, 2);
  assert.match(rig.events.endReason!, /bits field/);
});

// Silence

Deno.test("A pool is dead after two minutes without a byte, and is never asked anything", async () => {
  const rig = await StratumRig.ready();
  for (let second = 0; second < 119; second++) await rig.pass(1000);
  assert.equal(rig.events.endReason, undefined);
  await rig.pass(1000);
  assert.equal(rig.events.endReason, "silent: no bytes for 120 s");
  assert.deepEqual(await rig.lines(), []);
});

Deno.test("While a share waits for its verdict a pool is dead after 30 s of silence", async () => {
  const rig = await StratumRig.ready();
  for (let second = 0; second < 60; second++) await rig.pass(1000);
  rig.submit(1);
  for (let second = 0; second < 15; second++) await rig.pass(1000);
  assert.equal(rig.upstream.isSilent, true, "miners are not moved there");
  for (let second = 0; second < 14; second++) await rig.pass(1000);
  assert.equal(rig.events.endReason, undefined);
  await rig.pass(1000);
  assert.match(rig.events.endReason!, /shares wait for verdicts, and no bytes for 30 s/);
});

Deno.test("A verdict, and anything else that comes, keeps a pool alive", async () => {
  const rig = await StratumRig.ready();
  const id = rig.submit(1);
  for (let minute = 0; minute < 10; minute++) {
    for (let second = 0; second < 25; second++) await rig.pass(1000);
    await rig.say(stratumJob({ 0: `x${minute}` }));
  }
  await rig.say(`{"id":${id},"result":true,"error":null}`);
  for (let second = 0; second < 119; second++) await rig.pass(1000);
  assert.equal(rig.events.endReason, undefined);
  rig.session.close();
});

Deno.test("The operator's time-out is taken where there is one", async () => {
  const rig = await StratumRig.ready(stratumHandshake(), { readTimeoutMs: 20_000 });
  for (let second = 0; second < 20; second++) await rig.pass(1000);
  assert.equal(rig.events.endReason, "silent: no bytes for 20 s");
});

// Ends

Deno.test("A pool that closes, breaks or takes no write ends the session once", async () => {
  for (
    const [act, reason] of [
      [(rig: StratumRig) => rig.connection.end(), /closed the connection/],
      [
        (rig: StratumRig) => rig.connection.fail(new Deno.errors.ConnectionReset("reset")),
        /closed the connection/,
      ],
      [
        (rig: StratumRig) => {
          rig.connection.isHolding = true;
          rig.submit(1);
          rig.connection.failWrite(new Error("broken pipe"));
        },
        /broken pipe/,
      ],
    ] as const
  ) {
    const rig = await StratumRig.ready();
    act(rig);
    await turn();
    assert.match(rig.events.endReason!, reason);
    assert.equal(rig.events.all.length, 1);
    assert.ok(rig.connection.isClosed);
    rig.upstream.submit(9, 1, { poolJobId: "a", ntime: 1, version: 1 }, {} as never, false);
    rig.upstream.leave(1, false);
    assert.equal(rig.events.all.length, 1, "nothing is told after the end");
  }
});

Deno.test("A pool that closes or resets before it gives work is reported with what to check", async () => {
  const reset = new Deno.errors.ConnectionReset("reset");
  for (
    const act of [
      (rig: StratumRig) => rig.connection.end(),
      (rig: StratumRig) => rig.connection.fail(reset),
    ]
  ) {
    const rig = new StratumRig();
    await rig.connect();
    await rig.say(STRATUM_LINES.sub);
    act(rig);
    await turn();
    assert.equal(
      rig.events.endReason,
      "the pool closed the connection before the authorize answer came; check its port, whether it " +
        "wants TLS (stratum+ssl://) or agents (btcagent+tcp://), and whether it blocks this address",
    );
    assert.equal(rig.events.endCause, "close");
  }
});

Deno.test("A dial that fails ends the session; one answered after the close is closed", async () => {
  const rig = new StratumRig();
  rig.dial.calls[0]!.refuse(new Error("no route"));
  await turn();
  assert.equal(rig.events.endReason, "no route");
  const late = new StratumRig();
  late.dial.isDeaf = true;
  late.session.close();
  late.dial.calls[0]!.answer(late.connection);
  await turn();
  assert.ok(late.connection.isClosed);
  assert.deepEqual(late.events.all, []);
});

Deno.test("Any bytes of a pool, before or after it is ready, end its session at most once and throw nothing", async () => {
  const words = fc.constantFrom(
    ...stratumHandshake(),
    difficultyLine("1e400"),
    stratumJob({ 5: "zz" }),
    MASK("ffffffff"),
    '{"id":5,"result":true}',
    '{"id":1e300,"result":true}',
    "{",
    "\n",
    "[[[[",
  );
  const input = fc.array(fc.oneof(words, fc.string()), { maxLength: 12 });
  using _log = new LogCapture();
  await fc.assert(
    fc.asyncProperty(input, fc.boolean(), async (lines, isReady) => {
      const rig = isReady ? await StratumRig.ready() : new StratumRig();
      if (!isReady) await rig.connect();
      await rig.say(...lines);
      const ends = rig.events.all.filter((event) => "ended" in event);
      assert.ok(ends.length <= 1);
      assert.doesNotMatch(rig.events.endReason ?? "", /TypeError|RangeError|Cannot read prop/);
      rig.session.close();
    }),
    { numRuns: 300 },
  );
});
