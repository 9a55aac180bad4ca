import assert from "node:assert/strict";
import { ERROR_CODE } from "../../lib/protocol/stratum/error_code.ts";
import { encodeVerdict } from "../../lib/protocol/agent/message.ts";
import { SHARE_ACCEPTED } from "../../lib/protocol/agent/status.ts";
import { BROKEN_BYTES, type PoolFaults } from "../../lib/sim/pool_faults.ts";
import { SimPool } from "../../lib/sim/sim_pool.ts";
import { RawAgent } from "./raw_agent.ts";

function believingPool(): Promise<SimPool> {
  return SimPool.start({ proofOfWork: false });
}

/** An agent that has sent its whole handshake in one go. */
async function eagerAgent(pool: SimPool): Promise<RawAgent> {
  const agent = await RawAgent.connect(pool);
  agent.line("caps", "agent.get_capabilities", [["verrol", "subres"]]);
  agent.line("conf", "mining.configure", [["version-rolling"], {
    "version-rolling.mask": "ffffffff",
  }]);
  agent.line("sub", "mining.subscribe", ["btccom-agent/test"]);
  agent.line("auth", "mining.authorize", ["sub1", ""]);
  return agent;
}

Deno.test("a pool refuses connections and takes them again on the same port", async () => {
  await using pool = await believingPool();
  await using agent = await RawAgent.authorized(pool);
  for (let i = 0; i < 2; i++) {
    await pool.setFaults({ refuseConnections: true });
    await assert.rejects(RawAgent.connect(pool), Deno.errors.ConnectionRefused);
    await pool.setFaults({ refuseConnections: false });
    await using _again = await RawAgent.authorized(pool);
  }
  await agent.settled();
});

Deno.test("a pool accepts and stays silent, and answers again when the fault ends", async () => {
  await using pool = await believingPool();
  await pool.setFaults({ isSilent: true });
  await using agent = await eagerAgent(pool);
  await pool.until(() => pool.statistics().linesIn === 4);
  await pool.setFaults({ isSilent: false });
  pool.newJob();
  await agent.until(() => agent.jobs.length === 1);
  assert.deepEqual(agent.jobs[0]!.id, "1");
  assert.equal(agent.lines.length, 1);
  assert.equal(pool.statistics().linesOut, 1);
});

Deno.test("the handshake stops after the given number of answers", async () => {
  await using pool = await believingPool();
  for (
    const [maxAnswers, answered] of [[0, []], [1, ["caps"]], [3, ["caps", "conf", "sub"]]] as const
  ) {
    pool.setFaultsOfNextConnection({ maxAnswers });
    await using agent = await eagerAgent(pool);
    const before = pool.statistics().authorizedNow;
    await pool.until(() => pool.statistics().authorizedNow === before + 1);
    // Bytes in flight come before what the pool sends when it ends the connection.
    pool.finishConnections();
    await agent.until(() => agent.end !== undefined);
    assert.deepEqual(agent.lines.filter(({ id }) => id !== null).map(({ id }) => id), answered);
    await pool.until(() => pool.statistics().connectionsNow === 0);
  }
});

Deno.test("authorize is refused, and granted when the fault ends", async () => {
  await using pool = await believingPool();
  await pool.setFaults({ refuseAuthorize: true });
  await using agent = await eagerAgent(pool);
  await agent.until(() => agent.answer("auth") !== undefined);
  assert.deepEqual(agent.answer("auth")!.error, [29, "Invalid username", null]);
  await pool.setFaults({ refuseAuthorize: false });
  agent.line("again", "mining.authorize", ["sub1", ""]);
  await agent.until(() => agent.answer("again")?.result === true);
});

const ANSWERS: readonly [Partial<PoolFaults>, string, unknown][] = [
  [{ extranonce2Size: 4 }, "sub", [
    [["mining.set_difficulty", "01000001"], ["mining.notify", "01000001"]],
    "01000001",
    4,
  ]],
  [{ hasNoVerrol: true }, "caps", { capabilities: ["subres"] }],
  [{ hasNoSubres: true }, "caps", { capabilities: ["verrol"] }],
  [{ versionMask: 0 }, "conf", { "version-rolling": true, "version-rolling.mask": "00000000" }],
];
for (const [faults, id, result] of ANSWERS) {
  Deno.test(`with ${JSON.stringify(faults)} the answer "${id}" says so`, async () => {
    await using pool = await believingPool();
    await pool.setFaults(faults);
    await using agent = await eagerAgent(pool);
    await agent.until(() => agent.answer("auth") !== undefined);
    assert.deepEqual(agent.answer(id)!.result, result);
  });
}

Deno.test("without subres no verdict is ever sent", async () => {
  await using pool = await believingPool();
  await pool.setFaults({ hasNoSubres: true });
  await using agent = await RawAgent.authorized(pool);
  agent.register(1, "rig1");
  agent.submit(1);
  await pool.until(() => pool.statistics().accepted === 1);
  await agent.settled();
  assert.equal(agent.verdicts.length, 0);
});

Deno.test("a mask of zero refuses every version bit", async () => {
  await using pool = await believingPool();
  await pool.setFaults({ versionMask: 0 });
  await using agent = await RawAgent.authorized(pool);
  agent.register(1, "rig1");
  agent.submit(1, { versionBits: 0x2000 });
  await agent.until(() => agent.verdicts.length === 1);
  assert.equal(agent.verdicts[0]!.status, 33);
});

Deno.test("faults of the next connection leave the others alone and pass with it", async () => {
  await using pool = await believingPool();
  pool.setFaultsOfNextConnection({ refuseAuthorize: true });
  await using bad = await eagerAgent(pool);
  await bad.until(() => bad.answer("auth")?.error !== undefined);
  await using good = await eagerAgent(pool);
  await good.until(() => good.answer("auth")?.result === true);
  assert.notEqual(bad.answer("auth")!.error, null);
});

Deno.test("bytes come one at a time, and all of them", async () => {
  await using pool = await believingPool();
  await pool.setFaults({ dribbleMs: 0.1 });
  await using agent = await RawAgent.connect(pool);
  agent.line("caps", "agent.get_capabilities", [["verrol"]]);
  await agent.until(() => agent.answer("caps") !== undefined);
  pool.send(encodeVerdict(7, 23));
  await agent.until(() => agent.verdicts.length === 1);
  assert.deepEqual(agent.verdicts, [{ index: 7, status: ERROR_CODE.lowDifficulty }]);
});

Deno.test("a pool that stops reading does nothing until it reads again", async () => {
  await using pool = await believingPool();
  await using agent = await RawAgent.authorized(pool);
  await pool.setFaults({ stopReading: true });
  const before = pool.statistics().framesIn;
  agent.register(1, "rig1");
  agent.submit(1);
  // The pool still sends; what it does not read it does not know.
  pool.newJob();
  await agent.until(() => agent.jobs.length === 2);
  assert.equal(pool.statistics().framesIn, before);
  await pool.setFaults({ stopReading: false });
  await agent.until(() => agent.verdicts.length === 1);
});

Deno.test("verdicts are dropped, repeated and made up as often as asked for", async () => {
  await using pool = await believingPool();
  await using agent = await RawAgent.authorized(pool);
  agent.register(1, "rig1");
  // Unknown jobs are judged at once and in order.
  const rejects = async (from: number, count: number): Promise<number[]> => {
    const before = agent.verdicts.length;
    for (let nonce = from; nonce < from + count; nonce++) agent.submit(1, { jobId: 99, nonce });
    await agent.settled();
    return agent.verdicts.slice(before).map(({ index }) => index);
  };
  await pool.setFaults({ dropEveryNthVerdict: 3 });
  assert.deepEqual(await rejects(0, 6), [0, 1, 3, 4]);
  await pool.setFaults({ dropEveryNthVerdict: 0, repeatEveryNthVerdict: 2 });
  assert.deepEqual(await rejects(6, 4), [6, 7, 7, 8, 9, 9]);
  await pool.setFaults({ repeatEveryNthVerdict: 0, strayEveryNthVerdict: 2 });
  assert.deepEqual(await rejects(10, 2), [10, 11, 12 + 32768]);
  pool.sendVerdict(500, SHARE_ACCEPTED);
  await agent.until(() => agent.verdicts.at(-1)!.index === 500);
});

Deno.test("connections are reset, all or one", async () => {
  await using pool = await believingPool();
  await using first = await RawAgent.authorized(pool);
  await using second = await RawAgent.authorized(pool);
  pool.resetConnections(0x01000002);
  await second.until(() => second.end !== undefined);
  assert.equal(second.end, "reset");
  await first.settled();
  pool.resetConnections();
  await first.until(() => first.end !== undefined);
  assert.equal(first.end, "reset");
});

Deno.test("a connection ends with FIN in the middle of a frame", async () => {
  await using pool = await believingPool();
  await using agent = await RawAgent.authorized(pool);
  pool.finishConnections(encodeVerdict(0, 0).subarray(0, 5));
  await agent.until(() => agent.end !== undefined);
  assert.equal(agent.end, "eof");
  assert.equal(agent.verdicts.length, 0);
  await pool.until(() => pool.statistics().connectionsNow === 0);
});

for (
  const [name, bytes, code] of [
    ["an oversized line", BROKEN_BYTES.oversizedLine(), "line-too-long"],
    ["a frame of length 0", BROKEN_BYTES.frameOfLength(0), "frame-too-short"],
    ["a frame of length 3", BROKEN_BYTES.frameOfLength(3), "frame-too-short"],
    ["a verdict frame of a wrong length", BROKEN_BYTES.frameOfLength(8), "bad-frame"],
  ] as const
) {
  Deno.test(`a pool that sends ${name} breaks the protocol`, async () => {
    await using pool = await believingPool();
    await using agent = await RawAgent.authorized(pool);
    pool.send(bytes);
    await agent.until(() => agent.fault !== undefined);
    assert.equal(agent.fault, code);
  });
}

Deno.test("a pool that sends an unknown frame does no harm to what follows", async () => {
  await using pool = await believingPool();
  await using agent = await RawAgent.authorized(pool);
  pool.send(BROKEN_BYTES.unknownFrame());
  await agent.settled();
  assert.ok(agent.received.some((message) => "kind" in message && message.kind === "unknown"));
});

Deno.test("a greeting is the first thing a connection receives", async () => {
  await using pool = await believingPool();
  pool.setFaultsOfNextConnection({ greeting: BROKEN_BYTES.unknownFrame() });
  await using agent = await eagerAgent(pool);
  await agent.until(() => agent.answer("caps") !== undefined);
  assert.deepEqual(agent.received[0], { kind: "unknown", command: 0x6e });
});

Deno.test("a connection whose output is stuck is reset after the time allowed", async () => {
  await using pool = await SimPool.start({ writeTimeoutMs: 30 });
  const conn = await Deno.connect({ hostname: pool.hostname, port: pool.port });
  try {
    await pool.until(() => pool.statistics().connectionsNow === 1);
    // More than the kernel takes for a peer that reads nothing.
    for (let i = 0; i < 8; i++) pool.send(BROKEN_BYTES.oversizedLine());
    await pool.until(() => pool.statistics().connectionsNow === 0);
  } finally {
    conn.close();
  }
});
