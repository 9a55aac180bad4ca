import assert from "node:assert/strict";
import { nearestPower } from "../../../lib/sim/stratum_pool/public_vardiff.ts";
import { SimStratumPool } from "../../../lib/sim/stratum_pool/sim_stratum_pool.ts";
import { FakeTime } from "../../support/fake_time.ts";
import { StratumClient, USER } from "./stratum_client.ts";

const DIFFICULTY = 2 ** -20;

function start(options: Parameters<typeof SimStratumPool.start>[0] = {}): Promise<SimStratumPool> {
  return SimStratumPool.start({ like: "public", difficulty: DIFFICULTY, ...options });
}

Deno.test("every connection has jobs of its own, and those of another are unknown", async () => {
  await using pool = await start();
  await using one = await StratumClient.ready(pool);
  await using other = await StratumClient.ready(pool, {
    user: "1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2.rig2",
  });
  assert.notEqual(one.job.id, other.job.id);
  assert.notEqual(one.job.coinbase2, other.job.coinbase2, "each is paid to its own address");
  const { error } = await one.submit(other.job, { versionBits: 0 });
  assert.deepEqual(error, [21, "Job not found", ""]);
  assert.deepEqual(pool.statistics().badBehaviour, new Map([["foreignJob", 1]]));
});

Deno.test("a difficulty applies at once to all jobs, and comes with a clean one", async () => {
  await using pool = await start({ vardiff: "fixed" });
  await using client = await StratumClient.ready(pool);
  const from = client.lines.length;
  pool.setDifficulty(DIFFICULTY * 2);
  await client.until(() => client.jobs.length === 2);
  assert.deepEqual(client.methodsFrom(from), ["set_difficulty", "notify"]);
  assert.equal(client.job.isClean, true);
  const weak = { difficulty: DIFFICULTY, below: DIFFICULTY * 1.9, versionBits: 0 };
  assert.deepEqual((await client.submit(client.jobs[0]!, weak)).error, [
    23,
    "Difficulty too low",
    "",
  ]);
  assert.equal((await client.submit(client.jobs[0]!, { versionBits: 0 })).result, true);
});

Deno.test("the difficulty is checked once a minute: up by the last shares, down without any", async () => {
  const time = new FakeTime();
  await using pool = await start({ time, jobIntervalMs: 0 });
  await using client = await StratumClient.ready(pool);
  for (let i = 0; i < 6; i++) {
    await client.submit(client.job, { versionBits: 0 });
    time.advance(1_000);
  }
  time.advance(54_100);
  await client.until(() => client.difficulties.length === 2);
  assert.equal(client.difficulty, nearestPower(DIFFICULTY * 12, 0));
  await using spare = await StratumClient.ready(pool);
  time.advance(60_100);
  await spare.until(() => spare.difficulties.length === 2);
  assert.equal(spare.difficulty, nearestPower(DIFFICULTY / 6, DIFFICULTY / 256));
  assert.equal(nearestPower(0.003, 0.00001), 0.0032);
});

Deno.test("a share of a wrong length spoils its job and no other", async () => {
  await using pool = await start();
  await using client = await StratumClient.ready(pool);
  const share = client.share(client.job, { versionBits: 0 });
  await client.ask("mining.submit", share.with(2, "00"));
  assert.equal((await client.ask("mining.submit", share)).result, null);
  pool.newJob();
  await client.until(() => client.jobs.length === 2);
  assert.equal((await client.submit(client.job, { versionBits: 0 })).result, true);
  assert.deepEqual(pool.statistics().badBehaviour, new Map([["extranonce2Length", 1]]));
});

Deno.test("a share for a job of more than five minutes closes without an answer", async () => {
  const time = new FakeTime();
  await using pool = await start({ time, vardiff: "fixed" });
  await using client = await StratumClient.ready(pool);
  const first = client.job;
  time.advance(283_000);
  assert.equal((await client.submit(first, { versionBits: 0 })).result, true);
  time.advance(40_000);
  await client.until(() => client.jobs.length === 6);
  await client.submit(first, { versionBits: 0 });
  assert.equal(client.isClosed, true);
  assert.deepEqual(pool.statistics().badBehaviour, new Map([["expiredJob", 1]]));
});

Deno.test("version bits are flipped, also outside the mask, and any time is accepted", async () => {
  await using pool = await start({ version: "20004000" });
  await using client = await StratumClient.ready(pool);
  const combine = (version: number, bits: number) => version ^ bits;
  assert.equal((await client.submit(client.job, { versionBits: 0xc000, combine })).result, true);
  assert.equal((await client.submit(client.job, { versionBits: 0xc000 })).result, null);
  assert.equal((await client.submit(client.job, { versionBits: 1, combine })).result, true);
  assert.equal((await client.submit(client.job, { ntime: 5, versionBits: 0 })).result, true);
  assert.deepEqual(pool.statistics().badBehaviour, new Map([["versionBits", 1]]));
});

Deno.test("shares are booked to the name of the first, and silence before authorize closes", async () => {
  const time = new FakeTime();
  await using pool = await start({ time });
  await using client = await StratumClient.ready(pool);
  await client.submit(client.job, { versionBits: 0 });
  await client.submit(client.job, { name: "x.y", versionBits: 0 });
  assert.equal(pool.statistics().byName.get(USER)?.accepted, 2);
  await using silent = await StratumClient.connect(pool);
  await pool.until(() => pool.clients().length === 2);
  time.advance(301_000);
  await silent.until(() => silent.isClosed);
  assert.equal(pool.clients().length, 1);
});
