/**
 * What the log says about other protocols than Stratum: which one it was, and what to do.
 */

import assert from "node:assert/strict";
import fc from "fast-check";
import {
  foreignDialect,
  foreignMethod,
  isHopeless,
  notStratum,
  unfinishedLine,
} from "../../lib/base/foreign_speech.ts";

const encoder = new TextEncoder();
const PRINTABLE = /^[\x20-\x7e…]*$/;

function bytes(...parts: readonly (string | readonly number[])[]): Uint8Array {
  return Uint8Array.from(
    parts.flatMap((part) => typeof part === "string" ? [...encoder.encode(part)] : part),
  );
}

for (
  const [start, said] of [
    [bytes([0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3]), /^it spoke TLS, .* stratum\+tcp:\/\//],
    [bytes([0x16]), /^it spoke TLS, /],
    [
      bytes([3, 0, 0, 0x2f, 0x2a, 0xe0], "\0\0\0\0\0Cookie: mstshash=u"),
      /^it spoke RDP .*firewall/,
    ],
    [bytes([5, 2, 0, 2]), /^it spoke SOCKS: .*enter it as the pool instead$/],
    [bytes([4, 1, 0x0d, 5, 10, 0, 0, 1, 0]), /^it spoke SOCKS: /],
    [bytes("SSH-2.0-Go"), /^it spoke SSH, probably a scanner/],
    [bytes("PROXY TCP4 10.1.2.3 10.0.0.1 50000 3333"), /^it spoke the PROXY protocol .*send-proxy/],
    [bytes("PROXY UNKNOWN"), /^it spoke the PROXY protocol \(version 1\)/],
    [bytes([0]), /^it spoke the PROXY protocol \(version 2\)/],
    [bytes("CONNECT x.example:3336 HTTP/1.1"), /^it spoke HTTP to a proxy \(CONNECT\): /],
    [bytes("POST / HTTP/1.1"), /^it spoke HTTP \(POST\), as miners with getwork do: /],
    [bytes("GET /metrics HTTP/1.0"), /^it spoke HTTP \(GET\), .*status\.listen$/],
    [bytes([0xef, 0xbb, 0xbf], "GET / HTTP/1.0"), /^it spoke HTTP \(GET\), /],
    [bytes("PRI * HTTP/2.0"), /^it spoke HTTP \(PRI\), /],
    [bytes("OPTIONS rtsp://x RTSP/1.0"), /^it spoke HTTP \(OPTIONS\), /],
    [bytes([0, 0, 0, 0x60, 0, 0, 0, 2, 0, 2, 0]), /^it spoke Stratum V2: .*Stratum V1/],
    [bytes('[{"id":1,"method":"mining.subscribe"}]'), /^it spoke JSON-RPC in batches/],
  ] as const
) {
  Deno.test(`recognized by its first bytes: ${said}`, () => {
    assert.match(notStratum(start), said);
    assert.match(unfinishedLine(start), said);
  });
}

Deno.test("unknown bytes are shown as text or in hex, cut, never as escapes", () => {
  assert.equal(
    notStratum(bytes("hello")),
    'Cannot read a line: found "hello", wanted a JSON object',
  );
  assert.equal(
    notStratum(bytes([1, 2, 0xff])),
    "Cannot read a line: found 3 bytes, no text (01 02 ff), wanted a JSON object",
  );
  assert.match(notStratum(bytes([1])), /found 1 byte, no text \(01\), wanted/);
  assert.match(notStratum(bytes("x".repeat(100))), /found "x{60}…", wanted/);
  assert.match(notStratum(bytes(Array(100).fill(1))), /found 100 bytes, no text \((01 ){16}…\)/);
  assert.equal(
    unfinishedLine(bytes('{"id":1}')),
    'it sent 8 bytes without a line end: "{"id":1}"; a line of Stratum ends with LF',
  );
});

Deno.test("64 bytes that look like any others may be Stratum V2, and 63 are nothing", () => {
  const key = bytes(Array.from({ length: 64 }, (_, i) => (i * 37 + 200) % 256));
  assert.match(unfinishedLine(key), /^it sent 64 bytes without a line end, perhaps Stratum V2: /);
  assert.match(
    unfinishedLine(key.subarray(0, 63)),
    /^it sent 63 bytes without a line end: 63 bytes/,
  );
});

Deno.test("a line that may still become one is waited for, one that cannot is not", () => {
  for (
    const start of ["", " ", "{", '{"id":1', "\ufeff{", "GET / HT", "SSH-2", "PROXY ", "x", "["]
  ) {
    assert.equal(isHopeless(bytes(start)), false, start);
  }
  for (const start of [[0x16], [0x16, 3, 1], [3, 0], [5, 1, 0], [0, 0, 0, 0x60, 0, 0]]) {
    assert.equal(isHopeless(bytes(start)), true, `${start}`);
  }
});

Deno.test("methods of other coins are recognized, those of Stratum and unknown ones are not", () => {
  assert.match(foreignMethod("login")!, /^it spoke Monero's JSON-RPC \("login"\): /);
  assert.match(foreignMethod("eth_submitLogin")!, /^it spoke Ethereum's JSON-RPC/);
  assert.match(foreignMethod("mining.hello")!, /^it spoke Ethereum's JSON-RPC/);
  assert.match(foreignMethod("getwork")!, /^it spoke a node's \(getwork/);
  for (const method of ["mining.subscribe", "MINING.SUBSCRIBE", "mining.noop", "", "no.such"]) {
    assert.equal(foreignMethod(method), undefined);
  }
});

Deno.test("another coin's Stratum is recognized by its name in place of an earlier session", () => {
  for (const named of ["EthereumStratum/1.0.0", "EthereumStratum/2.0.0", "Stratum/1.0"]) {
    assert.match(foreignDialect(named)!, /^it spoke ".*", another coin's Stratum: /);
  }
  for (const named of [undefined, null, 5, "", "08000002", "resume-fixed-session", "x/1"]) {
    assert.equal(foreignDialect(named), undefined);
  }
});

Deno.test("the text for any bytes is short and printable", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), fc.constantFrom(notStratum, unfinishedLine), (
      start,
      say,
    ) => {
      const said = say(start);
      assert.match(said, PRINTABLE);
      assert.ok(said.length < 300, said);
      isHopeless(start);
    }),
    { seed: 28, numRuns: 3000 },
  );
});
