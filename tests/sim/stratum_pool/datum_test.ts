import assert from "node:assert/strict";
import { SimStratumPool } from "../../../lib/sim/stratum_pool/sim_stratum_pool.ts";
import { FakeTime } from "../../support/fake_time.ts";
import { StratumClient } from "./stratum_client.ts";

const DIFFICULTY = 2 ** -20;

function start(options: Parameters<typeof SimStratumPool.start>[0] = {}): Promise<SimStratumPool> {
  return SimStratumPool.start({ like: "datum", difficulty: DIFFICULTY, ...options });
}

Deno.test("extranonce1 is a slot that is reused", async () => {
  await using pool = await start();
  await using first = await StratumClient.ready(pool);
  {
    await using second = await StratumClient.ready(pool);
    assert.notEqual(second.subscribed[1], first.subscribed[1]);
  }
  await pool.until(() => pool.clients().length === 1);
  await using third = await StratumClient.ready(pool);
  assert.equal(third.subscribed[1], "b10cf00e");
});

Deno.test("after configure every share needs its sixth parameter; without, bits do not count", async () => {
  await using pool = await start();
  await using client = await StratumClient.ready(pool);
  assert.deepEqual((await client.submit(client.job)).error, [23, "bad-version", null]);
  assert.equal((await client.submit(client.job, { versionBits: 0 })).result, true);
  await using plain = await StratumClient.ready(pool, { rolls: false });
  assert.equal((await plain.submit(plain.job)).result, true);
  const unrolled = { versionBits: 0x2000, combine: (version: number) => version };
  assert.equal((await plain.submit(plain.job, unrolled)).result, true);
  assert.deepEqual(
    pool.statistics().badBehaviour,
    new Map([["missingVersion", 1], ["unagreedVersion", 1]]),
  );
});

Deno.test("a difficulty belongs to its job, in a burst with the same template again", async () => {
  await using pool = await start({ vardiff: "fixed" });
  await using client = await StratumClient.ready(pool);
  const first = client.job;
  const from = client.lines.length;
  pool.setDifficulty(DIFFICULTY * 4);
  await client.until(() => client.jobs.length === 2);
  assert.deepEqual(client.methodsFrom(from), ["set_difficulty", "notify"]);
  assert.match(client.job.id, /^Q/);
  assert.equal(client.job.isClean, true);
  assert.notEqual(client.job.coinbase1, first.coinbase1);
  const weak = { difficulty: DIFFICULTY, below: DIFFICULTY * 3.9, versionBits: 0 };
  assert.equal((await client.submit(first, weak)).result, true);
  assert.deepEqual((await client.submit(client.job, weak)).error, [23, "high-hash", null]);
  assert.equal((await client.submit(client.job, { versionBits: 0 })).result, true);
  assert.equal(pool.statistics().difficulty, DIFFICULTY * 5);
});

Deno.test("a burst of shares raises the difficulty at once, a quiet minute halves it", async () => {
  const time = new FakeTime();
  await using pool = await start({ time, jobIntervalMs: 0, vardiff: { shares: 4 } });
  await using client = await StratumClient.ready(pool);
  time.advance(1_000);
  for (let i = 0; i < 4; i++) await client.submit(client.job, { versionBits: 0 });
  await client.until(() => client.difficulties.length === 2);
  assert.equal(client.difficulty, DIFFICULTY * 16);
  time.advance(60_100);
  pool.newJob();
  await client.until(() => client.difficulties.length === 3);
  assert.equal(client.difficulty, DIFFICULTY * 8);
});

Deno.test("a block brings an empty job, then a full one; the old is stale by its height and by age", async () => {
  const time = new FakeTime();
  await using pool = await start({ time, jobIntervalMs: 0, vardiff: "fixed" });
  await using client = await StratumClient.ready(pool);
  const first = client.job;
  pool.newBlock();
  await client.until(() => client.jobs.length === 3);
  const [, empty, full] = client.jobs;
  assert.match(empty!.id, /^N/);
  assert.deepEqual([empty!.merkleBranches.length, empty!.isClean], [0, true]);
  assert.ok(full!.merkleBranches.length > 0);
  assert.deepEqual((await client.submit(first, { versionBits: 0 })).error, [
    21,
    "stale-prevblk",
    null,
  ]);
  for (const job of [empty!, full!]) {
    assert.equal((await client.submit(job, { versionBits: 0 })).result, true);
  }
  time.advance(161_000);
  assert.deepEqual((await client.submit(full!, { versionBits: 0 })).error, [
    21,
    "stale-work",
    null,
  ]);
});

Deno.test("it closes on text ids, on invalid JSON, and when a client does not subscribe", async () => {
  const time = new FakeTime();
  await using pool = await start({ time });
  for (const text of ['{"id":null,"method":"mining.subscribe","params":[]}\n', "garbage\n"]) {
    await using client = await StratumClient.connect(pool);
    client.sendText(text);
    await client.until(() => client.isClosed);
  }
  await using silent = await StratumClient.connect(pool);
  await pool.until(() => pool.statistics().connections === 3);
  time.advance(21_100);
  await silent.until(() => silent.isClosed);
  assert.deepEqual(
    pool.statistics().badBehaviour,
    new Map([["strangeId", 1], ["notJson", 1], ["idle", 1]]),
  );
});

Deno.test("shares below its own unit of difficulty are not checked", async () => {
  await using pool = await start({ difficultyUnit: DIFFICULTY });
  await using client = await StratumClient.ready(pool);
  const low = { difficulty: DIFFICULTY / 8, below: DIFFICULTY / 2, versionBits: 0 };
  const { error } = await client.submit(client.job, low);
  assert.deepEqual(error, [23, "H-not-zero", null]);
});
