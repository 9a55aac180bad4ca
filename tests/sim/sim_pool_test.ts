import assert from "node:assert/strict";
import { parseHex32 } from "../../lib/base/hex.ts";
import { systemTime } from "../../lib/base/system_time.ts";
import { appendExtranonce1, jobTime } from "../../lib/protocol/stratum/job.ts";
import { ERROR_CODE } from "../../lib/protocol/stratum/error_code.ts";
import { POOL_STATUS, SHARE_ACCEPTED } from "../../lib/protocol/agent/status.ts";
import { coinbaseOf, headerOf, merkleRoot } from "../../lib/bitcoin/header.ts";
import { difficultyOf } from "../../lib/bitcoin/target.ts";
import { findNonce } from "../../lib/sim/nonce_search.ts";
import type { SimPoolOptions } from "../../lib/sim/pool_settings.ts";
import { SimPool } from "../../lib/sim/sim_pool.ts";
import { RawAgent, type Received, submitFrame } from "./raw_agent.ts";

/** A pool that believes every hash and whose intervals never end. */
function believingPool(options: SimPoolOptions = {}): Promise<SimPool> {
  return SimPool.start({ proofOfWork: false, ...options });
}

function indexes(agent: RawAgent): number[] {
  return agent.verdicts.map(({ index }) => index).sort((a, b) => a - b);
}

function statusOf(agent: RawAgent, index: number): number | undefined {
  return agent.verdicts.find((verdict) => verdict.index === index)?.status;
}

Deno.test("the handshake is answered line for line as the real pool does", async () => {
  await using pool = await believingPool({ difficulty: 16384 });
  await using agent = await RawAgent.connect(pool);
  agent.line("caps", "agent.get_capabilities", [["verrol", "subres"]]);
  agent.line("conf", "mining.configure", [["version-rolling"], {
    "version-rolling.mask": "ffffffff",
    "version-rolling.min-bit-count": 0,
  }]);
  agent.line("sub", "mining.subscribe", ["btccom-agent/3.0.0-deno"]);
  agent.line("auth", "mining.authorize", ["subaccount", ""]);
  await agent.until(() => agent.jobs.length === 1);
  const [caps, conf, mask, sub, auth, difficulty, notify] = agent.received as Received[];
  assert.deepEqual(caps, { id: "caps", result: { capabilities: ["verrol", "subres"] } });
  assert.deepEqual(conf, {
    id: "conf",
    result: { "version-rolling": true, "version-rolling.mask": "1fffe000" },
    error: null,
  });
  assert.deepEqual(mask, { id: null, method: "mining.set_version_mask", params: ["1fffe000"] });
  assert.deepEqual(sub, {
    id: "sub",
    result: [[["mining.set_difficulty", "01000001"], ["mining.notify", "01000001"]], "01000001", 8],
    error: null,
  });
  assert.deepEqual(auth, { id: "auth", result: true, error: null });
  assert.deepEqual(difficulty, { id: null, method: "mining.set_difficulty", params: [16384] });
  assert.equal((notify as { method: string }).method, "mining.notify");
  assert.equal(agent.jobs[0]!.id, "0");
  assert.equal(agent.jobs[0]!.isClean, true);
});

Deno.test("authorize fails before subscribe, for no account and an unknown one, and may be tried again", async () => {
  await using pool = await believingPool({ accounts: ["sub1"] });
  await using agent = await RawAgent.connect(pool);
  agent.line("early", "mining.authorize", ["sub1", ""]);
  agent.line("sub", "mining.subscribe", ["btccom-agent/1"]);
  agent.line("again", "mining.subscribe", ["btccom-agent/1"]);
  agent.line("none", "mining.authorize", [".rig", ""]);
  agent.line("unknown", "mining.authorize", ["sub2", ""]);
  agent.line("good", "mining.authorize", ["Sub1.x", ""]);
  agent.line("twice", "mining.authorize", ["sub1", ""]);
  await agent.until(() => agent.answer("twice") !== undefined);
  const code = (id: string) => agent.answer(id)!.error?.[0];
  assert.equal(code("early"), 25);
  assert.equal(code("again"), 2147483647);
  assert.equal(code("none"), 29);
  assert.equal(code("unknown"), 29);
  assert.equal(agent.answer("good")!.result, true);
  assert.equal(code("twice"), 25);
});

Deno.test("ids are echoed unchanged: numbers and texts, and null for anything else", async () => {
  await using pool = await believingPool();
  await using agent = await RawAgent.connect(pool);
  for (const id of ["0", "-7", '"x"', "1.5", "null", "[1]"]) {
    agent.send(new TextEncoder().encode(
      `{"id":${id},"method":"agent.get_capabilities","params":[["subres"]]}\n`,
    ));
  }
  await agent.until(() => agent.lines.length === 6);
  assert.deepEqual(agent.lines.map(({ id }) => id), [0, -7, "x", null, null, null]);
});

Deno.test("capabilities with empty params are counted: the real pool would have died (trap 1)", async () => {
  await using pool = await believingPool();
  await using agent = await RawAgent.connect(pool);
  agent.line("a", "agent.get_capabilities", []);
  agent.line("b", "agent.get_capabilities", [[]]);
  await agent.until(() => agent.answer("b") !== undefined);
  assert.equal(pool.statistics().fatalCapabilities, 1);
});

Deno.test("only submits of the right length for a registered session get an index (trap 2)", async () => {
  await using pool = await believingPool();
  await using agent = await RawAgent.authorized(pool);
  agent.register(1, "rig1");
  agent.submit(1, { nonce: 1 }); // 0
  agent.submit(9, { nonce: 2 }); // nobody's
  // The public document's example: version field, but a length of 15.
  const tooLong = submitFrame(1, { nonce: 3, versionBits: 0x2000 }).slice();
  tooLong[1] = 0x02;
  agent.send(tooLong);
  agent.submit(1, { nonce: 4, ntime: jobTime(agent.jobs[0]!) + 1 }); // 1
  agent.unregister(1);
  agent.submit(1, { nonce: 5 });
  agent.register(1, "rig1");
  agent.submit(1, { nonce: 6, versionBits: 0x2000 }); // 2
  await agent.until(() => agent.verdicts.some(({ index }) => index === 2));
  const { submits, unregisteredSubmits, wrongLengthSubmits } = pool.statistics();
  assert.deepEqual({ submits, unregisteredSubmits, wrongLengthSubmits }, {
    submits: 3,
    unregisteredSubmits: 2,
    wrongLengthSubmits: 1,
  });
  // 0 and 1 were of a worker that had left before their check: counted, never answered.
  assert.deepEqual(indexes(agent), [2]);
  assert.equal(pool.statistics().accepted, 3);
});

Deno.test("a register of 100 bytes is taken; longer, shorter and for session 0xffff is dropped", async () => {
  await using pool = await believingPool();
  await using agent = await RawAgent.authorized(pool);
  const frame = (sessionId: number, body: string) => {
    const bytes = new Uint8Array(6 + body.length);
    bytes.set([0x7f, 0x01, bytes.length, 0, sessionId & 0xff, sessionId >> 8]);
    bytes.set(new TextEncoder().encode(body), 6);
    return bytes;
  };
  agent.send(frame(1, "\0" + "a".repeat(92) + "\0"));
  agent.send(frame(2, "\0" + "b".repeat(93) + "\0"));
  agent.send(frame(3, "x"));
  agent.send(frame(0xffff, "m\0rig\0"));
  agent.send(frame(4, "m 1\0rig 1,=@\0"));
  agent.send(frame(5, "\0\0"));
  agent.send(frame(6, "only one zero\0"));
  await agent.settled();
  assert.equal(pool.statistics().droppedRegisters, 3);
  assert.deepEqual(
    pool.workers().map((worker) => [worker.sessionId, worker.clientAgent, worker.workerName]),
    [
      [1, "", "a".repeat(92)],
      [4, "m1", "rig1"],
      [5, "", "__default__"],
      [6, "onlyonezero", "__default__"],
    ],
  );
  assert.ok(!pool.registeredNames.has("b".repeat(93)));
});

Deno.test("registering a session again keeps the old worker until it is unregistered (trap 7)", async () => {
  await using pool = await believingPool();
  await using agent = await RawAgent.authorized(pool);
  agent.register(1, "old");
  agent.register(1, "new");
  agent.submit(1, { nonce: 1 });
  await agent.until(() => agent.verdicts.length === 1);
  agent.unregister(1);
  agent.register(1, "new");
  agent.submit(1, { nonce: 2 });
  await agent.until(() => agent.verdicts.length === 2);
  assert.deepEqual(pool.statistics().acceptedByWorker, new Map([["old", 1], ["new", 1]]));
});

Deno.test("verdicts asked for before authorize never come, yet submits are numbered (trap 3)", async () => {
  await using pool = await believingPool();
  await using agent = await RawAgent.connect(pool);
  agent.line("caps", "agent.get_capabilities", [["subres"]]);
  agent.line("sub", "mining.subscribe", ["btccom-agent/1"]);
  agent.line("auth", "mining.authorize", ["sub1", ""]);
  agent.line("bare", "agent.get_capabilities", ["subres"]);
  agent.register(1, "rig1");
  agent.submit(1, { nonce: 1 });
  await pool.until(() => pool.statistics().accepted === 1);
  agent.line("late", "agent.get_capabilities", [["subres"]]);
  agent.submit(1, { nonce: 2 });
  await agent.until(() => agent.verdicts.length > 0);
  assert.deepEqual(agent.verdicts, [{ index: 1, status: SHARE_ACCEPTED }]);
});

Deno.test("a late authorize forgets verdicts asked for meanwhile", async () => {
  await using pool = await believingPool();
  await pool.setFaults({ authorizeDelayMs: 20 });
  await using agent = await RawAgent.connect(pool);
  agent.line("sub", "mining.subscribe", ["btccom-agent/1"]);
  agent.line("auth", "mining.authorize", ["sub1", ""]);
  agent.line("caps", "agent.get_capabilities", [["subres"]]);
  await agent.until(() => agent.answer("auth") !== undefined);
  assert.ok(
    agent.lines.indexOf(agent.answer("caps")!) < agent.lines.indexOf(agent.answer("auth")!),
  );
  agent.register(1, "rig1");
  agent.submit(1);
  await pool.until(() => pool.statistics().accepted === 1);
  assert.equal(pool.statistics().verdictsWithheld, 1);
});

Deno.test("frames of clients other than agents, and frames before authorize, are ignored", async () => {
  await using pool = await believingPool();
  await using agent = await RawAgent.connect(pool);
  agent.register(1, "early");
  agent.line("sub", "mining.subscribe", ["Btccom-agent/1"]);
  agent.line("auth", "mining.authorize", ["sub1", ""]);
  agent.register(1, "late");
  await agent.settled();
  assert.equal(pool.statistics().ignoredFrames, 2);
  assert.equal(pool.statistics().workersNow, 0);
});

Deno.test("a frame length below 4 jams the connection forever (trap 8)", async () => {
  await using pool = await believingPool();
  await using agent = await RawAgent.authorized(pool);
  agent.send(Uint8Array.of(0x7f, 0x02, 3, 0));
  agent.line("after", "agent.get_capabilities", [["subres"]]);
  agent.register(1, "rig1");
  await pool.until(() => pool.statistics().jammedConnections === 1);
  pool.newJob();
  await agent.until(() => agent.jobs.length === 2);
  assert.equal(agent.answer("after"), undefined);
  assert.equal(pool.statistics().workersNow, 0);
});

Deno.test("a submit that states too short a length costs the next line, not the connection", async () => {
  await using pool = await believingPool();
  await using agent = await RawAgent.authorized(pool);
  agent.register(1, "rig1");
  // 19 bytes behind a header that says 15: the last four are read as the start of a line.
  const frame = submitFrame(1, { versionBits: 0x41414141 }).slice();
  frame[2] = 15;
  agent.send(frame);
  agent.line("lost", "agent.get_capabilities", [["subres"]]);
  agent.line("kept", "agent.get_capabilities", [["subres"]]);
  await agent.until(() => agent.answer("kept") !== undefined);
  assert.equal(agent.answer("lost"), undefined);
  assert.deepEqual(
    [pool.statistics().wrongLengthSubmits, pool.statistics().badLines],
    [1, 1],
  );
});

Deno.test("the submit index goes from 65535 to 0", async () => {
  await using pool = await believingPool({ verdictDelayMs: 0 });
  await using agent = await RawAgent.authorized(pool);
  agent.register(1, "rig1");
  // Unknown jobs are judged at once, so the last verdicts can be told from the first.
  const frame = submitFrame(1, { jobId: 200 });
  const many = new Uint8Array(frame.length * 32768);
  for (let at = 0; at < many.length; at += frame.length) many.set(frame, at);
  agent.send(many);
  await agent.until(() => agent.verdicts.length === 32768);
  agent.send(many);
  await agent.until(() => agent.verdicts.length === 65536);
  agent.submit(1, { nonce: 1 });
  await agent.until(() => agent.verdicts.length === 65537);
  assert.equal(agent.verdicts[65535]!.index, 65535);
  assert.deepEqual(agent.verdicts[65536], { index: 0, status: SHARE_ACCEPTED });
});

Deno.test("unknown jobs and duplicates are answered at once, ahead of shares that need a hash", async () => {
  await using pool = await believingPool();
  await using agent = await RawAgent.authorized(pool);
  agent.register(1, "rig1");
  const time = jobTime(agent.jobs[0]!);
  agent.submit(1, { nonce: 1 });
  agent.submit(1, { nonce: 1, ntime: time }); // the same share, its time spelled out
  agent.submit(1, { jobId: 77, nonce: 1 });
  agent.submit(1, { nonce: 1, ntime: time + 1 });
  await agent.until(() => agent.verdicts.length === 4);
  assert.deepEqual(agent.verdicts.slice(0, 2), [
    { index: 1, status: ERROR_CODE.duplicate },
    { index: 2, status: POOL_STATUS.jobNotFound },
  ]);
  assert.deepEqual(indexes(agent), [0, 1, 2, 3]);
  assert.equal(statusOf(agent, 3), SHARE_ACCEPTED);
});

Deno.test("verdicts of shares checked together come out of order", async () => {
  await using pool = await believingPool();
  await using agent = await RawAgent.authorized(pool);
  agent.register(1, "rig1");
  for (let nonce = 0; nonce < 50; nonce++) agent.submit(1, { nonce });
  await agent.until(() => agent.verdicts.length === 50);
  const inOrder = Array.from({ length: 50 }, (_, i) => i);
  assert.deepEqual(indexes(agent), inOrder);
  assert.notDeepEqual(agent.verdicts.map(({ index }) => index), inOrder);
});

Deno.test("at a clean job three older ones are kept: stale is 37, forgotten is 36", async () => {
  await using pool = await believingPool();
  await using agent = await RawAgent.authorized(pool);
  agent.register(1, "rig1");
  for (let i = 0; i < 5; i++) pool.newJob(); // jobs 1 to 5
  pool.newBlock(); // job 6
  await agent.until(() => agent.jobs.length === 7);
  for (let jobId = 0; jobId <= 7; jobId++) agent.submit(1, { jobId });
  await agent.until(() => agent.verdicts.length === 8);
  assert.deepEqual(Array.from({ length: 8 }, (_, index) => statusOf(agent, index)), [
    36,
    36,
    36,
    37,
    37,
    37,
    SHARE_ACCEPTED,
    36,
  ]);
});

Deno.test("jobs of one height stay valid until their id is used again", async () => {
  await using pool = await believingPool();
  await using agent = await RawAgent.authorized(pool);
  agent.register(1, "rig1");
  for (let i = 0; i < 255; i++) pool.newJob();
  await agent.until(() => agent.jobs.length === 256);
  const times = agent.jobs.map(jobTime);
  agent.submit(1, { jobId: 0, nonce: 1, ntime: times[0]! });
  agent.submit(1, { jobId: 255, nonce: 1 });
  await agent.until(() => agent.verdicts.length === 2);
  assert.deepEqual(agent.verdicts.map(({ status }) => status), [SHARE_ACCEPTED, SHARE_ACCEPTED]);
  pool.newJob();
  await agent.until(() => agent.jobs.length === 257);
  assert.equal(agent.jobs[256]!.id, "0");
  // The same share is a new one on the new job 0.
  agent.submit(1, { jobId: 0, nonce: 1, ntime: times[0]! });
  await agent.until(() => agent.verdicts.length === 3);
  assert.equal(statusOf(agent, 2), SHARE_ACCEPTED);
});

Deno.test("old jobs expire once newer ones exist", async () => {
  let now = 1_700_000_000_000;
  await using pool = await believingPool({ time: { ...systemTime, wallNow: () => now } });
  await using agent = await RawAgent.authorized(pool);
  agent.register(1, "rig1");
  now += 301_000;
  agent.submit(1, { jobId: 0, nonce: 1 });
  await agent.until(() => agent.verdicts.length === 1);
  pool.newJob();
  agent.submit(1, { jobId: 0, nonce: 2 });
  await agent.until(() => agent.verdicts.length === 2);
  assert.deepEqual(agent.verdicts.map(({ status }) => status), [SHARE_ACCEPTED, 36]);
});

Deno.test("a job sent again has a new id and repeats its clean flag", async () => {
  await using pool = await believingPool();
  await using agent = await RawAgent.authorized(pool);
  pool.resendJob();
  pool.newJob();
  pool.resendJob();
  await agent.until(() => agent.jobs.length === 4);
  assert.deepEqual(agent.jobs.map(({ id, isClean }) => [id, isClean]), [
    ["0", true],
    ["1", true],
    ["2", false],
    ["3", false],
  ]);
  assert.deepEqual({ ...agent.jobs[3], id: "2" }, agent.jobs[2]);
});

Deno.test("a connection's first job is clean even when the work is not", async () => {
  await using pool = await believingPool();
  pool.newJob();
  await using agent = await RawAgent.authorized(pool);
  assert.equal(agent.jobs[0]!.isClean, true);
});

Deno.test("times too old and too new and foreign version bits are refused", async () => {
  await using pool = await believingPool();
  await using agent = await RawAgent.authorized(pool);
  agent.register(1, "rig1");
  const time = jobTime(agent.jobs[0]!);
  const cases = [
    [{ ntime: time + 600 }, SHARE_ACCEPTED],
    [{ ntime: time + 601 }, 32],
    [{ ntime: time - 3600 }, SHARE_ACCEPTED],
    [{ ntime: time - 3601 }, 31],
    [{ ntime: 0 }, SHARE_ACCEPTED],
    [{ versionBits: 0x1fffe000 }, SHARE_ACCEPTED],
    [{ versionBits: 0x20000000 }, 33],
    [{ versionBits: 0x80000000 }, 33],
    [{ versionBits: 0x00001000, ntime: time + 601 }, 32],
  ] as const;
  cases.forEach(([share]) => agent.submit(1, share));
  await agent.until(() => agent.verdicts.length === cases.length);
  cases.forEach(([share, status], index) => {
    assert.equal(statusOf(agent, index), status, JSON.stringify(share));
  });
  assert.equal(pool.statistics().rejectedByCode.get(33), 2);
});

/** A nonce for session 1 on the newest job that reaches `min` and stays below `max`. */
function nonceBetween(agent: RawAgent, extranonce1: number, min: number, max: number): number {
  const job = appendExtranonce1(agent.jobs.at(-1)!, extranonce1);
  const header = headerOf(
    job,
    merkleRoot(coinbaseOf(job, 1, 7), job.merkleBranches),
    jobTime(job),
    0,
    0,
  );
  const view = new DataView(header.buffer);
  for (let from = 0;; from++) {
    from = findNonce(header, min, from, 2 ** 32)!;
    view.setUint32(76, from, true);
    if (difficultyOf(header) < max) return from;
  }
}

Deno.test("with proof of work a share is accepted at its difficulty and refused below", async () => {
  await using pool = await SimPool.start({ difficulty: 1e-6 });
  await using agent = await RawAgent.authorized(pool);
  agent.register(1, "rig1");
  const [{ connection } = { connection: 0 }] = (await agent.settled(), pool.workers());
  const good = nonceBetween(agent, connection, 1e-6, Infinity);
  const bad = nonceBetween(agent, connection, 1e-7, 1e-6);
  agent.submit(1, { extranonce2: 7, nonce: good });
  agent.submit(1, { extranonce2: 7, nonce: bad });
  agent.submit(1, { extranonce2: 8, nonce: good });
  await agent.until(() => agent.verdicts.length === 3);
  assert.deepEqual([0, 1, 2].map((index) => statusOf(agent, index)), [SHARE_ACCEPTED, 23, 23]);
});

Deno.test("a share is judged by the difficulty its worker had when the job was sent", async () => {
  await using pool = await SimPool.start({ difficulty: 1e-6 });
  await using agent = await RawAgent.authorized(pool);
  agent.register(1, "rig1");
  agent.register(2, "rig2");
  const [worker] = (await agent.settled(), pool.workers());
  const nonce = nonceBetween(agent, worker!.connection, 1e-6, 1);
  pool.setWorkerDifficulty("rig1", 0);
  pool.resendJob();
  await agent.until(() => agent.jobs.length === 2);
  agent.submit(1, { jobId: 0, extranonce2: 7, nonce });
  agent.submit(1, { jobId: 1, extranonce2: 7, nonce });
  await agent.until(() => agent.verdicts.length === 2);
  assert.deepEqual([0, 1].map((index) => statusOf(agent, index)), [SHARE_ACCEPTED, 23]);
  assert.deepEqual(pool.workers().map(({ difficulty }) => difficulty), [1, 1e-6]);
});

Deno.test("a NiceHash worker is held to a minimum that is never announced (trap 6)", async () => {
  await using pool = await SimPool.start({ difficulty: 1e-6 });
  await using agent = await RawAgent.authorized(pool);
  agent.register(1, "rig1", "NiceHash/1.0.0");
  const [worker] = (await agent.settled(), pool.workers());
  agent.submit(1, { extranonce2: 7, nonce: nonceBetween(agent, worker!.connection, 1e-6, 1) });
  await agent.until(() => agent.verdicts.length === 1);
  assert.equal(statusOf(agent, 0), 23);
});

Deno.test("difficulties come in frames by ascending exponent, right before the job (trap 5)", async () => {
  await using pool = await believingPool({ difficulty: 16 });
  await using agent = await RawAgent.authorized(pool);
  for (let id = 1; id <= 4; id++) agent.register(id, `rig${id}`);
  await agent.settled();
  const before = agent.received.length;
  pool.setWorkerDifficulty("rig3", 2);
  pool.setWorkerDifficulty("rig1", 62);
  pool.setWorkerDifficulty("rig4", 2);
  pool.setWorkerDifficulty("rig2", 10);
  pool.newJob();
  pool.newJob();
  await agent.until(() => agent.jobs.length === 3);
  const [low, middle, high, ...rest] = agent.received.slice(before);
  assert.deepEqual(low, { kind: "setDifficulty", exponent: 2, sessionIds: [3, 4] });
  assert.deepEqual(middle, { kind: "setDifficulty", exponent: 10, sessionIds: [2] });
  assert.deepEqual(high, { kind: "setDifficulty", exponent: 62, sessionIds: [1] });
  // Registering alone brought no frame, and the second job changed nothing.
  assert.deepEqual(rest.map((message) => "method" in message && message.method), [
    "mining.notify",
    "mining.notify",
  ]);
});

Deno.test("the connection's own difficulty drifts down, workers' do not (trap 4)", async () => {
  await using pool = await believingPool({ difficulty: 16384, minDifficulty: 64, driftAfterMs: 0 });
  await using agent = await RawAgent.authorized(pool);
  agent.register(1, "rig1");
  await agent.settled();
  pool.newJob();
  pool.newJob();
  await agent.until(() => agent.jobs.length === 3);
  assert.deepEqual(agent.notifications("mining.set_difficulty"), [[16384], [64]]);
  assert.equal(pool.workers()[0]!.difficulty, 16384);
});

Deno.test("vardiff follows a worker's speed, at most two steps a job", async () => {
  let now = 1_700_000_000_000;
  const vardiff = { shareSeconds: 10, minExponent: 3, maxExponent: 40 };
  await using pool = await believingPool({
    difficulty: 1024,
    vardiff,
    time: { ...systemTime, wallNow: () => now },
  });
  await using agent = await RawAgent.authorized(pool);
  agent.register(1, "fast");
  agent.register(2, "idle");
  for (let nonce = 0; nonce < 6; nonce++) agent.submit(1, { nonce });
  await agent.until(() => agent.verdicts.length === 6);
  now += 30_000;
  pool.newJob();
  await agent.until(() => agent.jobs.length === 2);
  assert.deepEqual(pool.workers().map(({ difficulty }) => difficulty), [2048, 256]);
});

Deno.test("a job is sent again after the interval without a new one", async () => {
  await using pool = await believingPool({ resendIntervalMs: 5 });
  await using agent = await RawAgent.authorized(pool);
  await agent.until(() => agent.jobs.length >= 3);
  assert.equal(new Set(agent.jobs.map(({ prevHash, ntime }) => prevHash + ntime)).size, 1);
});

Deno.test("a pool without work authorizes, and sends difficulties of all with its first job", async () => {
  await using pool = await believingPool({ hasWork: false, difficulty: 8 });
  await using agent = await RawAgent.connect(pool);
  agent.line("sub", "mining.subscribe", ["btccom-agent/1"]);
  agent.line("auth", "mining.authorize", ["sub1", ""]);
  agent.register(1, "rig1");
  await agent.settled();
  assert.equal(agent.notifications("mining.set_difficulty").length, 0);
  pool.newBlock();
  await agent.until(() => agent.jobs.length === 1);
  assert.deepEqual(agent.received.slice(-3, -1), [
    { id: null, method: "mining.set_difficulty", params: [8] },
    { kind: "setDifficulty", exponent: 3, sessionIds: [1] },
  ]);
});

Deno.test("a connection that sends nothing before authorize is reset after the time allowed", async () => {
  await using pool = await believingPool({ handshakeTimeoutMs: 20 });
  await using agent = await RawAgent.connect(pool);
  await agent.until(() => agent.end !== undefined);
  assert.equal(agent.end, "reset");
  assert.equal(pool.statistics().handshakeTimeouts, 1);
});

Deno.test("a closed connection takes its workers with it; their names stay known", async () => {
  await using pool = await believingPool();
  {
    await using agent = await RawAgent.authorized(pool);
    agent.register(1, "rig1");
    await agent.settled();
    assert.equal(pool.statistics().workersNow, 1);
  }
  await pool.until(() => pool.statistics().connectionsNow === 0);
  const { workersNow, authorizedNow, connections } = pool.statistics();
  assert.deepEqual({ workersNow, authorizedNow, connections }, {
    workersNow: 0,
    authorizedNow: 0,
    connections: 1,
  });
  assert.deepEqual([...pool.registeredNames], ["rig1"]);
});

Deno.test("a new connection has a new extranonce1 below its server's number", async () => {
  await using pool = await believingPool({ serverNumber: 0xab });
  const extranonces: number[] = [];
  for (let i = 0; i < 2; i++) {
    await using agent = await RawAgent.authorized(pool);
    extranonces.push(parseHex32((agent.answer("sub")!.result as string[])[1]!)!);
  }
  assert.deepEqual(extranonces, [0xab000001, 0xab000002]);
});

Deno.test("statistics count bytes and messages both ways, and do not change afterwards", async () => {
  await using pool = await believingPool();
  await using agent = await RawAgent.authorized(pool);
  agent.register(1, "rig1");
  await agent.settled();
  const before = pool.statistics();
  agent.submit(1);
  await agent.until(() => agent.verdicts.length === 1);
  const after = pool.statistics();
  assert.equal(after.bytesIn - before.bytesIn, 15);
  assert.equal(after.framesIn - before.framesIn, 1);
  assert.equal(after.bytesOut - before.bytesOut, 10);
  assert.equal(after.framesOut - before.framesOut, 1);
  assert.equal(before.acceptedByWorker.size, 0);
});
