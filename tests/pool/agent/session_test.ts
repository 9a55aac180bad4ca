/** PoolSession: one connection to a pool, from dialling to its end, over a fake socket. */

import assert from "node:assert/strict";
import { encodeVerdict } from "../../../lib/protocol/agent/message.ts";
import { everyCut } from "../../support/any_cut.ts";
import { turn, turnsUntil } from "../../support/fake_clock.ts";
import { FakeConnection } from "../../support/fake_connection.ts";
import { handshakeLines, linesToBytes, notifyLine, POOL_LINES } from "../../support/pool_lines.ts";
import {
  encodeDifficulties,
  encodeFields,
  encodeRegistration,
  frame,
} from "../../support/reference_codec.ts";
import { HANDSHAKE_TIMEOUT_MS, READ_TIMEOUT_MS, SessionRig } from "../../support/session_rig.ts";

const ACCEPTED = 1798084231;

// What the pool says

Deno.test("A session reports the same at every cut of handshake, frames and lines", async () => {
  const stream = new Uint8Array([
    ...linesToBytes(handshakeLines()),
    ...encodeDifficulties(10, [0, 0x7f0a, 0x0a7f]),
    ...linesToBytes([notifyLine("1", false)]),
    // The bytes of this index and status look like a line end and a frame's begin.
    ...encodeVerdict(0x0a7f, 0x0a0a7f7f),
    ...encodeVerdict(1, ACCEPTED),
    ...frame(0x33, [0x0a, 0x7f, 0x7b]),
    ...linesToBytes([
      '{"id":null,"method":"mining.set_difficulty","params":[64]}',
      POOL_LINES.mask.replace("1fffe000", "00c00000"),
      '{"id":"probe","result":{"capabilities":["verrol","subres"]}}',
      '{"id":null,"method":"client.show_message","params":["x"]}',
      "",
      notifyLine("255", true),
    ]),
  ]);
  const expected = [
    { ready: true },
    { difficulty: 1024, sessionIds: [0, 0x7f0a, 0x0a7f] },
    { job: "1", isClean: false, coinbase1: "010000000100002a" },
    { verdict: 0x0a7f, status: 0x0a0a7f7f },
    { verdict: 1, status: ACCEPTED },
    { mask: 0x00c00000 },
    { job: "255", isClean: true, coinbase1: "010000000100002a" },
  ];
  for (const { name, chunks } of everyCut(stream)) {
    const rig = new SessionRig();
    await rig.connect();
    for (const chunk of chunks) rig.connection.deliver(chunk);
    await turnsUntil(() => rig.events.all.length >= expected.length, "all events");
    assert.deepEqual(rig.events.all, expected, name);
    assert.equal(rig.session.bytesRead, stream.length);
    const lines = await rig.lines();
    assert.equal(lines.length, 5, name);
    assert.match(lines[4]!, /"verdicts"/);
    rig.session.close();
  }
});

Deno.test("A session closed while bytes were on their way to the pool reports nothing about them", async () => {
  const rig = await SessionRig.ready();
  rig.connection.deliver(linesToBytes([notifyLine("18", true), POOL_LINES.mask]));
  rig.session.close();
  await turn();
  assert.deepEqual(rig.events.all, []);
});

Deno.test("A ready session reports what was agreed", async () => {
  const rig = await SessionRig.ready();
  const { upstream } = rig;
  assert.equal(upstream.terms.startingDifficulty, 16384);
  assert.equal(upstream.versionMask, 0x1fffe000);
  assert.equal(upstream.terms.verdicts, "given");
  assert.equal(upstream.latestJob.coinbase1, "010000000100002a");
  rig.session.close();
});

Deno.test("Frames before the handshake is done are passed over", async () => {
  const rig = new SessionRig();
  await rig.connect();
  await rig.deliver(encodeVerdict(0, ACCEPTED));
  await rig.deliver(encodeDifficulties(4, [1]));
  await rig.say(...handshakeLines());
  assert.deepEqual(rig.events.all, [{ ready: true }]);
  rig.session.close();
});

Deno.test("A pool without verrol cannot switch version rolling on later", async () => {
  const rig = new SessionRig();
  await rig.connect();
  const [, ...lines] = handshakeLines();
  await rig.say('{"id":"caps","result":{"capabilities":["subres"]}}', ...lines);
  await rig.say(POOL_LINES.mask);
  assert.equal(rig.upstream.versionMask, 0);
  assert.deepEqual(rig.events.all, [{ ready: true }]);
  rig.session.close();
});

Deno.test("A pool that changes its version mask more than six times in a minute is left, with a reason", async () => {
  const rig = await SessionRig.ready();
  const mask = (text: string) =>
    `{"id":null,"method":"mining.set_version_mask","params":["${text}"]}`;
  // To say the same again is no change.
  await rig.say(...Array.from({ length: 50 }, () => POOL_LINES.mask));
  assert.deepEqual(rig.events.all, []);
  for (let change = 0; change < 6; change++) await rig.say(mask(`00${change}fe000`));
  assert.equal(rig.events.endReason, undefined);
  rig.clock.advance(60_000);
  const flips = Array.from({ length: 220 }, (_, i) => mask(i % 2 === 0 ? "00ffe000" : "1fffe000"));
  await rig.say(...flips);
  assert.match(rig.events.endReason!, /changed its version mask more than 6 times in a minute/);
  assert.equal(rig.events.all.filter((event) => "mask" in event).length, 12);
});

// What the session writes

for (
  const { name, share, command, fields } of [
    { name: "the job's own time, no version bits", share: {}, command: 0x02, fields: {} },
    {
      name: "another time",
      share: { ntime: 0x650d1b21 },
      command: 0x03,
      fields: { ntime: 0x650d1b21 },
    },
    { name: "time 0", share: { ntime: 0 }, command: 0x03, fields: { ntime: 0 } },
    {
      name: "version bits",
      share: { versionBits: 0x0a3f4000, hasVersionBits: true },
      command: 0x12,
      fields: { versionBits: 0x0a3f4000 },
    },
    {
      name: "version bits that are 0",
      share: { versionBits: 0, hasVersionBits: true },
      command: 0x02,
      fields: {},
    },
    {
      name: "another time and version bits",
      share: { ntime: 0xffffffff, versionBits: 0xffffffff, hasVersionBits: true },
      command: 0x13,
      fields: { ntime: 0xffffffff, versionBits: 0xffffffff },
    },
  ]
) {
  Deno.test(`A share with ${name} is exactly one submit frame`, async () => {
    const rig = await SessionRig.ready();
    rig.register(0xfffe);
    await rig.written();
    rig.submit(0xfffe, { extranonce2: 0xdeadbeef, nonce: 0xcafe0a7f, ...share }, {
      poolJobId: "255",
    });
    const expected = encodeFields(command, {
      jobId: 255,
      sessionId: 0xfffe,
      extranonce2: 0xdeadbeef,
      nonce: 0xcafe0a7f,
      ...fields,
    });
    assert.deepEqual([...await rig.written()], expected);
    rig.session.close();
  });
}

Deno.test("Submits are numbered from 0, and 65,535 is followed by 0", async () => {
  const rig = await SessionRig.ready();
  rig.register(1);
  for (let n = 0; n < 66_000; n++) {
    const index = rig.submit(1, { nonce: n });
    if (index !== n % 0x10000) assert.fail(`submit ${n} has number ${index}`);
  }
  const bytes = await rig.written();
  const registration = encodeRegistration(1, "cgminer/4.11.1", "rig1").length;
  assert.equal(bytes.length, registration + 66_000 * 15);
  rig.session.close();
});

Deno.test("Frames are written in the order they were asked for", async () => {
  const rig = await SessionRig.ready();
  rig.register(7, "first");
  rig.submit(7);
  rig.unregister(7);
  rig.register(7, "second");
  rig.submit(7, { nonce: 2 });
  const submit = { jobId: 17, sessionId: 7, extranonce2: 0x2a };
  assert.deepEqual([...await rig.written()], [
    ...encodeRegistration(7, "cgminer/4.11.1", "first"),
    ...encodeFields(0x02, { ...submit, nonce: 0x1234abcd }),
    ...encodeFields(0x04, { sessionId: 7 }),
    ...encodeRegistration(7, "cgminer/4.11.1", "second"),
    ...encodeFields(0x02, { ...submit, nonce: 2 }),
  ]);
  rig.session.close();
});

Deno.test("The longest names still make a register frame that the pool accepts", async () => {
  const rig = await SessionRig.ready();
  rig.register(0xfffe, "worker".repeat(20), `BOSminer${"x".repeat(70)}`);
  const bytes = await rig.written();
  assert.equal(bytes[2]! | bytes[3]! << 8, bytes.length);
  assert.ok(bytes.length <= 100);
  rig.session.close();
});

Deno.test("An unregistered session is reported when the last byte of its frame is taken", async () => {
  const rig = await SessionRig.ready();
  const { connection, events, session } = rig;
  connection.isHolding = true;
  rig.register(7);
  rig.unregister(7);
  rig.register(8);
  rig.unregister(8);
  rig.unregister(9);
  // The register of 7 went out at once; everything else is one write behind it.
  const first = encodeRegistration(7, "cgminer/4.11.1", "rig1").length;
  for (let i = 0; i < first; i++) {
    connection.take(1);
    await turn();
  }
  assert.deepEqual(events.unregistered, []);
  const rest = 6 + first + 6 + 6;
  for (let i = 0; i < rest; i++) {
    assert.deepEqual(events.unregistered, []);
    connection.take(1);
    await turn();
  }
  assert.deepEqual(events.unregistered, [7, 8, 9]);
  assert.equal(session.bytesWritten, connection.written.length + await handshakeBytes());
  session.close();
});

/** How much a session writes until it is ready. */
async function handshakeBytes(): Promise<number> {
  const rig = new SessionRig();
  await rig.connect();
  await rig.say(...handshakeLines());
  rig.session.close();
  return rig.connection.written.length;
}

Deno.test("A session unregistered while a write is under way is reported with its own bytes", async () => {
  const rig = await SessionRig.ready();
  const { connection, events, session } = rig;
  connection.isHolding = true;
  rig.register(7);
  rig.unregister(7);
  connection.take();
  await turn();
  assert.deepEqual(events.unregistered, []);
  connection.take();
  await turn();
  assert.deepEqual(events.unregistered, [7]);
  session.close();
});

Deno.test("A session that was unregistered is reported once, whatever is written later", async () => {
  const rig = await SessionRig.ready();
  for (const sessionId of [7, 8, 7]) {
    rig.register(sessionId);
    await turn();
    rig.unregister(sessionId);
    await turn();
  }
  rig.register(9);
  await turn();
  assert.deepEqual(rig.events.unregistered, [7, 8, 7]);
  rig.session.close();
});

Deno.test("A session counts the bytes that were taken, not those that wait", async () => {
  const rig = new SessionRig();
  assert.equal(rig.session.bytesWritten, 0);
  await rig.connect();
  await rig.say(...handshakeLines());
  const before = rig.session.bytesWritten;
  assert.equal(before, rig.connection.written.length);
  rig.connection.isHolding = true;
  rig.register(1);
  rig.submit(1);
  assert.equal(rig.session.bytesWritten, before);
  rig.connection.take(10);
  await turn();
  assert.equal(rig.session.bytesWritten, before + 10);
  rig.session.close();
});

// Silence

Deno.test("A silent pool is probed at half the read time-out and given up at all of it", async () => {
  const rig = await SessionRig.ready();
  await rig.pass(READ_TIMEOUT_MS / 2 - 1);
  assert.deepEqual(await rig.lines(), []);
  await rig.pass(1);
  const probe = '{"id":"probe","method":"agent.get_capabilities","params":[[]]}';
  assert.deepEqual(await rig.lines(), [probe]);
  await rig.pass(READ_TIMEOUT_MS / 2 - 1);
  assert.deepEqual(await rig.lines(), []);
  assert.equal(rig.events.endReason, undefined);
  await rig.pass(1);
  assert.equal(rig.events.endReason, "silent: no bytes for 60 s");
  assert.equal(rig.connection.isClosed, true);
});

Deno.test("Any byte of the pool's ends its silence, and the next one is probed again", async () => {
  const rig = await SessionRig.ready();
  for (let i = 0; i < 5; i++) {
    await rig.pass(READ_TIMEOUT_MS / 2);
    assert.equal((await rig.lines()).length, 1);
    await rig.pass(READ_TIMEOUT_MS / 2 - 1);
    await rig.deliver([0x20]);
  }
  assert.equal(rig.events.endReason, undefined);
  rig.session.close();
});

Deno.test("A session that had nothing to write for hours takes no harm from a slow first write", async () => {
  const rig = await SessionRig.ready();
  for (let minute = 0; minute < 120; minute++) {
    await rig.pass(READ_TIMEOUT_MS / 2 - 1);
    await rig.say(notifyLine(String(minute % 256)));
  }
  rig.connection.isHolding = true;
  for (let sessionId = 0; sessionId < 10_000; sessionId++) rig.register(sessionId);
  await rig.pass(250);
  assert.equal(rig.events.endReason, undefined);
  rig.session.close();
});

Deno.test("A pool that reads slowly but steadily is kept", async () => {
  const rig = await SessionRig.ready();
  rig.connection.isHolding = true;
  for (let sessionId = 0; sessionId < 200; sessionId++) rig.register(sessionId);
  for (let i = 0; i < 20; i++) {
    rig.connection.take(10);
    await rig.say("");
    await rig.pass(READ_TIMEOUT_MS - 1);
  }
  assert.equal(rig.events.endReason, undefined);
  rig.session.close();
});

Deno.test("A pool that goes on talking and takes no bytes is given up at the read time-out", async () => {
  const rig = await SessionRig.ready();
  await rig.pass(250);
  rig.connection.isHolding = true;
  rig.register(1);
  for (let i = 0; i < 4; i++) {
    assert.equal(rig.events.endReason, undefined);
    await rig.say("");
    await rig.pass(READ_TIMEOUT_MS / 4);
  }
  assert.equal(rig.events.endReason, "stalled: read no bytes for 60 s");
});

Deno.test("A pool that takes nothing is given up when too much waits, but not for one whole farm", async () => {
  const rig = await SessionRig.ready();
  rig.connection.isHolding = true;
  for (let sessionId = 0; sessionId < 65_535; sessionId++) {
    rig.register(sessionId, "y".repeat(50), "x".repeat(30));
  }
  await turn();
  assert.equal(rig.events.endReason, undefined);
  for (let n = 0; n < 200_000; n++) rig.submit(1, { nonce: n });
  assert.equal(rig.events.endReason, undefined, "not while the caller is in the middle of it");
  await turn();
  assert.match(rig.events.endReason!, /^stalled: \d+ bytes wait for it$/);
  assert.equal(rig.events.all.length, 1);
});

// Handshakes that do not get done

for (
  const { missing, heard } of [
    { missing: "its capabilities", heard: 0 },
    { missing: "the version mask", heard: 1 },
    { missing: "the subscribe answer", heard: 3 },
    { missing: "the authorize answer", heard: 4 },
    { missing: "the switch to verdicts", heard: 5 },
  ]
) {
  Deno.test(`A pool that stops before ${missing} is given up, and the reason names it`, async () => {
    const rig = new SessionRig();
    await rig.connect();
    await rig.say(...handshakeLines().slice(0, heard));
    await rig.pass(HANDSHAKE_TIMEOUT_MS - 1);
    assert.equal(rig.events.endReason, undefined);
    await rig.pass(1);
    assert.equal(rig.events.endReason, `no answer: waited 15 s for ${missing}`);
    assert.equal(rig.connection.isClosed, true);
  });
}

for (const [missing, method] of [["a difficulty", "set_difficulty"], ["a job", "notify"]]) {
  Deno.test(`A pool that never sends ${missing} is given up, and the reason names it`, async () => {
    const rig = new SessionRig();
    await rig.connect();
    await rig.say(
      ...handshakeLines().filter((line) => !line.includes(`"mining.${method}","params`)),
    );
    await rig.pass(HANDSHAKE_TIMEOUT_MS);
    assert.equal(rig.events.endReason, `no answer: waited 15 s for ${missing}`);
  });
}

Deno.test("A pool that drips its handshake is given up on time all the same", async () => {
  const rig = new SessionRig();
  await rig.connect();
  const bytes = linesToBytes(handshakeLines());
  for (let i = 0; i < 15; i++) {
    assert.equal(rig.events.endReason, undefined);
    await rig.deliver([bytes[i]!]);
    await rig.pass(1000);
  }
  assert.match(rig.events.endReason!, /waited 15 s for its capabilities/);
});

Deno.test("A handshake whose authorize answer is late is kept alive with questions", async () => {
  const rig = new SessionRig();
  await rig.connect();
  await rig.say(...handshakeLines().slice(0, 4));
  await rig.lines();
  const probes: number[] = [];
  for (let second = 0; second < 14; second++) {
    await rig.pass(1000);
    probes.push((await rig.lines()).length);
  }
  assert.equal(probes.reduce((a, b) => a + b), 2);
  await rig.say('{"id":"probe","result":{"capabilities":["verrol","subres"]}}');
  await rig.say(...handshakeLines().slice(4));
  assert.deepEqual(rig.events.all, [{ ready: true }]);
  rig.session.close();
});

Deno.test("A dial that is never answered is aborted at the handshake time-out", async () => {
  const rig = new SessionRig();
  await rig.pass(HANDSHAKE_TIMEOUT_MS - 1);
  assert.equal(rig.dial.calls[0]!.signal.aborted, false);
  await rig.pass(1);
  assert.equal(rig.dial.calls[0]!.signal.aborted, true);
  assert.deepEqual(rig.events.all, [{ ended: "no answer: waited 15 s for a connection" }]);
});

Deno.test("A connection that opens when nothing waits for it any more is closed", async () => {
  const rig = new SessionRig();
  rig.dial.isDeaf = true;
  const late = new FakeConnection();
  rig.session.close();
  rig.dial.calls[0]!.answer(late);
  await turn();
  assert.equal(late.isClosed, true);
  assert.deepEqual(late.writes, []);
  assert.deepEqual(rig.events.all, []);
});

// Ends

for (
  const { name, spoil, says } of [
    {
      name: "closes in order",
      spoil: (rig: SessionRig) => rig.connection.end(),
      says: /^the pool closed the connection$/,
    },
    {
      name: "closes with RST",
      spoil: (rig: SessionRig) =>
        rig.connection.fail(new Deno.errors.ConnectionReset("Connection reset by peer (104)")),
      says: /^the pool closed the connection$/,
    },
    {
      name: "fails otherwise",
      spoil: (rig: SessionRig) => rig.connection.fail(new Error("No route to host (113)")),
      says: /^No route to host/,
    },
    {
      name: "sends a line that is no JSON",
      spoil: (rig: SessionRig) =>
        rig.connection.deliver(linesToBytes(["HTTP/1.1 400 Bad Request"])),
      says: /Cannot read a line: found "HTTP\/1.1 400 Bad Request", wanted a JSON object/,
    },
    {
      name: "sends a line without end",
      spoil: (rig: SessionRig) => rig.connection.deliver(new Uint8Array((1 << 20) + 1).fill(0x20)),
      says: /Cannot read a line: \d+ bytes have come/,
    },
    {
      name: "sends a frame of length 0",
      spoil: (rig: SessionRig) => rig.connection.deliver([0x7f, 0x10, 0, 0]),
      says: /Cannot read a frame: its length is 0/,
    },
    {
      name: "sends a frame of length 3",
      spoil: (rig: SessionRig) => rig.connection.deliver([0x7f, 0x10, 3, 0]),
      says: /Cannot read a frame: its length is 3/,
    },
    {
      name: "sends a verdict of the wrong length",
      spoil: (rig: SessionRig) => rig.connection.deliver([0x7f, 0x10, 5, 0, 1]),
      says: /Cannot read a frame with command 0x10/,
    },
  ]
) {
  for (const stage of ["handshake", "ready"]) {
    Deno.test(`A pool that ${name} (${stage}) ends its session once, with the reason`, async () => {
      const rig = stage === "ready" ? await SessionRig.ready() : new SessionRig();
      if (stage === "handshake") await rig.connect();
      spoil(rig);
      await turnsUntil(() => rig.events.endReason !== undefined, "the end");
      await rig.pass(READ_TIMEOUT_MS * 2);
      rig.session.close();
      assert.equal(rig.events.all.length, 1);
      assert.match(rig.events.endReason!, says);
      assert.equal(rig.connection.isClosed, true);
    });
  }
}

for (const jobId of ["256", "-1", "01", "1e1", "ab12", "", "0x1", 7]) {
  for (const stage of ["handshake", "ready"]) {
    Deno.test(`A pool whose job id is ${JSON.stringify(jobId)} (${stage}) ends its session`, async () => {
      const rig = stage === "ready" ? await SessionRig.ready() : new SessionRig();
      if (stage === "handshake") {
        await rig.connect();
        await rig.say(
          ...handshakeLines().filter((line) => !line.includes('"mining.notify","params')),
        );
      }
      await rig.say(notifyLine(jobId));
      assert.equal(rig.events.all.length, 1);
      assert.match(rig.events.endReason!, /^Cannot (submit shares for|read) a job/);
    });
  }
}

Deno.test("A pool that asks for a new connection gets one, and not to where it says", async () => {
  const rig = await SessionRig.ready();
  await rig.say('{"id":null,"method":"client.reconnect","params":["evil.example",3333,0]}');
  assert.deepEqual(rig.events.all, [{ ended: "the pool asked for a new connection" }]);
});

Deno.test("Bytes after the end of a session, in the same read, are not reported any more", async () => {
  const rig = await SessionRig.ready();
  await rig.deliver([
    ...linesToBytes(['{"id":null,"method":"client.reconnect","params":[]}', notifyLine("1")]),
    ...encodeVerdict(0, ACCEPTED),
    0x7f,
    0x10,
    0,
    0,
  ]);
  assert.equal(rig.events.all.length, 1);
});

Deno.test("A dial that is refused ends the session with its error", async () => {
  const rig = new SessionRig();
  rig.dial.calls[0]!.refuse(new Deno.errors.ConnectionRefused("Connection refused (os error 111)"));
  await turn();
  assert.deepEqual(rig.events.all, [{ ended: "Connection refused (os error 111)" }]);
});

for (const stage of ["handshake", "ready"]) {
  Deno.test(`A write that fails (${stage}) ends the session once`, async () => {
    const rig = stage === "ready" ? await SessionRig.ready() : new SessionRig();
    rig.connection.isHolding = true;
    if (stage === "handshake") await rig.connect();
    else rig.register(1);
    rig.connection.failWrite(new Deno.errors.BrokenPipe("Broken pipe (os error 32)"));
    await turn();
    assert.deepEqual(rig.events.all, [{ ended: "the pool closed the connection" }]);
    assert.equal(rig.connection.isClosed, true);
  });
}

Deno.test("A session that has ended ignores further calls", async () => {
  const rig = await SessionRig.ready();
  rig.register(1);
  rig.submit(1);
  await rig.written();
  rig.connection.end();
  await turn();
  rig.register(2);
  rig.submit(1);
  rig.unregister(1);
  rig.session.flush();
  rig.session.tick();
  await turn();
  assert.deepEqual(rig.connection.writes, []);
  assert.deepEqual(rig.events.all, [{ ended: "the pool closed the connection" }]);
});

Deno.test("A session unregistered when the connection broke is not reported: nothing was written", async () => {
  const rig = await SessionRig.ready();
  rig.connection.isHolding = true;
  rig.register(1);
  rig.unregister(1);
  rig.connection.take();
  rig.connection.end();
  await turn();
  assert.deepEqual(rig.events.unregistered, []);
});

// The sanitizers see what these leave open: timers and promises.
for (
  const { stage, reach } of [
    { stage: "dialling", reach: () => Promise.resolve() },
    { stage: "connected", reach: (rig: SessionRig) => rig.connect() },
    {
      stage: "in the middle of the handshake",
      reach: async (rig: SessionRig) => {
        await rig.connect();
        await rig.say(...handshakeLines().slice(0, 3));
      },
    },
    {
      stage: "ready",
      reach: async (rig: SessionRig) => {
        await rig.connect();
        await rig.say(...handshakeLines());
      },
    },
    {
      stage: "gathering shares",
      reach: async (rig: SessionRig) => {
        await rig.connect();
        await rig.say(...handshakeLines());
        rig.register(1);
        rig.submit(1);
      },
    },
    {
      stage: "writing",
      reach: async (rig: SessionRig) => {
        await rig.connect();
        await rig.say(...handshakeLines());
        rig.connection.isHolding = true;
        rig.register(1);
        rig.unregister(1);
      },
    },
  ]
) {
  Deno.test(`Closing a session that is ${stage} leaves nothing open and reports nothing`, async () => {
    const rig = new SessionRig({ shareWindowMs: 40 });
    await reach(rig);
    rig.events.all.length = 0;
    rig.session.close();
    rig.session.close();
    await turn();
    assert.deepEqual(rig.events.all, []);
    assert.equal(rig.dial.calls[0]!.signal.aborted, true);
    assert.equal(rig.connection.isClosed, stage !== "dialling");
  });
}
