/** Sv2Session: a ready connection to a Stratum V2 pool and its end, over a fake socket. */

import assert from "node:assert/strict";
import { Sv2AtPools } from "../../../lib/pool/sv2/at_pools.ts";
import { FRAME_HEADER_BYTES, writeFrameHeader } from "../../../lib/protocol/sv2/frame.ts";
import { encodePoolMessage } from "../../../lib/protocol/sv2/pool_message.ts";
import type { SubmitSharesExtended } from "../../../lib/protocol/sv2/share.ts";
import { ERROR_CODE } from "../../../lib/protocol/stratum/error_code.ts";
import { LogCapture } from "../../support/log_capture.ts";
import {
  coinbaseParts,
  extendedJobMessage,
  NTIME,
  prevHashMessage,
} from "../../support/sv2_jobs.ts";
import { channelOpened, SETUP, Sv2Rig, target } from "../../support/sv2_rig.ts";

/** The shares that came since the last look. */
function shares(rig: Sv2Rig): SubmitSharesExtended[] {
  return rig.pool.received().filter((message) => message.kind === "submitSharesExtended");
}

function success(lastSequenceNumber: number, acceptedCount: number) {
  const kind = "submitSharesSuccess";
  return { kind, channelId: 7, lastSequenceNumber, acceptedCount, sharesSum: 0 } as const;
}

function error(sequenceNumber: number, errorCode: string) {
  return { kind: "submitSharesError", channelId: 7, sequenceNumber, errorCode } as const;
}

/** The verdicts so far, as `serial:code`; 0 is accepted. */
function verdicts(rig: Sv2Rig): string[] {
  return rig.events.all.flatMap((event) =>
    "verdict" in event
      ? [`${event.verdict}${rig.events.verdicts.length > 0 ? `:${event.status}` : ""}`]
      : []
  );
}

async function closed(rig: Sv2Rig): Promise<void> {
  rig.session.close();
  await rig.settle();
}

// Terms and jobs

Deno.test("A ready session reports its terms", async () => {
  const rig = await Sv2Rig.ready();
  assert.deepEqual(rig.upstream.terms, {
    extranonce: { bytes: 8, offset: 2, idBytes: 2 },
    capacity: Infinity,
    startingDifficulty: 1024,
    poolDifficulty: 1024,
    difficulty: "vardiff",
    jobsKeepDifficulty: true,
    validation: "here",
    verdicts: "given",
    verdictTimeoutMs: Infinity,
    canSayTimeZero: true,
    retention: { jobs: 64, acrossClean: 0, ms: 240_000 },
  });
  assert.equal(rig.upstream.versionMask, 0x1fffe000);
  assert.ok(rig.upstream.latestJob.coinbase1.endsWith("0a0b0c0d"));
  await closed(rig);
});

Deno.test("Jobs, targets and prefixes reach the mux as they count", async () => {
  const rig = await Sv2Rig.ready();
  await rig.say(extendedJobMessage({ jobId: 2, minNtime: NTIME + 30 }));
  await rig.say({ kind: "setTarget", channelId: 7, target: target(4096) });
  await rig.say({
    kind: "setExtranoncePrefix",
    channelId: 7,
    extranoncePrefix: Uint8Array.fromHex("eeeeeeee"),
  });
  await rig.say(extendedJobMessage({ jobId: 3 }), prevHashMessage({ jobId: 3 }));
  const [job, difficulty, clean] = rig.events.all;
  assert.ok("job" in job! && job.job === "2" && !job.isClean);
  assert.deepEqual(difficulty, { poolDifficulty: 4096, isAlone: false });
  assert.ok("job" in clean! && clean.job === "3" && clean.isClean);
  assert.ok(clean.coinbase1.endsWith("eeeeeeee"));
  await closed(rig);
});

Deno.test("A job that forbids version rolling has a mask of 0 with it, and the next one has not", async () => {
  const rig = await Sv2Rig.ready();
  const masks: number[] = [];
  rig.events.onEvent = () => masks.push(rig.upstream.versionMask);
  await rig.say(extendedJobMessage({ jobId: 2, minNtime: NTIME, isVersionRollingAllowed: false }));
  await rig.say(extendedJobMessage({ jobId: 3, minNtime: NTIME }));
  assert.deepEqual(masks, [0, 0x1fffe000]);
  await closed(rig);
});

Deno.test("A pool without a valid job for its new block is dead after thirty seconds", async () => {
  const rig = await Sv2Rig.ready();
  await rig.say(prevHashMessage({ jobId: 99 }));
  await rig.pass(29_999);
  assert.equal(rig.events.endReason, undefined);
  await rig.pass(1);
  assert.match(rig.events.endReason!, /no valid job/);
});

// Shares

Deno.test("A share goes up with the miner's bytes in the pool's room, whole version and all", async () => {
  const rig = await Sv2Rig.ready();
  rig.submit(0x0102, { extranonce2: 0xa1b2c3d4, versionBits: 0x2000, nonce: 7, ntime: NTIME + 1 });
  await rig.settle();
  const [share] = shares(rig);
  assert.deepEqual(
    { ...share, extranonce: share!.extranonce.toHex() },
    {
      kind: "submitSharesExtended",
      channelId: 7,
      sequenceNumber: 0,
      jobId: 1,
      nonce: 7,
      ntime: NTIME + 1,
      version: 0x2000_2000,
      extranonce: "00000102a1b2c3d4",
      workerName: undefined,
    },
  );
  await closed(rig);
});

Deno.test("Every size of extranonce is filled to its last byte", async () => {
  for (const [size, wanted] of [[6, "0102a1b2c3d4"], [18, `00000102a1b2c3d4${"00".repeat(10)}`]]) {
    const rig = new Sv2Rig();
    await rig.shake();
    await rig.say(SETUP);
    const extranonceSize = Number(size);
    const prefixBytes = 2;
    await rig.say(
      channelOpened({ extranonceSize, extranoncePrefix: new Uint8Array(prefixBytes) }),
      extendedJobMessage({}, coinbaseParts({ prefixBytes, bytes: extranonceSize })),
      prevHashMessage(),
    );
    rig.submit(0x0102, { extranonce2: 0xa1b2c3d4 });
    await rig.settle();
    assert.equal(shares(rig)[0]!.extranonce.toHex(), wanted);
    await closed(rig);
  }
});

Deno.test("Sequence numbers follow the order of writing, also past a block that goes first", async () => {
  const rig = await Sv2Rig.ready();
  // Fifty go at once, the rest wait for their turn.
  for (let i = 0; i < 60; i++) rig.submit(1, { nonce: i });
  const block = rig.submit(1, { nonce: 999 }, {}, true);
  assert.equal(block, 60);
  await rig.settle();
  const first = shares(rig);
  assert.equal(first.at(-1)!.nonce, 999);
  await rig.pass(1_000);
  const all = [...first, ...shares(rig)];
  assert.equal(all.length, 61);
  assert.deepEqual(all.map(({ sequenceNumber }) => sequenceNumber), all.map((_, i) => i));
  assert.deepEqual(rig.events.sentSerials, [50, 51, 52, 53, 54, 55, 56, 57, 58, 59]);

  await rig.say(error(50, "stale-share"), success(60, 60));
  assert.equal(verdicts(rig)[0], `60:${ERROR_CODE.jobNotFound}`, "the block's own verdict");
  assert.equal(verdicts(rig).length, 61);
  assert.equal(rig.events.unexplainedVerdicts, 0);
  await closed(rig);
});

Deno.test("Shares that wait and are withdrawn leave no gap", async () => {
  const rig = await Sv2Rig.ready();
  for (let i = 0; i < 55; i++) rig.submit(1, { nonce: i });
  rig.upstream.withdraw(new Set([50, 52]));
  await rig.pass(1_000);
  const all = shares(rig);
  assert.deepEqual(all.map(({ sequenceNumber }) => sequenceNumber), all.map((_, i) => i));
  assert.deepEqual(all.slice(50).map(({ nonce }) => nonce), [51, 53, 54]);
  await rig.say(error(51, "duplicate-share"));
  assert.deepEqual(verdicts(rig), [`53:${ERROR_CODE.duplicate}`]);
  await closed(rig);
});

Deno.test("A run of a batch accepts ten of thirteen, with an error between", async () => {
  const rig = await Sv2Rig.ready();
  for (let i = 0; i < 13; i++) rig.submit(1, { nonce: i });
  await rig.say(error(4, "difficulty-too-low"));
  assert.deepEqual(verdicts(rig), [`4:${ERROR_CODE.lowDifficulty}`]);
  await rig.say(success(10, 10));
  assert.deepEqual(
    rig.events.all.flatMap((event) => "verdict" in event ? [event.verdict] : []),
    [4, 0, 1, 2, 3, 5, 6, 7, 8, 9, 10],
  );
  await closed(rig);
});

Deno.test("A pool that accepts one by one and refuses late gives each share its own verdict", async () => {
  const rig = await Sv2Rig.ready();
  for (let i = 0; i < 4; i++) rig.submit(1, { nonce: i });
  await rig.say(success(0, 1), success(2, 1), success(3, 1));
  await rig.say(error(1, "stale-share"));
  assert.deepEqual(
    rig.events.all.flatMap((event) => "verdict" in event ? [event.verdict] : []),
    [0, 2, 3, 1],
  );
  assert.equal(verdicts(rig).at(-1), `1:${ERROR_CODE.jobNotFound}`);
  assert.equal(rig.events.unexplainedVerdicts, 0);
  await closed(rig);
});

Deno.test("Verdicts that fit no share are counted and logged, and judge nothing", async () => {
  using log = new LogCapture();
  const rig = await Sv2Rig.ready();
  rig.submit(1);
  rig.submit(1);
  await rig.say(success(5, 3), success(0xffff_ffff, 1), error(9, "stale-share"));
  assert.deepEqual(verdicts(rig), []);
  assert.equal(rig.events.unexplainedVerdicts, 3);
  await rig.say(success(1, 7));
  assert.equal(rig.events.unexplainedVerdicts, 8, "seven were said, two were ours");
  assert.equal(verdicts(rig).length, 2);
  assert.match(log.take().join("\n"), /without effect: it accepts shares up to number 5/);
  rig.submit(1);
  await rig.say({ ...success(2, 1), channelId: 8 }, { ...error(2, "stale-share"), channelId: 8 });
  assert.equal(verdicts(rig).length, 2, "those are another channel's");
  assert.equal(rig.events.unexplainedVerdicts, 8);
  await closed(rig);
});

Deno.test("A code that is not known is logged once, and the share is refused as other", async () => {
  using log = new LogCapture();
  const rig = await Sv2Rig.ready();
  for (let i = 0; i < 3; i++) rig.submit(1, { nonce: i });
  await rig.say(error(0, "my-own-code"), error(1, "my-own-code"), error(2, "stale-share"));
  assert.deepEqual(
    rig.events.verdicts.map((verdict) => verdict.kind === "rejected" && verdict.reason),
    [
      "other",
      "other",
      "stale",
    ],
  );
  assert.equal(rig.events.verdicts[0], rig.events.verdicts[1], "one object for each code");
  assert.equal(log.take().filter((line) => line.includes("my-own-code")).length, 1);
  await closed(rig);
});

// Names

/** A ready session of a pool that grants names, or not. */
async function named(...extensions: readonly number[]): Promise<Sv2Rig> {
  const rig = new Sv2Rig({ workers: "each" });
  await rig.shake();
  await rig.say(SETUP);
  await rig.say({
    kind: "requestExtensionsSuccess",
    requestId: 0,
    extensions: Uint16Array.from(extensions),
  });
  await rig.say(channelOpened(), extendedJobMessage(), prevHashMessage());
  rig.pool.received();
  return rig;
}

Deno.test("Names go up where they were granted, cut at 32 bytes on whole characters", async () => {
  const rig = await named(2);
  const names = ["rig1", "r".repeat(33), "é".repeat(64), "x".repeat(255), "\ud800rig"];
  for (const [i, name] of names.entries()) {
    rig.upstream.enter({ sessionId: i, account: "", name, clientAgent: "" });
    rig.submit(i, { nonce: i });
  }
  await rig.settle();
  const sent = shares(rig).map(({ workerName }) => new TextDecoder().decode(workerName));
  assert.deepEqual(sent, [
    "rig1",
    "r".repeat(32),
    "é".repeat(16),
    "x".repeat(32),
    "\ufffdrig",
  ]);
  await closed(rig);
});

Deno.test("The last shares of a miner that left still carry its name", async () => {
  const rig = await named(2);
  rig.upstream.enter({ sessionId: 1, account: "", name: "rig1", clientAgent: "" });
  rig.submit(1);
  rig.upstream.leave(1, true);
  rig.submit(1, { nonce: 2 });
  rig.upstream.settled(1);
  rig.submit(1, { nonce: 3 });
  await rig.settle();
  const sent = shares(rig).map(({ workerName }) => new TextDecoder().decode(workerName));
  assert.deepEqual(sent, ["rig1", "rig1", "unknown"]);
  assert.deepEqual(rig.events.unregistered, [1]);
  await closed(rig);
});

Deno.test("No name goes up where none was granted, or after another program took over", async () => {
  const none = await named();
  none.upstream.enter({ sessionId: 1, account: "", name: "rig1", clientAgent: "" });
  none.submit(1);
  await none.settle();
  assert.equal(shares(none)[0]!.workerName, undefined);
  // A grant that comes late is a grant.
  await none.say({
    kind: "requestExtensionsSuccess",
    requestId: 0,
    extensions: Uint16Array.of(2),
  });
  none.submit(1, { nonce: 2 });
  await none.say({ kind: "channelEndpointChanged", channelId: 7 });
  none.submit(1, { nonce: 3 });
  await none.settle();
  assert.deepEqual(
    shares(none).map(({ workerName }) => workerName !== undefined),
    [true, false],
  );
  await closed(none);
});

// The hashrate

Deno.test("The pool hears of a hashrate that changed by more than a fifth, every 30 s at most", async () => {
  const rig = await Sv2Rig.ready();
  const told = () =>
    rig.pool.received().flatMap((message) =>
      message.kind === "updateChannel" ? [message.nominalHashRate] : []
    );
  await rig.pass(10_000);
  assert.deepEqual(told(), [], "0 was told at the opening, and there is nothing else to tell");
  rig.hashrate = 1000;
  await rig.pass(250);
  assert.deepEqual(told(), [1000], "a hashrate at last");
  rig.hashrate = 5000;
  await rig.pass(29_500);
  assert.deepEqual(told(), []);
  rig.hashrate = 1199;
  await rig.say({ kind: "setTarget", channelId: 7, target: target(1024) });
  await rig.pass(60_000);
  assert.deepEqual(told(), [], "a change of less than a fifth");
  rig.hashrate = 1250;
  await rig.pass(250);
  assert.deepEqual(told(), [1250]);
  rig.hashrate = 0;
  await rig.pass(10_000);
  assert.deepEqual(told(), []);
  await rig.pass(20_000);
  assert.deepEqual(told(), [0], "the last miner has left");
  await rig.say({ kind: "updateChannelError", channelId: 7, errorCode: "invalid-channel-id" });
  assert.equal(rig.events.endReason, undefined);
  await closed(rig);
});

// The end

Deno.test("Our close says so, writes what waits, and then closes", async () => {
  const rig = await Sv2Rig.ready();
  rig.pool.connection.isHolding = true;
  rig.submit(1);
  rig.session.close();
  assert.ok(!rig.pool.connection.isClosed, "the share is on its way");
  rig.pool.connection.isHolding = false;
  rig.pool.connection.take();
  await rig.settle();
  const messages = rig.pool.received();
  assert.deepEqual(messages.map(({ kind }) => kind), ["submitSharesExtended", "closeChannel"]);
  assert.ok(messages[1]!.kind === "closeChannel" && messages[1]!.reasonCode === "shutdown");
  assert.ok(rig.pool.connection.isClosed);
  assert.equal(rig.events.endReason, undefined, "we closed it");
});

Deno.test("The pool's close of the channel or of its group ends the connection", async () => {
  for (const channelId of [7, 70]) {
    const rig = await Sv2Rig.ready({}, channelOpened({ groupChannelId: 70 }));
    await rig.say({ kind: "closeChannel", channelId: 8, reasonCode: "not ours" });
    assert.equal(rig.events.endReason, undefined);
    await rig.say({ kind: "closeChannel", channelId, reasonCode: "maintenance" });
    assert.match(rig.events.endReason!, /closed the channel: "maintenance"/);
  }
});

Deno.test("A flipped bit in any part of any frame ends the connection", async () => {
  const messages = [
    extendedJobMessage({ jobId: 2 }),
    prevHashMessage({ jobId: 2 }),
    { kind: "setTarget", channelId: 7, target: target(1) } as const,
    success(0, 1),
  ];
  for (const message of messages) {
    const { length } = await Sv2Rig.ready().then(async (rig) => {
      const bytes = rig.pool.seal(message);
      await closed(rig);
      return bytes;
    });
    for (const at of [0, 2, 3, 5, 6, 21, 22, length - 17, length - 16, length - 1]) {
      const rig = await Sv2Rig.ready();
      const bytes = rig.pool.seal(message);
      bytes[at] = bytes[at]! ^ 0x10;
      rig.pool.connection.deliver(bytes);
      await rig.settle();
      assert.match(rig.events.endReason ?? "", /damaged on the way/, `${message.kind}, byte ${at}`);
      assert.deepEqual(rig.events.all.length, 1, "nothing of it had an effect");
      await rig.settle();
    }
  }
});

Deno.test("Frames may be cut anywhere", async () => {
  const rig = await Sv2Rig.ready();
  const stream = rig.pool.seal(
    extendedJobMessage({ jobId: 2 }),
    prevHashMessage({ jobId: 2 }),
    extendedJobMessage({ jobId: 3, minNtime: NTIME }),
  );
  for (let at = 0; at < stream.length; at += 7) {
    rig.pool.connection.deliver(stream.subarray(at, at + 7));
    await rig.settle();
  }
  assert.deepEqual(
    rig.events.all.map((event) => "job" in event && event.job),
    ["2", "3"],
  );
  await closed(rig);
});

Deno.test("A frame that is too long ends the connection before it is kept", async () => {
  const rig = await Sv2Rig.ready();
  const frame = new Uint8Array(FRAME_HEADER_BYTES + 262_145);
  writeFrameHeader(new DataView(frame.buffer), 0, 0x8000, 0x1f, 262_145);
  rig.pool.connection.deliver(rig.pool.sealFrames(frame).subarray(0, 4096));
  await rig.settle();
  assert.match(rig.events.endReason!, /262145 bytes/);
});

Deno.test("Unknown messages, unknown extensions and wrong bits do no harm", async () => {
  using log = new LogCapture();
  const rig = await Sv2Rig.ready();
  const unknown = (extension: number, type: number) => {
    const frame = new Uint8Array(FRAME_HEADER_BYTES + 8);
    writeFrameHeader(new DataView(frame.buffer), 0, extension, type, 8);
    return frame;
  };
  const job = encodePoolMessage(extendedJobMessage({ jobId: 2, minNtime: NTIME }));
  job[1] = job[1]! ^ 0x80;
  rig.pool.connection.deliver(
    rig.pool.sealFrames(unknown(0, 0x77), unknown(0x8123, 1), unknown(0x8000, 0x1b), job),
  );
  await rig.settle();
  assert.deepEqual(rig.events.all.map((event) => "job" in event && event.job), ["2"]);
  assert.match(log.take().join("\n"), /unknown message 0x77 of extension 0/);
  await closed(rig);
});

Deno.test("A silent pool is dead after three minutes, or two while it owes a verdict", async () => {
  const silent = await Sv2Rig.ready();
  await silent.pass(179_000);
  assert.equal(silent.events.endReason, undefined);
  await silent.pass(1_000);
  assert.match(silent.events.endReason!, /silent: no bytes for 180 s/);

  const owing = await Sv2Rig.ready();
  owing.submit(1);
  for (let i = 0; i < 119; i++) await owing.pass(1_000);
  assert.equal(owing.events.endReason, undefined);
  assert.equal(owing.upstream.isSilent, true, "no miners move here");
  await owing.pass(2_000);
  assert.match(owing.events.endReason!, /shares wait for verdicts/);
});

// Reconnect

const RECONNECT = { kind: "reconnect", newHost: "other", newPort: 3337 } as const;

Deno.test("A pool that asks for another connection gets one first, with the same key", async () => {
  const atPools = new Sv2AtPools();
  const rig = new Sv2Rig({}, atPools);
  await rig.shake();
  await rig.say(SETUP);
  await rig.say(channelOpened(), extendedJobMessage(), prevHashMessage());
  const replaced: string[] = [];
  const owner = Object.assign(rig.events, {
    replace: (connection: { readonly name: string }) => replaced.push(connection.name) > 0,
  });
  await rig.say(RECONNECT);
  assert.deepEqual(replaced, ["pool:3336 #1"]);
  assert.equal(owner.endReason, undefined, "it serves on until the other one is ready");
  using log = new LogCapture();
  await rig.say(RECONNECT);
  await rig.say({ kind: "reconnect", newHost: "", newPort: 0 });
  assert.equal(replaced.length, 1, "at most one a minute");
  assert.match(log.take().join("\n"), /asks for a connection to "other:3337", but it did so less/);

  const next = new Sv2Rig({}, atPools);
  const { address } = next.dial.calls[0]!;
  assert.deepEqual([address.host, address.port], ["other", 3337]);
  assert.equal(address.authorityKey, rig.dial.calls[0]!.address.authorityKey);
  next.session.close();
  const later = new Sv2Rig({}, atPools);
  assert.equal(later.dial.calls[0]!.address.host, "pool", "a redial goes where the list says");
  later.session.close();
  await closed(rig);
});

Deno.test("A pool cannot send us to ourselves, or to what is no host; empty means the same", () => {
  const address = { host: "pool", port: 3336, authorityKey: "ab".repeat(32) };
  const move = (newHost: string, newPort: number) =>
    new Sv2AtPools().move(0, address, { kind: "reconnect", newHost, newPort }, 0);
  for (
    const host of [
      "localhost",
      "127.0.0.1",
      "127.9.9.9",
      "0.0.0.0",
      "::1",
      "::",
      "::ffff:127.0.0.1",
    ]
  ) {
    assert.deepEqual(move(host, 3336), { ok: false, why: "that is this machine" }, host);
  }
  for (const host of ["a b", "a/b", "x".repeat(256), "user@host", "[::1]"]) {
    assert.equal(move(host, 3336).ok, false, host);
  }
  assert.deepEqual(move("", 0), { ok: true, host: "pool", port: 3336 });
  assert.deepEqual(move("", 9), { ok: true, host: "pool", port: 9 });
  assert.deepEqual(move("10.0.0.7", 0), { ok: true, host: "10.0.0.7", port: 3336 });
  const unproven = { host: "pool", port: 3336 };
  const elsewhere = { kind: "reconnect", newHost: "10.0.0.7", newPort: 0 } as const;
  assert.equal(new Sv2AtPools().move(0, unproven, elsewhere, 0).ok, false, "without a key");
});
