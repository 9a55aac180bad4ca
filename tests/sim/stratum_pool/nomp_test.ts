import assert from "node:assert/strict";
import { SimStratumPool } from "../../../lib/sim/stratum_pool/sim_stratum_pool.ts";
import { FakeTime } from "../../support/fake_time.ts";
import { StratumClient, USER } from "./stratum_client.ts";

const DIFFICULTY = 2 ** -20;

function start(options: Parameters<typeof SimStratumPool.start>[0] = {}): Promise<SimStratumPool> {
  return SimStratumPool.start({ like: "nomp", difficulty: DIFFICULTY, ...options });
}

Deno.test("a difficulty comes right before a job, and exactly one earlier one is remembered", async () => {
  await using pool = await start({ vardiff: "fixed" });
  await using client = await StratumClient.ready(pool);
  const from = client.lines.length;
  const credits: number[] = [];
  for (const factor of [2, 4]) {
    pool.setDifficulty(DIFFICULTY * factor);
    assert.equal(client.lines.length, from + credits.length * 3, "nothing is said before the job");
    pool.newJob();
    await client.until(() =>
      client.difficulty === DIFFICULTY * factor && client.jobs.length > factor / 2
    );
    const weak = { difficulty: DIFFICULTY, below: DIFFICULTY * 1.9 };
    credits.push((await client.submit(client.job, weak)).result === true ? 1 : 0);
  }
  assert.deepEqual(client.methodsFrom(from).filter(Boolean), [
    "set_difficulty",
    "notify",
    "set_difficulty",
    "notify",
  ]);
  assert.deepEqual(credits, [1, 0]);
  assert.equal(pool.statistics().difficulty, DIFFICULTY, "by the difficulty of before");
});

Deno.test("vardiff goes by the gaps between shares, and waits for the next job", async () => {
  const time = new FakeTime();
  await using pool = await start({ time, vardiff: { targetMs: 4_000, everyMs: 5_000 } });
  await using client = await StratumClient.ready(pool);
  for (let i = 0; i < 5; i++) {
    await client.submit(client.job);
    time.advance(1_000);
  }
  assert.equal(client.difficulties.length, 1);
  pool.newJob();
  await client.until(() => client.difficulties.length === 2);
  assert.ok(Math.abs(client.difficulty / DIFFICULTY - 4) < 0.05, String(client.difficulty));
});

Deno.test("half of fifty shares bad close the connection and ban the address", async () => {
  const time = new FakeTime();
  await using pool = await start({ time, banMs: 20_000 });
  await using client = await StratumClient.ready(pool, { rolls: false });
  const bad = client.share(client.job).with(1, "ffff");
  for (let i = 0; i < 49; i++) client.send("mining.submit", bad);
  await client.until(() => client.lines.filter(({ error }) => Array.isArray(error)).length === 49);
  client.send("mining.submit", bad);
  await client.until(() => client.isClosed);
  // Reset while it connects, or right after.
  const refused = await StratumClient.connect(pool).catch(() => undefined);
  await refused?.until(() => refused.isClosed);
  await pool.until(() => pool.statistics().refusedConnections === 1);
  await refused?.[Symbol.asyncDispose]();
  const { badBehaviour, refusedConnections, submits, rejected } = pool.statistics();
  assert.equal(badBehaviour.get("badShares"), 1);
  assert.deepEqual([refusedConnections, submits, rejected], [1, 50, 50]);
  time.advance(20_000);
  await using again = await StratumClient.ready(pool);
  assert.equal(again.isClosed, false);
});

Deno.test("more than 10,240 bytes at once close the connection", async () => {
  await using pool = await start();
  await using client = await StratumClient.ready(pool, { rolls: false });
  const line = '{"id":9,"method":"mining.foo","params":[]}\n';
  client.sendText(line.repeat(220));
  await pool.until(() => pool.statistics().unknownRequests === 220);
  client.sendText(line.repeat(250));
  await client.until(() => client.isClosed);
  assert.equal(pool.statistics().unknownRequests, 220);
  assert.deepEqual(pool.statistics().badBehaviour, new Map([["flood", 1]]));
});

Deno.test("every connection gets jobs, any name gets shares, and version bits are ignored", async () => {
  await using pool = await start();
  await using stranger = await StratumClient.connect(pool);
  await pool.until(() => pool.clients().length === 1);
  pool.newJob();
  await stranger.until(() => stranger.jobs.length === 1);
  await using client = await StratumClient.ready(pool);
  assert.equal((await client.submit(client.job, { name: "carol.rig9" })).result, true);
  assert.equal(pool.statistics().byName.get("carol.rig9")?.accepted, 1);
  const rolled = await client.submit(client.job, { versionBits: 0x2000 });
  assert.equal((rolled.error as unknown[])[0], 23);
  const sixth = await client.submit(client.job, { versionBits: 0 });
  assert.equal(sixth.result, true);
  assert.deepEqual(pool.statistics().badBehaviour, new Map([["unagreedVersion", 1]]));
});

Deno.test("a job is as clean to connections with another extranonce2 size as to all others", async () => {
  await using pool = await start();
  await using usual = await StratumClient.ready(pool);
  await pool.setFaults({ extranonce2Size: 8 });
  await using wide = await StratumClient.ready(pool);
  const told = () => [usual, wide].map(({ job }) => job.isClean);
  assert.deepEqual(told(), [false, false], "the first job of a pool replaces none");
  pool.newBlock();
  await usual.until(() => usual.jobs.length === 2);
  await wide.until(() => wide.jobs.length === 2);
  assert.deepEqual(told(), [true, true]);
});

Deno.test("a client that submits nothing for ten minutes is closed with the next job", async () => {
  const time = new FakeTime();
  await using pool = await start({ time, jobIntervalMs: 0 });
  await using client = await StratumClient.ready(pool);
  time.advance(615_000);
  assert.equal(pool.clients().length, 1);
  pool.newJob();
  await client.until(() => client.isClosed);
  assert.deepEqual(pool.statistics().badBehaviour, new Map([["idle", 1]]));
});

Deno.test("a second subscribe gives another extranonce1, and only that counts then", async () => {
  await using pool = await start();
  await using client = await StratumClient.ready(pool);
  const [, first] = client.subscribed;
  await client.ask("mining.subscribe", []);
  await client.until(() => client.jobs.length === 2);
  assert.notEqual(client.subscribed[1], first);
  assert.equal((await client.submit(client.job)).result, true);
  assert.deepEqual(pool.statistics().badBehaviour, new Map([["secondSubscribe", 1]]));
  assert.equal(pool.statistics().byName.get(USER)?.accepted, 1);
});
