/** What each pool does and others do not, as the simulated one plays it. */

import assert from "node:assert/strict";
import { targetOfBytes } from "../../../lib/bitcoin/target.ts";
import { SimSv2Pool } from "../../../lib/sim/sv2_pool/sim_sv2_pool.ts";
import { assertGood, badKinds } from "./books.ts";
import { Sv2Client } from "./sv2_client.ts";

const EASY = { difficulty: 2 ** -28, sharesPerMinute: 0 };

Deno.test("sri: a group, 18 bytes where 8 were asked for, and later jobs for the group", async () => {
  await using pool = await SimSv2Pool.start(EASY);
  await using client = await Sv2Client.ready(pool);
  const { channelId, groupChannelId, extranonceSize, extranoncePrefix } = client.channel!;
  assert.deepEqual([channelId, groupChannelId, extranonceSize], [2, 1, 18]);
  assert.equal(extranoncePrefix.length, 2);
  assert.equal(client.job.channelId, channelId);
  pool.newJob();
  await client.until(() => client.all("newExtendedMiningJob").length === 2);
  assert.equal(client.job.channelId, groupChannelId);
  pool.newBlock();
  await client.until(() => client.all("setNewPrevHash").length === 2);
  assert.equal(client.all("setNewPrevHash").at(-1)!.channelId, groupChannelId);
  assert.equal(client.all("setNewPrevHash").at(-1)!.jobId, client.job.jobId);
  assertGood(pool);
});

Deno.test("sri: of 13 good shares ten are acknowledged and three are not", async () => {
  await using pool = await SimSv2Pool.start(EASY);
  await using client = await Sv2Client.ready(pool);
  client.send(...Array.from({ length: 13 }, () => client.share()));
  await pool.until(() => pool.statistics().accepted === 13);
  const { channelId, lastSequenceNumber, acceptedCount, sharesSum } = await client.next(
    "submitSharesSuccess",
  );
  assert.deepEqual([channelId, lastSequenceNumber, acceptedCount, sharesSum], [2, 9, 10, 0]);
  const { acknowledged, acknowledgements, errors } = pool.statistics();
  assert.deepEqual([acknowledged, acknowledgements, errors], [10, 1, 0]);
  const { difficulty, acknowledgedDifficulty } = pool.statistics();
  assert.ok(Math.abs(acknowledgedDifficulty / difficulty - 10 / 13) < 1e-9);
  assertGood(pool);
});

Deno.test("sri: a channel that needs more bytes than there are is refused", async () => {
  await using pool = await SimSv2Pool.start({ extranonceSize: 6 });
  await using client = await Sv2Client.shaken(pool);
  await client.setUp();
  const answer = await client.open({ minSize: 8 });
  assert.equal(answer.kind, "openMiningChannelError");
  assert.equal(
    answer.kind === "openMiningChannelError" && answer.errorCode,
    "min-extranonce-size-too-large",
  );
  assert.equal((await client.open({ minSize: 6 })).kind, "openExtendedMiningChannelSuccess");
  assertGood(pool);
});

Deno.test("sri of old: the flags come back, counts grow, and the answer has no group", async () => {
  await using pool = await SimSv2Pool.start({
    ...EASY,
    echoesFlags: true,
    hasCumulativeCounts: true,
    hasGroup: false,
    hasGroupField: false,
    acksEvery: 2,
  });
  await using client = await Sv2Client.shaken(pool);
  const setup = await client.setUp(4);
  assert.equal(setup.kind === "setupConnectionSuccess" && setup.flags, 4);
  const channel = await client.open();
  assert.equal(channel.kind === "openExtendedMiningChannelSuccess" && channel.groupChannelId, 0);
  await client.next("setNewPrevHash");
  client.send(...Array.from({ length: 4 }, () => client.share()));
  await client.until(() => client.all("submitSharesSuccess").length === 2);
  assert.deepEqual(client.all("submitSharesSuccess").map((one) => one.acceptedCount), [2, 4]);
  assert.equal(pool.statistics().acknowledged, 4);
  assertGood(pool);
});

Deno.test("blitzpool: 8 bytes where 16 were asked for, no group, the first job twice", async () => {
  await using pool = await SimSv2Pool.start({ ...EASY, like: "blitzpool" });
  await using client = await Sv2Client.ready(pool, { minSize: 16 });
  await client.until(() => client.all("setNewPrevHash").length === 2);
  const { groupChannelId, extranonceSize, extranoncePrefix } = client.channel!;
  assert.deepEqual([groupChannelId, extranonceSize, extranoncePrefix.length], [0, 8, 4]);
  const [first, second] = client.all("newExtendedMiningJob");
  assert.notEqual(first!.jobId, second!.jobId);
  assert.deepEqual(first!.merklePath, second!.merklePath);
  const verdict = await client.submit();
  assert.equal(verdict.kind === "submitSharesSuccess" && verdict.acceptedCount, 1);
  assertGood(pool);
});

Deno.test("blitzpool: a client without the flag for version rolling may not roll", async () => {
  await using pool = await SimSv2Pool.start({ ...EASY, like: "blitzpool" });
  await using client = await Sv2Client.shaken(pool);
  const setup = await client.setUp(0);
  assert.equal(setup.kind === "setupConnectionSuccess" && setup.flags, 1);
  await client.open();
  await client.next("setNewPrevHash");
  assert.equal(client.job.isVersionRollingAllowed, false);
  assertGood(pool);
});

Deno.test("blitzpool: accepts what loses a block, and counts it against the client", async () => {
  await using pool = await SimSv2Pool.start({ ...EASY, like: "blitzpool" });
  await using client = await Sv2Client.ready(pool);
  const { minNtime } = client.all("setNewPrevHash")[0]!;
  for (
    const wrong of [
      { ntime: minNtime - 1 },
      { ntime: minNtime + 86_400 },
      { extranonce: new Uint8Array(7) },
      { extranonce: new Uint8Array(9) },
      { version: client.job.version | 1 },
      { version: client.job.version & ~0x20000000 },
    ]
  ) assert.equal((await client.submit(wrong)).kind, "submitSharesSuccess");
  assert.deepEqual(badKinds(pool), {
    earlyTime: 1,
    lateTime: 1,
    extranonceSize: 2,
    versionBits: 2,
  });
});

Deno.test("blitzpool: a duplicate is stale, and the top version bit ends the connection", async () => {
  await using pool = await SimSv2Pool.start({ ...EASY, like: "blitzpool" });
  await using client = await Sv2Client.ready(pool);
  const share = client.share();
  client.send(share, { ...share, sequenceNumber: 1 });
  assert.equal((await client.next("submitSharesError")).errorCode, "stale-share");
  client.send({
    ...client.share({ sequenceNumber: 2 }),
    version: (client.job.version | 0x80000000) >>> 0,
  });
  await client.closed();
  assert.deepEqual(badKinds(pool), { versionBits: 1 });
});

Deno.test("blitzpool: shares of the block before count for a grace time, at sri they do not", async () => {
  for (const [like, code] of [["blitzpool", undefined], ["sri", "stale-share"]] as const) {
    await using pool = await SimSv2Pool.start({ ...EASY, like, acksEvery: 1 });
    await using client = await Sv2Client.ready(pool);
    const late = client.share();
    pool.newBlock();
    client.send(late);
    const verdict = await client.next("submitSharesSuccess", "submitSharesError");
    assert.equal(verdict.kind === "submitSharesError" ? verdict.errorCode : undefined, code);
    assertGood(pool);
  }
});

Deno.test("blitzpool: users are addresses, one a connection; others lose the connection", async () => {
  await using pool = await SimSv2Pool.start({ ...EASY, like: "blitzpool" });
  await using client = await Sv2Client.shaken(pool);
  await client.setUp();
  const answer = await client.open({ user: "farm.rig1" });
  assert.equal(answer.kind === "openMiningChannelError" && answer.errorCode, "unknown-user");
  await client.closed();
  assert.deepEqual(badKinds(pool), { refusedUser: 1 });
});

Deno.test("blitzpool: a connection is closed when nothing is sent either way", async () => {
  const idleMs = 400;
  await using pool = await SimSv2Pool.start({ ...EASY, like: "blitzpool", idleMs });
  await using client = await Sv2Client.ready(pool);
  const startedAt = performance.now();
  while (performance.now() - startedAt < 1.5 * idleMs) {
    const jobs = client.all("newExtendedMiningJob").length;
    pool.newJob();
    await client.until(() => client.all("newExtendedMiningJob").length > jobs);
  }
  assert.equal(client.isClosed, false, "its jobs keep it open");
  await client.closed();
  assert.deepEqual(badKinds(pool), { idle: 1 });
});

Deno.test("blitzpool: what it refuses it says after what it accepted later", async () => {
  await using pool = await SimSv2Pool.start({ ...EASY, like: "blitzpool" });
  await using client = await Sv2Client.ready(pool);
  const share = client.share();
  client.send(
    share,
    { ...share, sequenceNumber: 1 },
    client.share({ sequenceNumber: 2 }),
  );
  await client.next("submitSharesError");
  const accepted = client.all("submitSharesSuccess");
  assert.deepEqual(
    accepted.map(({ lastSequenceNumber, acceptedCount }) => [lastSequenceNumber, acceptedCount]),
    [[0, 1], [2, 1]],
  );
  assert.equal(client.all("submitSharesError")[0]!.sequenceNumber, 1);
  assertGood(pool);
});

Deno.test("blitzpool: a channel without shares gets ever less difficulty", async () => {
  await using pool = await SimSv2Pool.start({
    like: "blitzpool",
    difficulty: 2 ** -10,
    sharesPerMinute: 8,
    lowersIdleMs: 250,
  });
  await using client = await Sv2Client.ready(pool);
  await client.until(() => client.all("setTarget").length === 3);
  const targets = [client.channel!, ...client.all("setTarget")]
    .map(({ target }) => targetOfBytes(target));
  const easier = targets.slice(1).map((target, i) => Number(target / targets[i]!));
  assert.deepEqual(easier, [8, 8, 4], "down to the lowest");
  assertGood(pool);
});

Deno.test("blitzpool: a channel that had five shares keeps its difficulty", async () => {
  await using pool = await SimSv2Pool.start({
    like: "blitzpool",
    difficulty: 2 ** -28,
    minDifficulty: 2 ** -32,
    sharesPerMinute: 8,
    lowersIdleMs: 400,
  });
  await using busy = await Sv2Client.ready(pool);
  await using idle = await Sv2Client.ready(pool);
  for (let i = 0; i < 5; i++) await busy.submit();
  await idle.until(() => idle.all("setTarget").length === 2);
  assert.deepEqual(busy.all("setTarget"), []);
  assertGood(pool);
});

Deno.test("braiins: 6 bytes, no prefix, a long script and SegWit fields left in", async () => {
  await using pool = await SimSv2Pool.start({ ...EASY, like: "braiins" });
  await using client = await Sv2Client.ready(pool);
  const { extranonceSize, extranoncePrefix } = client.channel!;
  assert.deepEqual([extranonceSize, extranoncePrefix.length], [6, 0]);
  const { coinbasePrefix, coinbaseSuffix } = client.job;
  assert.equal(coinbasePrefix.slice(4, 6).toHex(), "0001");
  assert.equal(coinbasePrefix[43], 70, "the script's length");
  assert.equal(coinbaseSuffix.slice(-38, -36).toHex(), "0120");
  assert.equal((await client.submit()).kind, "submitSharesSuccess");
  assertGood(pool);
});

Deno.test("braiins: two channels get different coinbases, since no prefix tells them apart", async () => {
  await using pool = await SimSv2Pool.start({ ...EASY, like: "braiins" });
  await using one = await Sv2Client.ready(pool);
  await using other = await Sv2Client.ready(pool);
  assert.notDeepEqual(one.job.coinbasePrefix, other.job.coinbasePrefix);
  assertGood(pool);
});

Deno.test("braiins: an unknown user is refused and keeps the connection", async () => {
  await using pool = await SimSv2Pool.start({ ...EASY, like: "braiins", accounts: ["farm"] });
  await using client = await Sv2Client.shaken(pool);
  await client.setUp();
  assert.equal((await client.open({ user: "stranger" })).kind, "openMiningChannelError");
  assert.equal((await client.open({ user: "farm.x" })).kind, "openExtendedMiningChannelSuccess");
  assert.deepEqual(badKinds(pool), { refusedUser: 1 });
});

Deno.test("extensions: sri grants worker names, blitzpool nothing, braiins does not answer", async () => {
  for (const [like, granted] of [["sri", [2]], ["blitzpool", []], ["braiins", []]] as const) {
    await using pool = await SimSv2Pool.start({ ...EASY, like });
    await using client = await Sv2Client.shaken(pool);
    await client.setUp();
    const asking = client.extend([2]);
    if (like === "braiins") {
      asking.catch(() => {});
      await client.open();
      assert.equal(client.all("requestExtensionsSuccess").length, 0);
    } else {
      const answer = await asking;
      assert.ok(answer.kind === "requestExtensionsSuccess");
      assert.deepEqual([...answer.extensions], granted);
    }
    assert.deepEqual(pool.clients()[0]!.extensions, granted);
  }
});

Deno.test("sri refuses extensions it does not know, and says which are required", async () => {
  await using pool = await SimSv2Pool.start({ extensions: [2, 7], requiredExtensions: [7] });
  await using client = await Sv2Client.shaken(pool);
  await client.setUp();
  const answer = await client.extend([2, 3]);
  assert.ok(answer.kind === "requestExtensionsError");
  assert.deepEqual([[...answer.unsupported], [...answer.required]], [[3], [7]]);
});

Deno.test("the prefix has the length that was set, and differs from channel to channel", async () => {
  for (const prefixBytes of [2, 4, 14, 26]) {
    const extranonceSize = Math.min(18, 32 - prefixBytes);
    await using pool = await SimSv2Pool.start({
      ...EASY,
      prefixBytes,
      extranonceSize,
      acksEvery: 1,
    });
    await using one = await Sv2Client.ready(pool, { minSize: 6 });
    await using other = await Sv2Client.ready(pool, { minSize: 6 });
    assert.equal(one.channel!.extranoncePrefix.length, prefixBytes);
    assert.notDeepEqual(one.channel!.extranoncePrefix, other.channel!.extranoncePrefix);
    assert.equal((await one.submit()).kind, "submitSharesSuccess");
    assertGood(pool);
  }
});
