/**
 * Hostile pools: whatever stands in whichever field of whichever message, the session goes on or
 * ends once with a reason; it is never a fault of ours, and nobody else is ever dialled.
 */

import assert from "node:assert/strict";
import { encodeSetDifficulty, encodeVerdict } from "../../lib/protocol/agent/message.ts";
import { turn } from "../support/fake_clock.ts";
import { LogCapture } from "../support/log_capture.ts";
import { handshakeLines, linesToBytes, notifyLine } from "../support/pool_lines.ts";
import { HANDSHAKE_TIMEOUT_MS, SessionRig } from "../support/session_rig.ts";

/** As JSON: every type, and the values of each that programs stumble over. */
const VALUES: readonly string[] = [
  "null",
  "true",
  "0",
  "-1",
  "0.5",
  "1e400",
  "9223372036854775808",
  '""',
  '"0"',
  '"-1"',
  '"zzzzzzzz"',
  '"123456789"',
  '"\\u0000\\ud800"',
  JSON.stringify("f".repeat(300_000)),
  "[]",
  "[[[[]]]]",
  `[${Array.from({ length: 100_000 }, () => '""').join()}]`,
  "{}",
  '{"__proto__":{"capabilities":["subres"]},"length":-1}',
];

/** Every copy of a value of JSON in which one place, at any depth, holds `replacement` instead. */
function* replacements(value: unknown, replacement: string): Generator<string> {
  yield replacement;
  if (Array.isArray(value)) {
    for (const [i, item] of value.entries()) {
      const texts = value.map((other) => JSON.stringify(other));
      for (const text of replacements(item, replacement)) yield `[${texts.with(i, text).join()}]`;
    }
    // One too many, and one too few.
    yield `[${[...value.map((item) => JSON.stringify(item)), replacement].join()}]`;
    yield JSON.stringify(value.slice(0, -1));
  } else if (typeof value === "object" && value !== null) {
    const members = Object.entries(value);
    for (const [i, [key, item]] of members.entries()) {
      const texts = members.map(([name, other]) => [JSON.stringify(name), JSON.stringify(other)]);
      for (const text of replacements(item, replacement)) {
        yield `{${
          texts.with(i, [JSON.stringify(key), text]).map((pair) => pair.join(":")).join()
        }}`;
      }
    }
  }
}

/** Fails unless the session is as it was or has ended once, for a reason of the pool's. */
async function assertOrderly(rig: SessionRig, log: LogCapture, what: string): Promise<void> {
  for (let i = 0; i < 3; i++) await turn();
  const ends = rig.events.all.filter((event) => "ended" in event);
  assert.ok(ends.length <= 1, what);
  assert.equal(rig.connection.isClosed, ends.length === 1, what);
  assert.ok((rig.events.endReason ?? "").length < 600, what);
  assert.equal(rig.dial.calls.length, 1, what);
  assert.deepEqual(log.take().filter((line) => line.startsWith("error")), [], what);
  rig.session.close();
}

const HANDSHAKE = handshakeLines();

for (const [i, line] of HANDSHAKE.entries()) {
  Deno.test(`handshake line ${i + 1} with anything anywhere ends the session or leaves it waiting`, async () => {
    using log = new LogCapture();
    for (const value of VALUES) {
      for (const changed of replacements(JSON.parse(line), value)) {
        const rig = new SessionRig();
        await rig.connect();
        rig.connection.deliver(linesToBytes([...HANDSHAKE.slice(0, i), changed]));
        await turn();
        rig.connection.deliver(linesToBytes(HANDSHAKE.slice(i + 1)));
        for (let turns = 0; turns < 3; turns++) await turn();
        const isReady = () => rig.events.all.some((event) => "ready" in event);
        if (isReady() && rig.events.endReason === undefined) {
          const { upstream } = rig;
          assert.match(upstream.latestJob.coinbase1, /^(?:[0-9a-f]{2})+$/i);
          const { startingDifficulty } = upstream.terms;
          assert.ok(startingDifficulty > 0 && Number.isFinite(startingDifficulty));
          assert.ok(upstream.versionMask >= 0 && upstream.versionMask <= 0xffffffff);
        } else if (rig.events.endReason === undefined) {
          await rig.pass(HANDSHAKE_TIMEOUT_MS);
          assert.match(rig.events.endReason!, /^no answer: waited/);
        }
        await assertOrderly(rig, log, changed.slice(0, 300));
      }
    }
  });
}

const LATER = {
  "a job": notifyLine("7", false),
  "a version mask": '{"id":null,"method":"mining.set_version_mask","params":["00c00000"]}',
  "a difficulty": '{"id":null,"method":"mining.set_difficulty","params":[64]}',
  "a request to reconnect":
    '{"id":null,"method":"client.reconnect","params":["evil.example",3333,0]}',
  "a message": '{"id":null,"method":"client.show_message","params":["x"]}',
  "an answer": '{"id":"probe","result":{"capabilities":["verrol","subres"]},"error":null}',
};

for (const [name, line] of Object.entries(LATER)) {
  Deno.test(`${name} with anything anywhere ends the session or makes sense`, async () => {
    using log = new LogCapture();
    for (const value of VALUES) {
      for (const changed of replacements(JSON.parse(line), value)) {
        const rig = await SessionRig.ready();
        rig.connection.deliver(linesToBytes([changed]));
        for (let turns = 0; turns < 3; turns++) await turn();
        for (const event of rig.events.all) {
          if ("job" in event) assert.match(event.coinbase1, /^(?:[0-9a-f]{2})+$/i);
          if ("mask" in event) assert.ok(event.mask >= 0 && event.mask <= 0xffffffff);
        }
        if (changed.includes('"method":"client.reconnect"')) {
          const reason = rig.events.endReason ?? "the pool asked for a new connection";
          assert.match(reason, /asked for a new connection|^Cannot read a line/);
        }
        await assertOrderly(rig, log, changed.slice(0, 300));
      }
    }
  });
}

Deno.test("a frame with any byte changed, any length and any command ends the session or makes sense", async () => {
  using log = new LogCapture();
  const frames = [encodeVerdict(3, 1798084231), encodeSetDifficulty(10, [0, 5, 0xfffe])];
  for (const frame of frames) {
    const changed = [...frame].flatMap((_, at) =>
      [0x00, 0x01, 0x04, 0x0a, 0x3f, 0x40, 0x7f, 0x80, 0xff].map((byte) => frame.with(at, byte))
    );
    for (let command = 0; command < 256; command++) changed.push(frame.with(1, command));
    for (let length = 0; length < 40; length++) changed.push(frame.with(2, length));
    for (const bytes of changed) {
      const rig = await SessionRig.ready();
      // What a lying length takes for its own must not be missing behind it.
      await rig.deliver([...bytes, ...new Uint8Array(40).fill(0x20)]);
      for (const event of rig.events.all) {
        if ("difficulty" in event) {
          assert.ok(event.difficulty >= 1 && event.difficulty <= 2 ** 63);
        }
        if ("verdict" in event) assert.ok(Number.isInteger(event.status));
      }
      await assertOrderly(rig, log, bytes.toHex());
    }
  }
});

/** Bytes that are no message of a pool, and the reason they end the session with. */
const NO_MESSAGE: readonly (readonly [name: string, bytes: string, reason: RegExp])[] = [
  ["null", "null\n", /^Cannot read a line: found "null"/],
  ["an array", "[]\n", /^Cannot read a line: found "\[\]"/],
  ["half an object", '{"id":null\n', /^Cannot read a line/],
  ["arrays nested 10,000 deep", "[".repeat(10_000) + "\n", /^Cannot read a line: found "\[{60}…/],
  ["NUL bytes", "\0\0\n", /^Cannot read a line/],
  ["bytes that are no UTF-8", "\xff\xfe\n", /^Cannot read a line/],
  ["an HTTP answer", "HTTP/1.1 400 Bad Request\r\n\r\n", /^Cannot read a line: found "HTTP/],
  ["a TLS alert with a line end in it", "\x15\x03\x01\0\x02\x02\n", /^Cannot read a line/],
  ["control codes of a terminal", "\x1b[2J\n", /^Cannot read a line: found "\\u001b\[2J"/],
  ["a line over 40 KB", "x".repeat(40_961), /^Cannot read a line: 40961 bytes have come, at most/],
  ["a frame of no length", "\x7f\x05\0\0", /^Cannot read a frame: its length is 0/],
  ["a frame shorter than its head", "\x7f\x05\x03\0", /^Cannot read a frame: its length is 3/],
];

for (const [name, text, reason] of NO_MESSAGE) {
  Deno.test(`${name}: ends the session before, in and after the handshake, once`, async () => {
    using log = new LogCapture();
    for (const heard of [0, 3, HANDSHAKE.length]) {
      const rig = new SessionRig();
      await rig.connect();
      rig.connection.deliver(linesToBytes(HANDSHAKE.slice(0, heard)));
      await turn();
      const bytes = Uint8Array.from(text, (char) => char.charCodeAt(0));
      // As it comes from a socket: no more than a read takes.
      for (let at = 0; at < bytes.length; at += 16_384) {
        rig.connection.deliver(bytes.subarray(at, at + 16_384));
        await turn();
      }
      rig.connection.deliver(linesToBytes([notifyLine("9")]));
      for (let turns = 0; turns < 3; turns++) await turn();
      assert.match(rig.events.endReason ?? "", reason);
      // deno-lint-ignore no-control-regex -- they are what must not reach a terminal
      assert.doesNotMatch(rig.events.endReason!, /[\x00-\x1f\x7f-\x9f]/);
      assert.ok("ended" in rig.events.all.at(-1)!, "nothing is told after the end");
      await assertOrderly(rig, log, name);
    }
  });
}

Deno.test("a frame whose length lies takes what follows for its own, and waits for no more than it", async () => {
  using log = new LogCapture();
  const rig = await SessionRig.ready();
  await rig.deliver([0x7f, 0x33, 0xff, 0xff, ...linesToBytes([notifyLine("9")])]);
  assert.deepEqual(rig.events.all, []);
  const left = 65_535 - 4 - linesToBytes([notifyLine("9")]).length;
  for (let at = 0; at < left; at += 16_384) {
    await rig.deliver(new Uint8Array(Math.min(16_384, left - at)));
  }
  await rig.deliver(linesToBytes([notifyLine("8")]));
  assert.equal(rig.events.all.length, 1, "the next message is read as such");
  await assertOrderly(rig, log, "a lying length");
});

Deno.test("verdicts for nobody and difficulties for nobody leave the session as it is", async () => {
  using log = new LogCapture();
  const rig = await SessionRig.ready();
  await rig.deliver([
    ...encodeVerdict(65_535, 1798084231),
    ...encodeVerdict(0, -1),
    ...encodeSetDifficulty(63, [0, 65_534]),
    ...encodeSetDifficulty(0, []),
  ]);
  assert.equal(rig.events.endReason, undefined);
  await assertOrderly(rig, log, "verdicts for nobody");
});
