/** How the simulated Stratum V2 pool judges, books and answers shares. */

import assert from "node:assert/strict";
import { MAX_TARGET, targetOfBytes } from "../../../lib/bitcoin/target.ts";
import type { PoolMessage } from "../../../lib/protocol/sv2/pool_message.ts";
import { anyTargetOf } from "../../../lib/sim/sv2_pool/channel.ts";
import { SimSv2Pool } from "../../../lib/sim/sv2_pool/sim_sv2_pool.ts";
import { assertGood, badKinds } from "./books.ts";
import { Sv2Client, type Wanted } from "./sv2_client.ts";

const EASY_DIFFICULTY = 2 ** -28;
const EASY = { difficulty: EASY_DIFFICULTY, sharesPerMinute: 0, acksEvery: 1 };

for (
  const [name, wanted, code, bad] of [
    [
      "a hash above the target",
      { target: MAX_TARGET, above: anyTargetOf(EASY_DIFFICULTY) },
      "difficulty-too-low",
      {},
    ],
    ["an extranonce one byte short", { extranonce: new Uint8Array(17) }, "bad-extranonce-size", {
      extranonceSize: 1,
    }],
    ["an extranonce one byte long", { extranonce: new Uint8Array(19) }, "bad-extranonce-size", {
      extranonceSize: 1,
    }],
    [
      "a version bit of the lowest five",
      { version: 0x20000001 },
      "invalid-non-rollable-version-bit",
      { versionBits: 1 },
    ],
    ["version bit 29 cleared", { version: 0 }, "invalid-non-rollable-version-bit", {
      versionBits: 1,
    }],
    ["version bits of BIP320", { version: 0x3fffe000 }, undefined, {}],
    ["version bits of BIP323 only", { version: 0x20000020 }, undefined, { versionBits: 1 }],
    ["a channel that is not open", { channelId: 77 }, "invalid-channel-id", { foreignChannel: 1 }],
    ["channel 0", { channelId: 0 }, "invalid-channel-id", { channelZero: 1 }],
    ["a first sequence number of 1", { sequenceNumber: 1 }, undefined, {}],
    ["a first sequence number of 2", { sequenceNumber: 2 }, undefined, { jumpedSequence: 1 }],
    ["a name that was not agreed on", { workerName: "rig1" }, undefined, { foreignName: 1 }],
  ] as readonly [string, Wanted, string | undefined, object][]
) {
  Deno.test(`${name}: ${code ?? "accepted"}`, async () => {
    await using pool = await SimSv2Pool.start(EASY);
    await using client = await Sv2Client.ready(pool);
    assert.equal(codeOf(await client.submit(wanted)), code);
    assert.deepEqual(badKinds(pool), bad);
    assert.deepEqual([...pool.statistics().rejectedBy.keys()], code === undefined ? [] : [code]);
  });
}

Deno.test("a time below the least is refused, and one a day ahead is not", async () => {
  await using pool = await SimSv2Pool.start(EASY);
  await using client = await Sv2Client.ready(pool);
  const { minNtime } = client.all("setNewPrevHash")[0]!;
  assert.equal(codeOf(await client.submit({ ntime: minNtime - 1 })), "invalid-share");
  assert.equal(codeOf(await client.submit({ ntime: minNtime + 86_400 })), undefined);
  assert.deepEqual(badKinds(pool), { earlyTime: 1, lateTime: 1 });
});

Deno.test("a second share of the same values is a duplicate", async () => {
  await using pool = await SimSv2Pool.start(EASY);
  await using client = await Sv2Client.ready(pool);
  const share = client.share();
  client.send(share, { ...share, sequenceNumber: 1 });
  assert.equal((await client.next("submitSharesError")).errorCode, "duplicate-share");
  assertGood(pool);
});

Deno.test("shares for jobs that are unknown, or wait for their block, name no valid job", async () => {
  await using pool = await SimSv2Pool.start(EASY);
  await using client = await Sv2Client.ready(pool);
  client.send({ ...client.share(), jobId: 4711 });
  assert.equal((await client.next("submitSharesError")).errorCode, "invalid-job-id");
  pool.newFuture();
  await client.until(() => client.all("newExtendedMiningJob").length === 2);
  assert.equal(codeOf(await client.submit()), "invalid-job-id");
  assert.deepEqual(badKinds(pool), { foreignJob: 2 });
});

Deno.test("sequence numbers that repeat and jump are counted", async () => {
  await using pool = await SimSv2Pool.start(EASY);
  await using client = await Sv2Client.ready(pool);
  for (const sequenceNumber of [0, 1, 1, 5, 6, 3]) await client.submit({ sequenceNumber });
  assert.deepEqual(badKinds(pool), { repeatedSequence: 2, jumpedSequence: 1 });
});

Deno.test("names are booked where they were agreed on, and missing or bad ones are counted", async () => {
  await using pool = await SimSv2Pool.start(EASY);
  await using client = await Sv2Client.ready(pool, { extensions: [2], user: "farm" });
  for (const workerName of ["rig1", "rig2", "rig1", undefined, Uint8Array.of(0xff)]) {
    await client.submit(workerName === undefined ? {} : { workerName });
  }
  const { byName } = pool.statistics();
  assert.deepEqual(
    [...byName].map(([name, { accepted }]) => [name, accepted]),
    [["rig1", 2], ["rig2", 1], ["farm", 1], ["ff", 1]],
  );
  assert.deepEqual(badKinds(pool), { missingName: 1, badName: 1 });
});

Deno.test("each job is judged and credited by the target it had when it became the job", async () => {
  await using pool = await SimSv2Pool.start(EASY);
  await using client = await Sv2Client.ready(pool);
  const old = client.job;
  const easy = targetOfBytes(client.channel!.target);
  const hard = anyTargetOf(EASY_DIFFICULTY * 16);
  pool.setTarget(hard);
  const told = await client.next("setTarget");
  assert.equal(targetOfBytes(told.target), hard);
  assert.equal(codeOf(await client.submit({ target: easy, above: hard }, old)), undefined);
  pool.newJob();
  await client.until(() => client.all("newExtendedMiningJob").length === 2);
  assert.equal(codeOf(await client.submit({ target: easy, above: hard }, old)), undefined);
  assert.equal(codeOf(await client.submit({ target: easy, above: hard })), "difficulty-too-low");
  assert.equal(codeOf(await client.submit({ target: hard })), undefined);
  pool.setTarget(easy);
  assert.equal(codeOf(await client.submit({ target: easy, above: hard })), "difficulty-too-low");
  const { difficulty, acceptedByTarget } = pool.statistics();
  assert.deepEqual([...acceptedByTarget.values()], [2, 1]);
  assert.ok(Math.abs(difficulty / (18 * EASY_DIFFICULTY) - 1) < 1e-9, String(difficulty));
  assertGood(pool);
});

Deno.test("a future job gets the target in force when its block comes", async () => {
  await using pool = await SimSv2Pool.start(EASY);
  await using client = await Sv2Client.ready(pool);
  pool.newFuture();
  const hard = anyTargetOf(EASY_DIFFICULTY * 16);
  pool.setTarget(hard);
  pool.newBlock();
  await client.until(() => client.all("setNewPrevHash").length === 2);
  assert.equal(client.all("newExtendedMiningJob").length, 2, "sent once");
  const easy = targetOfBytes(client.channel!.target);
  assert.equal(codeOf(await client.submit({ target: easy, above: hard })), "difficulty-too-low");
  assert.equal(codeOf(await client.submit({ target: hard })), undefined);
  assertGood(pool);
});

Deno.test("difficulties of 2^-32 and below are targets of their own", async () => {
  for (
    const [difficulty, target] of [[2 ** -32, 0xffffn << 240n], [2 ** -40, MAX_TARGET]] as const
  ) {
    await using pool = await SimSv2Pool.start({ ...EASY, difficulty });
    await using client = await Sv2Client.ready(pool);
    assert.equal(targetOfBytes(client.channel!.target), target);
    assert.equal(codeOf(await client.submit()), undefined);
    assert.ok(Math.abs(pool.statistics().difficulty / 2 ** -32 - 1) < 2e-5);
    assertGood(pool);
  }
});

Deno.test("a block is acknowledged at once, whatever the size of a batch", async () => {
  await using pool = await SimSv2Pool.start({ ...EASY, acksEvery: 10, bits: "207fffff" });
  await using client = await Sv2Client.ready(pool);
  const verdict = await client.submit();
  assert.ok(verdict.kind === "submitSharesSuccess");
  assert.equal(verdict.acceptedCount, 1);
  assert.equal(pool.statistics().blocks, 1);
});

Deno.test("difficulty follows the hashrate that a channel declares", async () => {
  await using pool = await SimSv2Pool.start({ difficulty: 1, minDifficulty: 2 ** -32 });
  await using client = await Sv2Client.ready(pool, { hashRate: 2 ** 32 });
  const [channel] = pool.clients()[0]!.channels;
  assert.ok(Math.abs(channel!.difficulty - 10) < 1e-6, "6 a minute");
  const { channelId } = client.channel!;
  client.send({
    kind: "updateChannel",
    channelId,
    nominalHashRate: 2 ** 34,
    maxTarget: new Uint8Array(32).fill(0xff),
  });
  const { target } = await client.next("setTarget");
  assert.ok(Math.abs(Number(0xffffn << 208n) / Number(targetOfBytes(target)) - 40) < 1e-6);
  assert.equal(pool.clients()[0]!.channels[0]!.nominalHashRate, 2 ** 34);
  assertGood(pool);
});

Deno.test("a target is never easier than the channel wants", async () => {
  await using pool = await SimSv2Pool.start(EASY);
  await using client = await Sv2Client.shaken(pool);
  await client.setUp();
  const maxTarget = new Uint8Array(32).fill(0xff, 0, 28);
  const answer = await client.open({ maxTarget });
  assert.ok(answer.kind === "openExtendedMiningChannelSuccess");
  assert.deepEqual(answer.target, maxTarget);
});

function codeOf(verdict: PoolMessage): string | undefined {
  return verdict.kind === "submitSharesError" ? verdict.errorCode : undefined;
}
