/** What the simulated Stratum V2 pool does wrong on request, and what it holds against clients. */

import assert from "node:assert/strict";
import { systemTime } from "../../../lib/base/system_time.ts";
import { encodeAgentMessage } from "../../../lib/protocol/sv2/agent_message.ts";
import type { Sv2PoolFaults } from "../../../lib/sim/sv2_pool/faults.ts";
import { SimSv2Pool } from "../../../lib/sim/sv2_pool/sim_sv2_pool.ts";
import { coinbaseOutputs } from "../../../lib/bitcoin/coinbase.ts";
import { assertGood, badKinds } from "./books.ts";
import { ANY_TARGET, Sv2Client } from "./sv2_client.ts";

const EASY = { difficulty: 2 ** -28, sharesPerMinute: 0, acksEvery: 1 };

async function withFaults(faults: Partial<Sv2PoolFaults>): Promise<SimSv2Pool> {
  const pool = await SimSv2Pool.start(EASY);
  await pool.setFaults(faults);
  return pool;
}

Deno.test("silence begins at each step and lasts", async () => {
  for (
    const [step, answers] of [["setup", 0], ["extensions", 1], ["open", 2], ["job", 3]] as const
  ) {
    await using pool = await withFaults({ silentFrom: step });
    await using client = await Sv2Client.shaken(pool);
    const asking = [client.setUp(), client.extend([2]), client.open()];
    for (const asked of asking) asked.catch(() => {});
    await pool.until(() => pool.statistics().framesIn === 3);
    await client.until(() => client.messages.length === answers);
    pool.finishConnections();
    await client.closed();
    assert.equal(client.messages.length, answers, step);
  }
});

Deno.test("a setup is refused with any code and flags, and the connection ends", async () => {
  await using pool = await withFaults({
    setupError: "unsupported-feature-flags",
    setupErrorFlags: 4,
  });
  await using client = await Sv2Client.shaken(pool);
  const answer = await client.setUp();
  assert.ok(answer.kind === "setupConnectionError");
  assert.deepEqual([answer.errorCode, answer.flags], ["unsupported-feature-flags", 4]);
  await client.closed();
  assertGood(pool);
});

Deno.test("a setup that no pool takes is refused and counted", async () => {
  await using pool = await SimSv2Pool.start();
  await using client = await Sv2Client.shaken(pool);
  const answer = await client.setUp(1);
  assert.ok(answer.kind === "setupConnectionError");
  assert.deepEqual([answer.errorCode, answer.flags], ["unsupported-feature-flags", 1]);
  assert.deepEqual(badKinds(pool), { badSetup: 1 });
});

Deno.test("requests out of turn are counted: another first message, two at once", async () => {
  await using pool = await SimSv2Pool.start();
  await using early = await Sv2Client.shaken(pool);
  early.send({ kind: "closeChannel", channelId: 2, reasonCode: "" });
  await early.closed();
  await using client = await Sv2Client.shaken(pool);
  await client.setUp();
  const open = {
    kind: "openExtendedMiningChannel",
    requestId: 1,
    userIdentity: "farm",
    nominalHashRate: 0,
    maxTarget: ANY_TARGET,
    minExtranonceSize: 8,
  } as const;
  client.send(open, open);
  await client.until(() => client.all("setNewPrevHash").length === 2);
  assert.deepEqual(badKinds(pool), { firstMessage: 1, pipelined: 1, repeatedRequestId: 1 });
  assert.equal(pool.statistics().mostChannels, 2);
});

Deno.test("a channel is refused with any code, or gets an id that is taken", async () => {
  await using pool = await withFaults({ openError: "address-locked", channelId: 1 });
  await using client = await Sv2Client.shaken(pool);
  await client.setUp();
  const refused = await client.open();
  assert.equal(refused.kind === "openMiningChannelError" && refused.errorCode, "address-locked");
  await pool.setFaults({ openError: undefined });
  await client.open();
  assert.equal(client.channel!.channelId, client.channel!.groupChannelId);
  assertGood(pool);
});

Deno.test("thousands of jobs for nobody come before the channel opens", async () => {
  await using pool = await withFaults({ jobsBeforeOpen: 3_000 });
  await using client = await Sv2Client.shaken(pool);
  await client.setUp();
  await client.open();
  const jobs = client.all("newExtendedMiningJob");
  assert.ok(jobs.length >= 3_000);
  const opened = client.messages.indexOf(client.channel!);
  assert.equal(client.messages.indexOf(jobs[2_999]!), opened - 1);
  assertGood(pool);
});

Deno.test("RequestExtensions is ignored, refused or ends the connection", async () => {
  for (const extensions of ["ignore", "refuse", "close"] as const) {
    await using pool = await withFaults({ extensions });
    await using client = await Sv2Client.shaken(pool);
    await client.setUp();
    const asking = client.extend([2]);
    if (extensions === "refuse") {
      assert.equal((await asking).kind, "requestExtensionsError");
    } else if (extensions === "close") await assert.rejects(asking);
    else {
      asking.catch(() => {});
      await client.open();
      const kinds = client.messages.map(({ kind }) => kind).slice(0, 2);
      assert.deepEqual(kinds, ["setupConnectionSuccess", "openExtendedMiningChannelSuccess"]);
    }
    assertGood(pool);
  }
});

Deno.test("shares are refused with any code, or left alone", async () => {
  await using pool = await withFaults({ refuseShares: "made-up" });
  await using client = await Sv2Client.ready(pool);
  const verdict = await client.submit();
  assert.equal(verdict.kind === "submitSharesError" && verdict.errorCode, "made-up");
  await pool.setFaults({ isDeafToShares: true });
  client.send(client.share());
  await pool.until(() => pool.statistics().ignored === 1);
  await pool.setFaults({ isDeafToShares: false, refuseShares: undefined, neverAcknowledge: true });
  client.send(client.share());
  await pool.until(() => pool.statistics().accepted === 1);
  assert.equal(pool.statistics().acknowledged, 0);
  await pool.setFaults({ neverAcknowledge: false });
  client.send(client.share());
  const { acceptedCount } = await client.next("submitSharesSuccess");
  assert.equal(acceptedCount, 2);
  assertGood(pool);
});

Deno.test("an error comes after the acknowledgement that passed it, and verdicts come late", async () => {
  await using pool = await withFaults({ lateErrors: true, verdictDelayMs: 50 });
  await using client = await Sv2Client.ready(pool);
  client.send(
    client.share(),
    { ...client.share(), jobId: 99 },
    client.share(),
  );
  const error = await client.next("submitSharesError");
  assert.equal(error.sequenceNumber, 1);
  const order = client.messages.slice(-3).map(({ kind }) => kind);
  assert.deepEqual(order, ["submitSharesSuccess", "submitSharesSuccess", "submitSharesError"]);
  assert.deepEqual(badKinds(pool), { foreignJob: 1 });
});

Deno.test("a verdict for a share that was never sent, and any other message, can be sent", async () => {
  await using pool = await SimSv2Pool.start(EASY);
  await using client = await Sv2Client.ready(pool);
  pool.sendMessage({
    kind: "submitSharesSuccess",
    channelId: 2,
    lastSequenceNumber: 1_000_000,
    acceptedCount: 3,
    sharesSum: 9,
  });
  assert.equal((await client.next("submitSharesSuccess")).acceptedCount, 3);
  pool.sendFrame(0x7fff, 0x99, new Uint8Array(100));
  pool.sendFrame(0x8000, 0xee, new Uint8Array(0));
  await client.until(() => client.all("unknown").length === 2);
  pool.askToReconnect("other.example", 3336);
  assert.equal((await client.next("reconnect")).newHost, "other.example");
  pool.askToReconnect();
  const { newHost, newPort } = await client.next("reconnect");
  assert.deepEqual([newHost, newPort], ["", 0]);
  assertGood(pool);
});

Deno.test("a frame one byte too long can be sent, and clients refuse it", async () => {
  await using pool = await SimSv2Pool.start(EASY);
  await using client = await Sv2Client.ready(pool);
  pool.sendFrame(0, 0x70, new Uint8Array(262_144));
  await client.until(() => client.all("unknown").length === 1);
  pool.sendFrame(0, 0x70, new Uint8Array(262_145));
  await client.closed();
});

Deno.test("one wrong bit in a chosen frame ends a client's stream there", async () => {
  for (const [frame, byte] of [[0, 0], [1, -1], [3, 30]] as const) {
    await using pool = await withFaults({ flippedBit: { frame, byte } });
    await using client = await Sv2Client.shaken(pool);
    await client.setUp().then(() => client.open(), () => {}).catch(() => {});
    await client.closed();
    assert.equal(client.messages.length, frame);
  }
});

Deno.test("a client's wrong seal, wrong bit and left-over bytes are counted", async () => {
  await using pool = await SimSv2Pool.start(EASY);
  await using client = await Sv2Client.ready(pool);
  const share = encodeAgentMessage(client.share());
  const longer = new Uint8Array(share.length + 3);
  longer.set(share);
  longer[3]! += 3;
  client.sendFrames(longer);
  await client.next("submitSharesSuccess");
  const bitless = encodeAgentMessage(client.share());
  bitless[1] = 0;
  client.sendFrames(bitless);
  await client.next("submitSharesSuccess");
  await client.write(new Uint8Array(30));
  await client.closed();
  assert.deepEqual(badKinds(pool), { leftOverBytes: 1, wrongBit: 1, badSeal: 1 });
});

Deno.test("wrong bits for channels and left-over bytes do not change what a message says", async () => {
  await using pool = await withFaults({ hasWrongBits: true, leftOverBytes: 7 });
  await using client = await Sv2Client.ready(pool);
  assert.equal((await client.submit()).kind, "submitSharesSuccess");
  assertGood(pool);
});

Deno.test("UpdateChannel: channel 0, one that is not open, and too often are counted", async () => {
  await using pool = await SimSv2Pool.start({ ...EASY, updateIntervalMs: 600_000 });
  await using client = await Sv2Client.shaken(pool);
  const update = (channelId: number) =>
    client.send({ kind: "updateChannel", channelId, nominalHashRate: 1, maxTarget: ANY_TARGET });
  await client.setUp();
  update(0);
  assert.equal((await client.next("updateChannelError")).errorCode, "invalid-channel-id");
  update(2);
  await client.next("updateChannelError");
  await client.open();
  update(2);
  update(2);
  await client.until(() => client.all("setTarget").length === 2);
  assert.deepEqual(badKinds(pool), { channelZero: 1, foreignChannel: 1, hastyUpdate: 1 });
  assert.equal(pool.statistics().updates, 4);
  await pool.setFaults({ updateError: "invalid-nominal-hashrate" });
  update(2);
  assert.equal((await client.next("updateChannelError")).errorCode, "invalid-nominal-hashrate");
});

Deno.test("UpdateChannel twice within half a minute is counted, and later it is not", async () => {
  let passedMs = 0;
  const time = { ...systemTime, now: () => systemTime.now() + passedMs };
  await using pool = await SimSv2Pool.start({ ...EASY, time });
  await using client = await Sv2Client.ready(pool);
  for (const [ms, frequent] of [[0, 0], [5_000, 1], [31_000, 1]] as const) {
    passedMs += ms;
    client.send({
      kind: "updateChannel",
      channelId: 2,
      nominalHashRate: 1,
      maxTarget: ANY_TARGET,
    });
    await client.next("setTarget");
    assert.equal(badKinds(pool)["frequentUpdate"] ?? 0, frequent);
  }
  assert.deepEqual(badKinds(pool), { frequentUpdate: 1 });
});

Deno.test("a pool closes channels one by one or as a group, and shares under way are no fault", async () => {
  for (const byGroup of [false, true]) {
    await using pool = await SimSv2Pool.start(EASY);
    await using client = await Sv2Client.ready(pool);
    const share = client.share();
    pool.closeChannels({ byGroup });
    client.send(share);
    const { channelId } = await client.next("closeChannel");
    assert.equal(channelId, byGroup ? 1 : 2);
    assert.equal((await client.next("submitSharesError")).errorCode, "invalid-channel-id");
    assert.equal(pool.statistics().channelsNow, 0);
    await client.open();
    await client.until(() => client.all("setNewPrevHash").length === 2);
    assert.equal((await client.submit()).kind, "submitSharesSuccess");
    assertGood(pool);
  }
});

Deno.test("another prefix applies from the next job on", async () => {
  await using pool = await SimSv2Pool.start(EASY);
  await using client = await Sv2Client.ready(pool);
  const old = client.job;
  pool.setExtranoncePrefix(Uint8Array.of(1, 2, 3, 4, 5));
  const { extranoncePrefix: prefix } = await client.next("setExtranoncePrefix");
  assert.equal((await client.submit({}, old)).kind, "submitSharesSuccess");
  pool.newJob();
  await client.until(() => client.all("newExtendedMiningJob").length === 2);
  assert.equal((await client.submit({ prefix })).kind, "submitSharesSuccess");
  assert.equal((await client.submit({}, old)).kind, "submitSharesSuccess");
  assert.equal((await client.submit({})).kind, "submitSharesError", "with the prefix before");
  assertGood(pool);
});

Deno.test("another group gets the jobs from then on", async () => {
  await using pool = await SimSv2Pool.start(EASY);
  await using client = await Sv2Client.ready(pool);
  pool.setGroupChannel(40);
  const { groupChannelId, channelIds } = await client.next("setGroupChannel");
  assert.deepEqual([groupChannelId, [...channelIds]], [40, [2]]);
  pool.newJob();
  await client.until(() => client.all("newExtendedMiningJob").length === 2);
  assert.equal(client.job.channelId, 40);
  assertGood(pool);
});

Deno.test("a channel that opens while a future job waits gets that, too", async () => {
  await using pool = await SimSv2Pool.start(EASY);
  await using first = await Sv2Client.ready(pool);
  pool.newFuture();
  await using client = await Sv2Client.ready(pool);
  await client.until(() => client.all("newExtendedMiningJob").length === 2);
  pool.newBlock();
  for (const one of [first, client]) {
    await one.until(() => one.all("setNewPrevHash").length === 2);
    assert.equal(one.all("setNewPrevHash").at(-1)!.jobId, one.job.jobId);
    assert.equal((await one.submit()).kind, "submitSharesSuccess");
  }
  assertGood(pool);
});

Deno.test("a prev hash for an unknown job changes nothing for the pool", async () => {
  await using pool = await SimSv2Pool.start(EASY);
  await using client = await Sv2Client.ready(pool);
  const share = client.share();
  pool.sendUnknownPrevHash();
  await client.until(() => client.all("setNewPrevHash").length === 2);
  client.send(share);
  await client.next("submitSharesSuccess");
  assertGood(pool);
});

Deno.test("a job that forbids rolling refuses other versions", async () => {
  await using pool = await withFaults({ fixVersions: true });
  await using client = await Sv2Client.ready(pool);
  assert.equal(client.job.isVersionRollingAllowed, false);
  const verdict = await client.submit({ version: client.job.version | 0x2000 });
  assert.equal(
    verdict.kind === "submitSharesError" && verdict.errorCode,
    "version-rolling-not-allowed",
  );
  assert.equal((await client.submit()).kind, "submitSharesSuccess");
  assert.deepEqual(badKinds(pool), { fixedVersion: 1 });
});

Deno.test("jobs of which no miner may be told have no readable coinbase, and their shares count", async () => {
  for (
    const flaw of ["scriptLength", "scriptTooLong", "twoInputs", "truncated", "empty"] as const
  ) {
    await using pool = await SimSv2Pool.start(EASY);
    await using client = await Sv2Client.ready(pool);
    pool.newJob(flaw);
    await client.until(() => client.all("newExtendedMiningJob").length === 2);
    const { coinbasePrefix, coinbaseSuffix } = client.job;
    const coinbase = Uint8Array.of(...coinbasePrefix, ...new Uint8Array(20), ...coinbaseSuffix);
    const isReadable = coinbaseOutputs(coinbase) !== undefined;
    assert.equal(isReadable, flaw === "scriptTooLong", flaw);
    if (isReadable) assert.equal(coinbasePrefix[41], 101);
    await client.submit();
    assert.deepEqual(badKinds(pool), { insaneJob: 1 });
  }
});

Deno.test("a pool that is silent sends nothing more, not even half a frame", async () => {
  await using pool = await SimSv2Pool.start(EASY);
  await using client = await Sv2Client.ready(pool);
  const { length } = client.messages;
  await pool.setFaults({ isSilent: true });
  client.send(client.share());
  await pool.until(() => pool.statistics().accepted === 1);
  await pool.setFaults({ isSilent: false });
  client.send(client.share());
  await client.next("submitSharesSuccess");
  assert.equal(client.messages.length, length + 1);
});

Deno.test("a port is closed and opened again, and connections end by FIN and by RST", async () => {
  await using pool = await SimSv2Pool.start(EASY);
  await pool.setFaults({ refuseConnections: true });
  await assert.rejects(Sv2Client.connect(pool));
  await pool.setFaults({ refuseConnections: false });
  await using one = await Sv2Client.ready(pool);
  await using other = await Sv2Client.ready(pool);
  pool.finishConnections(undefined, 1);
  pool.resetConnections(2);
  await one.closed();
  await other.closed();
  await pool.until(() => pool.clients().length === 0);
  assert.equal(pool.statistics().channelsNow, 0);
});
