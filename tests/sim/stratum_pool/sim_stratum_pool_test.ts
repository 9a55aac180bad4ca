import assert from "node:assert/strict";
import { LIKES } from "../../../lib/sim/stratum_pool/settings.ts";
import { SimStratumPool } from "../../../lib/sim/stratum_pool/sim_stratum_pool.ts";
import { FakeTime } from "../../support/fake_time.ts";
import { ACCOUNT, StratumClient, USER } from "./stratum_client.ts";

/** About 4,000 hashes a share. */
const DIFFICULTY = 2 ** -20;

for (const like of LIKES) {
  // NOMP takes no bits, and combines none.
  const versionBits = like === "nomp" ? 0 : 0x0000a000;

  Deno.test(`${like} accepts shares with real work, and counts what it credits`, async () => {
    await using pool = await SimStratumPool.start({ like, difficulty: DIFFICULTY });
    await using client = await StratumClient.ready(pool);
    for (let i = 0; i < 3; i++) {
      const answer = await client.submit(client.job, { versionBits });
      assert.deepEqual([answer.result, answer.error], [true, null]);
    }
    const { submits, accepted, rejected, difficulty, blocks, byName, byConnection, badBehaviour } =
      pool.statistics();
    assert.deepEqual([submits, accepted, rejected, blocks], [3, 3, 0, 0]);
    assert.equal(difficulty, 3 * DIFFICULTY);
    const counts = { accepted: 3, rejected: 0, difficulty: 3 * DIFFICULTY };
    assert.deepEqual(byName, new Map([[USER, counts]]));
    assert.deepEqual(byConnection, new Map([[1, counts]]));
    assert.deepEqual(badBehaviour, new Map());
  });

  Deno.test(`${like} refuses shares that are too easy, repeated, or of another connection`, async () => {
    await using pool = await SimStratumPool.start({ like, difficulty: DIFFICULTY });
    await using client = await StratumClient.ready(pool);
    const refusal = ({ error, "reject-reason": reason }: Awaited<ReturnType<typeof client.ask>>) =>
      Array.isArray(error) ? error[0] : reason;
    const isByReason = like === "ckpool-reasons";
    const easy = await client.submit(client.job, {
      difficulty: DIFFICULTY / 16,
      below: DIFFICULTY / 2,
      versionBits,
    });
    assert.equal(refusal(easy), isByReason ? "Below minimum difficulty" : 23);
    const share = client.share(client.job, { versionBits });
    assert.equal((await client.ask("mining.submit", share)).result, true);
    const again = await client.ask("mining.submit", share);
    assert.equal(refusal(again), isByReason ? "Duplicate" : 22);
    const other = await client.submit(client.job, { extranonce1: "0badc0de", versionBits });
    assert.equal(refusal(other), isByReason ? "Below minimum difficulty" : 23);
    const unknown = share.with(1, "feedface");
    const job = await client.ask("mining.submit", unknown);
    assert.equal(refusal(job), isByReason ? "Invalid JobID" : like === "datum" ? 20 : 21);
    const { accepted, rejectedBy, badBehaviour } = pool.statistics();
    assert.equal(accepted, 1);
    assert.deepEqual(
      rejectedBy,
      new Map([["lowDifficulty", 2], ["duplicate", 1], ["unknownJob", 1]]),
    );
    assert.deepEqual(badBehaviour, new Map([["foreignJob", 1]]));
  });

  Deno.test(`${like} recognises a block`, async () => {
    await using pool = await SimStratumPool.start({ like, difficulty: 2 ** -30, bits: "207fffff" });
    await using client = await StratumClient.ready(pool);
    await client.submit(client.job, { difficulty: 2 ** -24, versionBits });
    const { accepted, blocks } = pool.statistics();
    assert.deepEqual([accepted, blocks], [1, 1]);
  });

  Deno.test(`${like} sends a job to all, clean after a block`, async () => {
    await using pool = await SimStratumPool.start({ like, difficulty: DIFFICULTY });
    await using client = await StratumClient.ready(pool);
    const first = client.job;
    pool.newJob();
    await client.until(() => client.jobs.length === 2);
    assert.equal(client.job.isClean, false);
    assert.equal(client.job.prevHash, first.prevHash);
    assert.equal((await client.submit(first, { versionBits })).result, true, "the old one is good");
    pool.newBlock();
    await client.until(() => client.jobs.at(-1)!.prevHash !== first.prevHash);
    assert.equal(client.jobs[2]!.isClean, true);
    const stale = await client.submit(first, { versionBits });
    assert.notEqual(stale.result, true);
    assert.equal(pool.statistics().rejectedBy.get("stale"), 1);
    assert.deepEqual(pool.statistics().badBehaviour, new Map(), "that can happen to anyone");
    assert.equal((await client.submit(client.job, { versionBits })).result, true);
  });

  Deno.test(`${like} can change extranonce1 and size, which apply from the next job on`, async () => {
    await using pool = await SimStratumPool.start({ like, difficulty: DIFFICULTY });
    await using client = await StratumClient.ready(pool);
    const [, extranonce1, size] = client.subscribed;
    pool.setExtranonce("a1b2c3d4", 5);
    await client.until(() => client.lines.at(-1)?.method === "mining.set_extranonce");
    assert.deepEqual(client.lines.at(-1)!.params, ["a1b2c3d4", 5]);
    const before = { extranonce1, extranonce2: "00".repeat(size), versionBits };
    assert.equal((await client.submit(client.job, before)).result, true);
    pool.newJob();
    await client.until(() => client.jobs.length === 2);
    const after = { extranonce1: "a1b2c3d4", extranonce2: "0102030405", versionBits };
    assert.equal((await client.submit(client.job, after)).result, true);
    const late = { ...before, extranonce2: "01".repeat(size) };
    assert.equal((await client.submit(client.jobs[0]!, late)).result, true);
    assert.deepEqual(pool.statistics().badBehaviour, new Map());
  });

  Deno.test(`${like} gives its next connections fewer bytes when told to`, async () => {
    await using pool = await SimStratumPool.start({ like, difficulty: DIFFICULTY });
    await pool.setFaults({ extranonce2Size: 3 });
    await using client = await StratumClient.ready(pool);
    assert.equal(client.subscribed[2], 3);
    assert.equal((await client.submit(client.job, { versionBits })).result, true);
  });

  Deno.test(`${like} answers shares late and in another order when told to`, async () => {
    const time = new FakeTime();
    await using pool = await SimStratumPool.start({
      like,
      difficulty: DIFFICULTY,
      time,
      answerDelayMs: 2_000,
    });
    await using client = await StratumClient.ready(pool);
    const ids = Array.from(
      { length: 8 },
      () => client.send("mining.submit", client.share(client.job, { versionBits })),
    );
    await pool.until(() => pool.statistics().accepted === 8);
    const answered = () =>
      client.lines.flatMap(({ id, result }) =>
        result === true && ids.includes(id as number) ? [id] : []
      );
    assert.deepEqual(answered(), []);
    time.advance(2_000);
    await client.until(() => answered().length === 8);
    assert.notDeepEqual(answered(), ids);
    client.send("mining.submit", client.share(client.job, { versionBits }));
  });

  Deno.test(`${like} refuses every share when told to`, async () => {
    await using pool = await SimStratumPool.start({ like, difficulty: DIFFICULTY });
    await using client = await StratumClient.ready(pool);
    await pool.setFaults({ refuseShares: true });
    assert.notEqual((await client.submit(client.job, { versionBits })).result, true);
    assert.deepEqual(pool.statistics().rejectedBy, new Map([["madeUp", 1]]));
  });
}

Deno.test("messages go to all connections, and their answers are no requests", async () => {
  for (const like of LIKES) {
    await using pool = await SimStratumPool.start({ like });
    await using client = await StratumClient.ready(pool);
    const from = client.lines.length;
    pool.ping();
    pool.showMessage('"hello"');
    pool.askToReconnect(["example.com", 3333, 5]);
    pool.setVersionMask(0x00c00000);
    await client.until(() => client.lines.length === from + 4);
    assert.deepEqual(client.methodsFrom(from), [
      "ping",
      "client.show_message",
      "client.reconnect",
      "set_version_mask",
    ]);
    client.sendText('{"id":42,"result":"pong","error":null}\n');
    const { linesIn } = pool.statistics();
    await pool.until(() => pool.statistics().linesIn > linesIn);
    assert.deepEqual(pool.statistics().badBehaviour, new Map());
  }
});

Deno.test(
  "a silent pool takes shares and sends nothing; a pool that refuses connections stops " +
    "listening",
  async () => {
    await using pool = await SimStratumPool.start({ difficulty: DIFFICULTY });
    await using client = await StratumClient.ready(pool);
    await pool.setFaults({ isSilent: true });
    client.send("mining.submit", client.share(client.job));
    await pool.until(() => pool.statistics().accepted === 1);
    await pool.setFaults({ isSilent: false, refuseConnections: true });
    await assert.rejects(Deno.connect({ hostname: "127.0.0.1", port: pool.port }));
    await pool.setFaults({ refuseConnections: false });
    await using second = await StratumClient.ready(pool);
    assert.equal(pool.clients().length, 2);
    pool.finishConnections(undefined, 2);
    await second.until(() => second.isClosed);
    pool.resetConnections();
    await client.until(() => client.isClosed);
  },
);

Deno.test("without its node a pool has no jobs, and only ckpool says that it is there", async () => {
  for (const like of LIKES) {
    const time = new FakeTime();
    await using pool = await SimStratumPool.start({ like, time, idleMs: 0 });
    await using client = await StratumClient.ready(pool);
    const from = client.lines.length;
    await pool.setFaults({ isNodeGone: true });
    time.advance(300_000);
    client.send("mining.authorize", [USER, "x"]);
    await pool.until(() => pool.statistics().linesIn >= 4);
    const methods = new Set(client.methodsFrom(from).filter((method) => method !== undefined));
    // Difficulties sink where nobody submits; a job of public-pool says so.
    const expected = like === "public" ? ["set_difficulty", "notify"] : [];
    if (pool.like.startsWith("ckpool") || like === "narrow6") expected.push("ping");
    await client.until(() => expected.every((method) => client.methodsFrom(from).includes(method)));
    assert.ok([...methods].every((method) => expected.includes(method!)), [...methods].join());
  }
});

Deno.test("only existing accounts may log in, and only without a fault", async () => {
  for (const like of LIKES) {
    if (like === "datum") continue;
    await using pool = await SimStratumPool.start({ like, accounts: [ACCOUNT] });
    await using client = await StratumClient.connect(pool);
    client.send("mining.subscribe", []);
    const other = await client.ask("mining.authorize", [`1${ACCOUNT.slice(1)}.rig1`, "x"]);
    assert.notEqual(other.result, true);
    assert.equal(pool.statistics().badBehaviour.get("refusedName"), 1);
    await pool.setFaults({ refuseAuthorize: true });
    assert.notEqual((await client.ask("mining.authorize", [USER, "x"])).result, true);
    await pool.setFaults({ refuseAuthorize: false });
    assert.equal((await client.ask("mining.authorize", [USER, "x"])).result, true);
    assert.equal(pool.statistics().authorizedNow, 1);
  }
});
