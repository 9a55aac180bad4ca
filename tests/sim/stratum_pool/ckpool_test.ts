import assert from "node:assert/strict";
import { SimStratumPool } from "../../../lib/sim/stratum_pool/sim_stratum_pool.ts";
import { FakeTime } from "../../support/fake_time.ts";
import { StratumClient, USER } from "./stratum_client.ts";

const DIFFICULTY = 2 ** -20;

Deno.test("a raise is sent alone and does not affect this job and the next; a fall applies at once", async () => {
  await using pool = await SimStratumPool.start({ difficulty: DIFFICULTY, vardiff: "fixed" });
  await using client = await StratumClient.ready(pool);
  const weak = { difficulty: DIFFICULTY, below: DIFFICULTY * 1.9, versionBits: 0 };
  const from = client.lines.length;
  pool.setDifficulty(DIFFICULTY * 2);
  await client.until(() => client.difficulties.length === 2);
  assert.deepEqual(client.methodsFrom(from), ["set_difficulty"]);
  assert.equal((await client.submit(client.job, weak)).result, true);
  pool.newJob();
  await client.until(() => client.jobs.length === 2);
  assert.equal((await client.submit(client.job, weak)).result, true);
  pool.newJob();
  await client.until(() => client.jobs.length === 3);
  assert.equal((await client.submit(client.job, weak)).result, false);
  assert.equal(pool.statistics().difficulty, 2 * DIFFICULTY);
  pool.setDifficulty(DIFFICULTY);
  await client.until(() => client.difficulties.length === 3);
  for (const job of client.jobs) assert.equal((await client.submit(job, weak)).result, true);
  assert.equal(pool.statistics().difficulty, 5 * DIFFICULTY);
});

Deno.test("vardiff acts after a number of shares, before the answer, and follows a suggestion", async () => {
  const time = new FakeTime();
  await using pool = await SimStratumPool.start({
    difficulty: DIFFICULTY,
    time,
    vardiff: { shares: 5, targetMs: 3_333 },
  });
  await using client = await StratumClient.ready(pool);
  for (let i = 0; i < 5; i++) {
    time.advance(1_000);
    await client.submit(client.job, { versionBits: 0 });
  }
  // A share a second where one in 3.3 is wanted.
  assert.equal(client.lines.at(-2)?.method, "mining.set_difficulty");
  assert.equal(client.lines.at(-1)?.result, true);
  const raised = client.difficulty / DIFFICULTY;
  assert.ok(raised > 3.2 && raised < 3.4, `${raised} times`);
  assert.equal(client.jobs.length, 1);
  client.send("mining.suggest_difficulty", [DIFFICULTY * 16]);
  await client.until(() => client.difficulties.length === 3);
  assert.ok(Math.abs(client.difficulty / DIFFICULTY - 16) < 0.001);
  await client.submit(client.job, { versionBits: 0 });
  time.advance(10_000);
  await client.submit(client.job, { versionBits: 0 });
  const { difficultyChanges, highestDifficulty, acceptedInChange } = pool.statistics();
  // The fifth changed it, one came right after and one long after.
  assert.deepEqual([difficultyChanges, acceptedInChange], [2, 1]);
  assert.ok(highestDifficulty > DIFFICULTY, `${highestDifficulty}`);
});

Deno.test("one connection is one worker, and unexpected requests get no answer", async () => {
  await using pool = await SimStratumPool.start({ difficulty: DIFFICULTY });
  await using client = await StratumClient.ready(pool);
  const from = client.lines.length;
  client.send("mining.subscribe", []);
  client.send("mining.authorize", ["other.rig", "x"]);
  client.send("mining.foo", []);
  const mismatch = await client.submit(client.job, { name: "other.rig", versionBits: 0 });
  assert.deepEqual(mismatch.error, [20, "Worker mismatch", null]);
  const missing = await client.submit(client.job);
  assert.equal(missing.result, true);
  assert.equal(client.lines.length, from + 2);
  const { badBehaviour, unknownRequests } = pool.statistics();
  assert.deepEqual(
    badBehaviour,
    new Map([
      ["secondSubscribe", 1],
      ["secondAuthorize", 1],
      ["workerMismatch", 1],
      ["missingVersion", 1],
    ]),
  );
  assert.equal(unknownRequests, 1);
});

Deno.test("bits join the version, and an extranonce2 of a wrong length is padded and counted", async () => {
  await using pool = await SimStratumPool.start({
    like: "narrow6",
    difficulty: DIFFICULTY,
    version: "20004000",
  });
  await using client = await StratumClient.ready(pool);
  assert.equal(client.subscribed[2], 6);
  const joined = await client.submit(client.job, { versionBits: 0x0000c000 });
  assert.equal(joined.result, true);
  const xored = await client.submit(client.job, {
    versionBits: 0x0000c000,
    combine: (version, bits) => version ^ bits,
  });
  assert.equal(xored.result, false);
  const outside = await client.submit(client.job, { versionBits: 1 });
  assert.deepEqual(outside.error, [20, "Invalid version mask", null]);
  const share = client.share(client.job, { extranonce2: "0a0b00000000", versionBits: 0 });
  assert.equal((await client.ask("mining.submit", share.with(2, "0a0b"))).result, true);
  const { badBehaviour } = pool.statistics();
  assert.deepEqual(badBehaviour, new Map([["versionBits", 1], ["extranonce2Length", 1]]));
});

Deno.test("a client that does not authorize is closed, and a session can be resumed", async () => {
  const time = new FakeTime();
  await using pool = await SimStratumPool.start({ time, jobIntervalMs: 0 });
  await using client = await StratumClient.connect(pool);
  const { result } = await client.ask("mining.subscribe", []);
  const [subscriptions, extranonce1] = result as [string[][], string];
  const session = subscriptions[0]![1];
  time.advance(113_000);
  assert.equal(client.isClosed, false);
  time.advance(2_000);
  await client.until(() => client.isClosed);
  await pool.until(() => pool.clients().length === 0);
  assert.deepEqual(pool.statistics().badBehaviour, new Map([["idle", 1]]));
  await using again = await StratumClient.connect(pool);
  await again.ask("mining.subscribe", ["test", session]);
  assert.equal(again.subscribed[1], extranonce1);
});

Deno.test("a job is known for ten minutes", async () => {
  const time = new FakeTime();
  await using pool = await SimStratumPool.start({ time, difficulty: DIFFICULTY });
  await using client = await StratumClient.ready(pool);
  const first = client.job;
  for (const seconds of [570, 60]) {
    time.advance(seconds * 1000);
    await client.until(() => client.jobs.length >= seconds / 60);
    const { result, error } = await client.submit(first, { versionBits: 0 });
    if (seconds === 570) assert.equal(result, true);
    else assert.deepEqual(error, [21, "Invalid JobID", null]);
  }
  assert.deepEqual(pool.statistics().badBehaviour, new Map([["expiredJob", 1]]));
});

Deno.test("shares that name no text are refused, and a bad first request closes", async () => {
  await using pool = await SimStratumPool.start({});
  await using client = await StratumClient.ready(pool);
  const { error } = await client.ask("mining.submit", [USER, 1, "00", "00", "00"]);
  assert.deepEqual(error, [20, "No job_id", null]);
  await using hasty = await StratumClient.connect(pool);
  hasty.send("mining.suggest_difficulty", [1]);
  await hasty.until(() => hasty.isClosed);
  assert.deepEqual(
    pool.statistics().badBehaviour,
    new Map([["malformedShare", 1], ["firstRequest", 1]]),
  );
});
