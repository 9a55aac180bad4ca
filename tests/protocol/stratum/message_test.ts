/** Lines in, lines out: every line is a message or its sender's fault. */

import assert from "node:assert/strict";
import fc from "fast-check";
import {
  decodePoolLine,
  decodeStratum,
  encodeLine,
  formatErrorReply,
  formatNotification,
  formatReply,
  formatRequest,
  parseStratum,
  quote,
  type StratumMessage,
} from "../../../lib/protocol/stratum/message.ts";
import { MinerFault, PoolFault } from "../../../lib/base/violation.ts";

const encoder = new TextEncoder();

function decode(text: string): StratumMessage {
  return decodeStratum(encoder.encode(text), MinerFault);
}

for (
  const [text, message] of [
    ['{"id":1,"method":"a","params":[1]}', { kind: "request", id: 1, method: "a", params: [1] }],
    ['{"id":"x","method":"a"}', { kind: "request", id: '"x"', method: "a", params: [] }],
    ['{"id":0,"method":"a","params":null}', { kind: "request", id: 0, method: "a", params: [] }],
    ['{"method":"a","params":[]}', { kind: "request", id: null, method: "a", params: [] }],
    ['{"id":1,"method":"a","params":{}}', { kind: "illegal", id: 1, method: "a" }],
    ['{"id":1,"method":"a","params":"b"}', { kind: "illegal", id: 1, method: "a" }],
    ['{"id":1,"method":"","params":[]}', { kind: "illegal", id: 1 }],
    ['{"id":1,"method":5,"params":[]}', { kind: "illegal", id: 1 }],
    ['{"id":1,"method":["a"],"result":1}', { kind: "illegal", id: 1 }],
    ['{"id":1,"params":[]}', { kind: "illegal", id: 1 }],
    ["{}", { kind: "illegal", id: null }],
    ['{"id":1,"result":true,"error":null}', { kind: "reply", id: 1, result: true, error: null }],
    ['{"id":1,"result":true}', { kind: "reply", id: 1, result: true, error: null }],
    ['{"id":1,"error":[20,"x",null]}', {
      kind: "reply",
      id: 1,
      result: undefined,
      error: [20, "x", null],
    }],
    ['{"id":1,"method":null,"result":null}', {
      kind: "reply",
      id: 1,
      result: null,
      error: null,
    }],
    // Hostile or odd, and still one message.
    ['{"id":1,"id":2,"method":"a","method":"b"}', {
      kind: "request",
      id: 2,
      method: "b",
      params: [],
    }],
    ['{"id":1e400,"method":"a","params":[1e400]}', {
      kind: "request",
      id: "1e400",
      method: "a",
      params: [Infinity],
    }],
    ['{"id":"\\ud800","method":"\\udfff"}', {
      kind: "request",
      id: '"\\ud800"',
      method: "\udfff",
      params: [],
    }],
    ['\ufeff{"id":1,"method":"a"}', { kind: "request", id: 1, method: "a", params: [] }],
    ['{"__proto__":{"method":"a","result":1},"id":1}', { kind: "illegal", id: 1 }],
    ['{"__proto__":null,"constructor":1,"toString":2,"id":1}', { kind: "illegal", id: 1 }],
    ['{"id":"\\u0000","method":"\\u0000"}', {
      kind: "request",
      id: '"\\u0000"',
      method: "\0",
      params: [],
    }],
  ] as [string, unknown][]
) {
  Deno.test(`the line ${JSON.stringify(text)} is understood`, () => {
    assert.deepEqual(decode(text), message);
    assert.deepEqual(parseStratum(encoder.encode(text)), message);
  });
}

for (
  const text of [
    "null",
    "[]",
    '[{"id":1,"method":"a","params":[]}]',
    "1",
    "1e400",
    '""',
    "true",
    " ",
    "\0",
    "{",
    '{"id":1,}',
    "{'id':1}",
    '{"id":1}{"id":2}',
    '{"id":1}\0',
    '{"id":"\0"}',
    '{"id":01}',
    '{"id":NaN}',
    '\ufeff\ufeff{"id":1}',
    "GET / HTTP/1.1",
    "\x16\x03\x01\x02",
    "[".repeat(10_000),
    '{"a":'.repeat(10_000),
  ]
) {
  Deno.test(`the line ${JSON.stringify(text.slice(0, 40))} is its sender's fault`, () => {
    const line = encoder.encode(text);
    assert.equal(parseStratum(line), undefined);
    assert.throws(() => decodeStratum(line, MinerFault), (error) => {
      assert.ok(error instanceof MinerFault);
      assert.equal(error.code, "not-json");
      const found = `found ${quote(text.replace(/^\ufeff/, ""))}`;
      assert.equal(error.message, `Cannot read a line: ${found}, wanted a JSON object`);
      return true;
    });
    assert.throws(() => decodePoolLine(line), { name: "PoolFault", code: "not-json" });
  });
}

Deno.test("a line is told from noise by its first byte only where that decides it", () => {
  for (let first = 0; first < 256; first++) {
    for (const rest of ['{"id":1}', '"id":1}', '\xbb\xbf{"id":1}']) {
      const line = Uint8Array.from([first, ...Array.from(rest, (unit) => unit.charCodeAt(0))]);
      let message: StratumMessage | undefined;
      try {
        message = decodeStratum(line, MinerFault);
      } catch {
        message = undefined;
      }
      assert.deepEqual(parseStratum(line), message, `${first} before ${rest}`);
    }
  }
});

Deno.test("nesting 500,000 deep anywhere in a line is read, without running out of stack", () => {
  const arrays = "[".repeat(500_000) + "]".repeat(500_000);
  const objects = '{"a":'.repeat(100_000) + "1" + "}".repeat(100_000);
  for (const deep of [arrays, objects]) {
    assert.equal(decode(`{"id":${deep},"method":"a","params":[]}`).id, deep);
    assert.equal(decode(`{"id":1,"method":"a","params":[${deep}]}`).kind, "request");
    assert.equal(decode(`{"id":1,"method":${deep}}`).kind, "illegal");
    assert.equal(decode(`{"id":1,"result":${deep}}`).kind, "reply");
  }
});

Deno.test("a pool's line of lists nested thousands deep is its fault, before it is parsed", () => {
  const line = (levels: number) =>
    encoder.encode(`{"result":${"[".repeat(levels)}${"]".repeat(levels)}}`);
  assert.equal(decodePoolLine(line(1_000)).kind, "reply");
  assert.throws(() => decodePoolLine(line(19_000)), {
    name: "PoolFault",
    code: "not-json",
    message:
      /^Cannot read a line: found .* in 38011 bytes, .* without lists nested 64 levels deep$/,
  });
});

Deno.test("bytes that are no UTF-8 are read as replacement characters", () => {
  const line = Uint8Array.from([
    ...encoder.encode('{"id":"'),
    ...[0xff, 0xc3, 0x28, 0xed, 0xa0, 0x80],
    ...encoder.encode('","method":"a"}'),
  ]);
  const message = decodeStratum(line, MinerFault);
  assert.equal(message.id, '"��(���"');
});

Deno.test("one line's bad bytes do not leak into the next line", () => {
  const half = Uint8Array.from([...encoder.encode('{"method":"'), 0xe7, 0x9f]);
  assert.throws(() => decodeStratum(half, MinerFault), MinerFault);
  assert.equal(decode('{"id":1,"method":"a"}').kind, "request");
});

Deno.test("any bytes are a message or the sender's fault, and nothing else", () => {
  const nearly = fc.tuple(
    fc.constantFrom(
      '{"id":1,"method":"mining.subscribe","params":["x",null]}',
      '{"id":"\\u0069d","result":[[["a","b"]],"01ad557d",8],"error":null}',
      '{"id":null,"method":"mining.notify","params":[[],{},1e5,true]}',
    ),
    fc.array(fc.tuple(fc.nat(), fc.nat({ max: 255 })), { maxLength: 3 }),
  ).map(([text, changes]) => {
    const bytes = encoder.encode(text);
    for (const [at, byte] of changes) bytes[at % bytes.length] = byte;
    return bytes;
  });
  fc.assert(
    fc.property(
      fc.oneof(nearly, fc.uint8Array({ maxLength: 80 })),
      fc.constantFrom(MinerFault, PoolFault),
      (line, fault) => {
        let message: StratumMessage;
        try {
          message = decodeStratum(line, fault);
        } catch (error) {
          assert.ok(error instanceof fault);
          assert.match(error.message, /^[\x20-\x7e…]+$/);
          return;
        }
        const value = JSON.parse(new TextDecoder().decode(line));
        if (message.kind === "request") {
          assert.equal(message.method, value.method);
          assert.deepEqual(message.params, value.params ?? []);
        }
      },
    ),
    { seed: 20240611, numRuns: 4000 },
  );
});

Deno.test("what we write is the text that pools and miners write", () => {
  assert.equal(formatReply(4, "true"), '{"id":4,"result":true,"error":null}');
  assert.equal(formatReply('"\\u0031"', '"pong"'), '{"id":"\\u0031","result":"pong","error":null}');
  assert.equal(formatReply(null, "[]"), '{"id":null,"result":[],"error":null}');
  assert.equal(
    formatErrorReply(0, 21),
    '{"id":0,"result":null,"error":[21,"Job not found (=stale)",null]}',
  );
  assert.equal(
    formatErrorReply(1, 20, 'say "what"'),
    '{"id":1,"result":null,"error":[20,"say \\"what\\"",null]}',
  );
  assert.equal(
    formatErrorReply(1, 12345),
    '{"id":1,"result":null,"error":[12345,"Unknown",null]}',
  );
  assert.equal(
    formatNotification("mining.set_difficulty", "[1024]"),
    '{"id":null,"method":"mining.set_difficulty","params":[1024]}',
  );
  assert.equal(
    formatRequest("auth", "mining.authorize", ["a\nb", ""]),
    '{"id":"auth","method":"mining.authorize","params":["a\\nb",""]}',
  );
  assert.deepEqual(Array.from(encodeLine("é")), [0xc3, 0xa9, 0x0a]);
});

Deno.test("quote shows foreign text as printable ASCII, and no more than 60 characters of it", () => {
  assert.equal(quote("plain"), '"plain"');
  assert.equal(quote("x".repeat(60)), `"${"x".repeat(60)}"`);
  assert.equal(quote("x".repeat(61)), `"${"x".repeat(60)}…"`);
  assert.equal(quote('"\n\x1b[31m\x7f矿\ud800'), '"\\"\\n\\u001b[31m??\\ud800"');
  assert.match(quote("😀".repeat(40)), /^"[?]{60}…"$/);
});
