/** The handshake with a Stratum V2 pool, from the dial to the first job, over a fake socket. */

import assert from "node:assert/strict";
import { EXTENSIONS_WAIT_MS } from "../../../lib/pool/sv2/handshake.ts";
import { Sv2AtPools } from "../../../lib/pool/sv2/at_pools.ts";
import type { AgentMessage } from "../../../lib/protocol/sv2/agent_message.ts";
import type { UnknownMessage } from "../../../lib/protocol/sv2/layout.ts";
import { ACT2 } from "../../../lib/protocol/sv2/noise/acts.ts";
import { turn } from "../../support/fake_clock.ts";
import { LogCapture } from "../../support/log_capture.ts";
import { extendedJobMessage, prevHashMessage } from "../../support/sv2_jobs.ts";
import {
  channelOpened,
  HANDSHAKE_TIMEOUT_MS,
  identity,
  SETUP,
  Sv2Rig,
} from "../../support/sv2_rig.ts";

const TAKEN = [0x0a, 0x0d, 0x16, 0x20, 0x47, 0x50, 0x7b];

/** The one message that came since the last look. */
function only(rig: Sv2Rig): AgentMessage | UnknownMessage {
  const messages = rig.pool.received();
  assert.equal(messages.length, 1, messages.map(({ kind }) => kind).join(", "));
  return messages[0]!;
}

/** Brings a session to the question for a channel. */
async function asked(options: ConstructorParameters<typeof Sv2Rig>[0] = {}): Promise<Sv2Rig> {
  const rig = new Sv2Rig(options);
  await rig.shake();
  await rig.say(SETUP);
  rig.pool.received();
  return rig;
}

Deno.test("Act 1 is the dial's opening, 64 bytes, and no other protocol's first byte", async () => {
  const rig = new Sv2Rig();
  const { opening } = rig.dial.calls[0]!;
  assert.equal(opening!.length, 64);
  assert.ok(!TAKEN.includes(opening![0]!));
  await rig.connect();
  await rig.settle();
  assert.equal(rig.pool.connection.written.length, 0, "nothing is sent before act 2");
  rig.session.close();
});

Deno.test("Each question waits for the answer to the one before", async () => {
  const rig = new Sv2Rig();
  rig.hashrate = 5e15;
  await rig.shake();
  const setup = only(rig);
  assert.deepEqual(setup, {
    kind: "setupConnection",
    protocol: 0,
    minVersion: 2,
    maxVersion: 2,
    flags: 4,
    endpointHost: "pool",
    endpointPort: 3336,
    vendor: "btcagent",
    hardwareVersion: "",
    firmware: "1.2.3",
    deviceId: "",
  });
  await rig.settle();
  assert.deepEqual(rig.kinds(), []);
  await rig.say(SETUP);
  const open = only(rig);
  assert.ok(open.kind === "openExtendedMiningChannel");
  assert.deepEqual(
    [open.userIdentity, open.nominalHashRate, open.minExtranonceSize],
    ["bc1qfarm.main", Math.fround(5e15), 8],
  );
  assert.ok(open.maxTarget.every((byte) => byte === 0xff));
  await rig.say(channelOpened());
  await rig.say(extendedJobMessage());
  assert.deepEqual(rig.events.all, [], "a job without a previous hash is nothing to work on");
  await rig.say(prevHashMessage());
  assert.deepEqual(rig.events.all, [{ ready: true }]);
  assert.deepEqual(rig.kinds(), []);
  rig.session.close();
  await rig.settle();
});

Deno.test("Act 2 may come in any two pieces, with the first frame right behind it", async () => {
  for (let cut = 1; cut <= ACT2.bytes; cut += 29) {
    const rig = new Sv2Rig();
    await rig.connect();
    const { connection, act2 } = rig.pool;
    const stream = Uint8Array.from([...act2, ...rig.pool.seal(SETUP)]);
    connection.deliver(stream.subarray(0, cut));
    await turn();
    connection.deliver(stream.subarray(cut));
    await rig.settle();
    await rig.settle();
    assert.deepEqual(rig.kinds(), ["setupConnection", "openExtendedMiningChannel"], `cut ${cut}`);
    rig.session.close();
  }
});

Deno.test("A pool that stalls in its handshake is left at the deadline, which names the step", async () => {
  const half = new Sv2Rig();
  await half.connect();
  half.pool.connection.deliver(half.pool.act2.subarray(0, 117));
  await half.pass(HANDSHAKE_TIMEOUT_MS - 1);
  assert.equal(half.events.endReason, undefined);
  await half.pass(1);
  assert.match(half.events.endReason!, /waited 15 s for a sealed connection/);
  assert.ok(half.pool.connection.isClosed);

  const steps = [
    [[], /the answer to SetupConnection/],
    [[SETUP], /an open channel/],
    [[SETUP, channelOpened()], /a job and its previous hash/],
  ] as const;
  for (const [messages, wanted] of steps) {
    const rig = new Sv2Rig();
    await rig.shake();
    for (const message of messages) await rig.say(message);
    await rig.pass(HANDSHAKE_TIMEOUT_MS);
    assert.match(rig.events.endReason!, wanted);
    await rig.settle();
    assert.ok(rig.pool.connection.isClosed);
  }
});

Deno.test("A pool of another protocol is named as such", async () => {
  const rig = new Sv2Rig();
  await rig.connect();
  const line = '{"id":null,"result":null,"error":[20,"Bad request",null]}\n';
  rig.pool.connection.deliver(new TextEncoder().encode(line));
  await rig.settle();
  assert.match(rig.events.endReason!, /speaks no Stratum V2 on this port/);
  assert.equal(rig.events.endCause, "refusal");

  const closing = new Sv2Rig();
  await closing.connect();
  closing.pool.connection.end();
  await closing.settle();
  assert.match(closing.events.endReason!, /closed the connection after 0 of 234 bytes/);
});

Deno.test("A pool with another authority is not trusted, and gets no frame", async () => {
  const authorityKey = "79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798";
  const rig = new Sv2Rig({ address: { host: "pool", port: 3336, authorityKey } });
  await rig.shake();
  assert.match(rig.events.endReason!, /not signed by the authority/);
  assert.equal(rig.pool.connection.written.length, 0);
  assert.ok(rig.pool.connection.isClosed);

  const insecure = new Sv2Rig({ address: { host: "pool", port: 3336, authorityKey: undefined } });
  await insecure.shake();
  assert.deepEqual(insecure.kinds(), ["setupConnection"]);
  insecure.session.close();
});

Deno.test("A clock that is far off is named as the likely cause", async () => {
  const rig = new Sv2Rig({ wallNow: () => Date.UTC(2031, 5, 2) });
  await rig.shake(identity());
  assert.match(rig.events.endReason!, /this machine's clock is \d+ s off/);
});

Deno.test("Every flipped bit of act 2 ends the connection", async () => {
  for (const at of [0, 63, 64, 143, 144, 233]) {
    const rig = new Sv2Rig();
    await rig.connect();
    const act2 = rig.pool.act2.slice();
    act2[at] = act2[at]! ^ 1;
    rig.pool.connection.deliver(act2);
    for (let i = 0; i < 20 && rig.events.endReason === undefined; i++) await turn();
    assert.match(rig.events.endReason ?? "", /Cannot open the (key|certificate)/, `byte ${at}`);
  }
});

// SetupConnection

Deno.test("Flags that old pools repeat mean nothing; a fixed version means a mask of 0", async () => {
  for (const [flags, mask] of [[4, 0x1fffe000], [0, 0x1fffe000], [2, 0x1fffe000], [1, 0], [5, 0]]) {
    const rig = new Sv2Rig();
    await rig.shake();
    await rig.say({ ...SETUP, kind: "setupConnectionSuccess", usedVersion: 2, flags: flags! });
    await rig.say(channelOpened(), extendedJobMessage(), prevHashMessage());
    assert.equal(rig.upstream.versionMask, mask, `flags ${flags}`);
    rig.session.close();
  }
});

Deno.test("Another version of the protocol ends the connection", async () => {
  const rig = new Sv2Rig();
  await rig.shake();
  await rig.say({ kind: "setupConnectionSuccess", usedVersion: 3, flags: 0 });
  assert.match(rig.events.endReason!, /version 3/);
  assert.equal(rig.events.endCause, "refusal");
});

Deno.test("A pool that cannot roll versions is tried once more without, with a warning", async () => {
  using log = new LogCapture();
  const rig = new Sv2Rig();
  await rig.shake();
  await rig.say({
    kind: "setupConnectionError",
    flags: 4,
    errorCode: "unsupported-feature-flags",
  });
  assert.equal(rig.dial.calls.length, 2);
  assert.equal(rig.connectsAgain, 1);
  assert.equal(rig.events.endReason, undefined);
  assert.match(log.take().join("\n"), /warning: .*no version rolling/);
  await rig.shake();
  const setup = only(rig);
  assert.ok(setup.kind === "setupConnection" && setup.flags === 0);
  await rig.say(SETUP);
  await rig.say(channelOpened(), extendedJobMessage(), prevHashMessage());
  assert.equal(rig.upstream.versionMask, 0);
  rig.session.close();

  const never = new Sv2Rig();
  await never.shake();
  await never.say({ kind: "setupConnectionError", flags: 4, errorCode: "no" });
  await never.shake();
  await never.say({ kind: "setupConnectionError", flags: 4, errorCode: "no" });
  assert.match(never.events.endReason!, /answers SetupConnection with "no"/);
  assert.equal(never.dial.calls.length, 2, "it is not tried a third time");
});

// Extensions

Deno.test("Extensions are asked for only if each worker is to be seen", async () => {
  const one = await asked();
  assert.deepEqual(one.kinds(), []);
  one.session.close();
  const each = new Sv2Rig({ workers: "each" });
  await each.shake();
  await each.say(SETUP);
  const messages = each.pool.received();
  assert.deepEqual(messages.map(({ kind }) => kind), ["setupConnection", "requestExtensions"]);
  assert.ok(messages[1]!.kind === "requestExtensions");
  assert.deepEqual([...messages[1]!.extensions], [2]);
  each.session.close();
});

Deno.test("A pool that knows no extensions answers nothing: after two seconds it goes on", async () => {
  const rig = await asked({ workers: "each" });
  await rig.pass(EXTENSIONS_WAIT_MS - 1);
  assert.deepEqual(rig.kinds(), []);
  await rig.pass(1);
  assert.deepEqual(rig.kinds(), ["openExtendedMiningChannel"]);
  rig.session.close();
});

Deno.test("A pool that closes over extensions is not asked again, on no later connection", async () => {
  const atPools = new Sv2AtPools();
  const rig = new Sv2Rig({ workers: "each" }, atPools);
  await rig.shake();
  await rig.say(SETUP);
  rig.pool.connection.end();
  await rig.settle();
  assert.equal(rig.dial.calls.length, 2);
  await rig.shake();
  await rig.say(SETUP);
  assert.deepEqual(rig.kinds(), ["setupConnection", "openExtendedMiningChannel"]);
  rig.session.close();

  const later = new Sv2Rig({ workers: "each" }, atPools);
  await later.shake();
  await later.say(SETUP);
  assert.deepEqual(later.kinds(), ["setupConnection", "openExtendedMiningChannel"]);
  later.session.close();
});

Deno.test("Whatever the pool grants or refuses, the channel is asked for next", async () => {
  const granted = { kind: "requestExtensionsSuccess", requestId: 0 } as const;
  const refused = { kind: "requestExtensionsError", requestId: 0 } as const;
  const none = new Uint16Array(0);
  for (
    const answer of [
      { ...granted, extensions: Uint16Array.of(2) },
      { ...granted, extensions: none },
      { ...refused, unsupported: Uint16Array.of(2), required: none },
    ]
  ) {
    const rig = await asked({ workers: "each" });
    await rig.say(answer);
    assert.deepEqual(rig.kinds(), ["openExtendedMiningChannel"]);
    rig.session.close();
  }
});

Deno.test("A pool that requires an extension that we do not have is refused, by its number", async () => {
  const rig = await asked({ workers: "each" });
  await rig.say({
    kind: "requestExtensionsError",
    requestId: 0,
    unsupported: Uint16Array.of(2),
    required: Uint16Array.of(3, 2),
  });
  assert.match(rig.events.endReason!, /requires 1 extension .*: 3$/);
});

// The channel

Deno.test("Too many bytes: 8, then 6, then 4, and then the pool is of no use", async () => {
  const rig = new Sv2Rig();
  await rig.shake();
  await rig.say(SETUP);
  rig.pool.received();
  const sizes = [];
  for (let requestId = 0; requestId < 2; requestId++) {
    const errorCode = "min-extranonce-size-too-large";
    await rig.say({ kind: "openMiningChannelError", requestId, errorCode });
    const open = only(rig);
    assert.ok(open.kind === "openExtendedMiningChannel");
    sizes.push([open.requestId, open.minExtranonceSize]);
  }
  assert.deepEqual(sizes, [[1, 6], [2, 4]], "each with its own request id");
  await rig.say({
    kind: "openMiningChannelError",
    requestId: 2,
    errorCode: "unsupported-min-extranonce-size",
  });
  assert.match(rig.events.endReason!, /Cannot mine at this pool: .*4 bytes of extranonce/);
});

Deno.test("What the pool grants is used, whatever was asked: 4 to 32 bytes with the prefix", async () => {
  for (const [size, prefixBytes] of [[6, 0], [8, 4], [16, 2], [18, 2], [20, 4], [30, 2]]) {
    const extranoncePrefix = new Uint8Array(prefixBytes!).fill(9);
    const rig = await asked();
    await rig.say(channelOpened({ extranonceSize: size!, extranoncePrefix }));
    await rig.pass(HANDSHAKE_TIMEOUT_MS);
    assert.match(rig.events.endReason!, /waited 15 s for a job/, "the channel itself is good");
  }
  for (const [size, prefixBytes, wanted] of [[3, 0, /3 bytes/], [31, 2, /2 \+ 31/]] as const) {
    const rig = await asked();
    const extranoncePrefix = new Uint8Array(prefixBytes);
    await rig.say(channelOpened({ extranonceSize: size, extranoncePrefix }));
    assert.match(rig.events.endReason!, wanted);
    assert.equal(rig.events.endCause, "refusal");
  }
});

Deno.test("A refused user is the account's fault, not the pool's", async () => {
  for (const errorCode of ["unknown-user", "invalid-user-identity"]) {
    const rig = await asked();
    await rig.say({ kind: "openMiningChannelError", requestId: 0, errorCode });
    assert.equal(rig.events.endCause, "accountRefusal");
    assert.match(rig.events.endReason!, /Cannot open a channel as "bc1qfarm\.main"/);
  }
  const other = await asked();
  await other.say({
    kind: "openMiningChannelError",
    requestId: 0,
    errorCode: "max-channels-exceeded",
  });
  assert.equal(other.events.endCause, "refusal");
});

Deno.test("A user of 255 bytes is asked for whole; a longer one is refused before it is sent", async () => {
  const longest = "é".repeat(127) + "x";
  const rig = new Sv2Rig({ account: longest });
  await rig.shake();
  await rig.say(SETUP);
  const open = rig.pool.received()[1]!;
  assert.ok(open.kind === "openExtendedMiningChannel" && open.userIdentity === longest);
  rig.session.close();

  const long = new Sv2Rig({ account: "é".repeat(128) });
  await long.shake();
  await long.say(SETUP);
  assert.equal(long.events.endCause, "accountRefusal");
  assert.match(long.events.endReason!, /256 bytes/);
});

Deno.test("An answer to another request is ignored", async () => {
  const rig = await asked();
  await rig.say({ kind: "openMiningChannelError", requestId: 9, errorCode: "unknown-user" });
  await rig.say(channelOpened({ requestId: 9 }));
  assert.equal(rig.events.endReason, undefined);
  await rig.say(channelOpened(), extendedJobMessage(), prevHashMessage());
  assert.deepEqual(rig.events.all, [{ ready: true }]);
  rig.session.close();
});

Deno.test("Ids of channels and groups that collide end the connection", async () => {
  const group = await asked();
  await group.say(channelOpened({ groupChannelId: 7 }));
  assert.match(group.events.endReason!, /channel and group have the number 7/);
  const twice = await asked();
  await twice.say(channelOpened());
  await twice.say(channelOpened({ requestId: 1 }));
  assert.match(twice.events.endReason!, /number 7 twice/);
});

Deno.test("Group 0 is no group, and channel 0 is a channel like others", async () => {
  const rig = await asked();
  await rig.say(channelOpened({ channelId: 0, groupChannelId: 0 }));
  await rig.say(extendedJobMessage({ channelId: 0 }), prevHashMessage({ channelId: 0 }));
  assert.deepEqual(rig.events.all, [{ ready: true }]);
  rig.session.close();
});

Deno.test("Jobs to the group, a first job twice, and targets between, make it ready once", async () => {
  const rig = await asked();
  await rig.say(channelOpened({ groupChannelId: 70 }));
  await rig.say(
    extendedJobMessage({ channelId: 70 }),
    { kind: "setGroupChannel", groupChannelId: 71, channelIds: Uint32Array.of(7) },
    prevHashMessage({ channelId: 70 }),
    extendedJobMessage({ channelId: 71, jobId: 2 }),
    prevHashMessage({ channelId: 71, jobId: 2 }),
  );
  assert.deepEqual(rig.events.all.map((event) => Object.keys(event)[0]), ["ready", "job"]);
  rig.session.close();
});

Deno.test("Work before the channel is open is ignored, and a flood of it ends the connection", async () => {
  const rig = await asked();
  await rig.say(extendedJobMessage(), prevHashMessage());
  await rig.say(channelOpened());
  assert.deepEqual(rig.events.all, [], "that job was for nobody");
  rig.session.close();

  const flood = await asked();
  for (let i = 0; i < 200 && flood.events.endReason === undefined; i++) {
    await flood.say(...Array.from({ length: 100 }, () => prevHashMessage()));
  }
  assert.match(flood.events.endReason!, /Cannot read on from this pool/);
});

Deno.test("A pool that closes in the handshake is lost with what was missing", async () => {
  const rig = await asked();
  rig.pool.connection.end();
  await rig.settle();
  assert.equal(rig.events.endCause, "close");
  assert.match(rig.events.endReason!, /closed the connection before an open channel came/);
});
