/** LineDecoder: the same lines at every cut, and a limit that holds for every way to pass it. */

import assert from "node:assert/strict";
import fc from "fast-check";
import { LineDecoder } from "../../../lib/protocol/stratum/lines.ts";
import { MinerFault, PoolFault, ProtocolViolation } from "../../../lib/base/violation.ts";
import { cutAt, everyCut, feed } from "../../support/any_cut.ts";
import { cpuMs } from "../../support/cpu_time.ts";
import { splitLines } from "../../support/reference_codec.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** The lines of a chunked stream, and the code of the fault that ended it. */
function linesOf(chunks: readonly Uint8Array[], maxLineBytes: number): [string[], string?] {
  const lines: string[] = [];
  const reader = new LineDecoder(maxLineBytes, MinerFault);
  try {
    feed(reader, chunks, (line) => lines.push(decoder.decode(line)));
    return [lines];
  } catch (error) {
    assert.ok(error instanceof MinerFault);
    return [lines, error.code];
  }
}

const handshake = [
  '{"id":1,"method":"mining.subscribe","params":["x"]}\n',
  '{"id":2,"method":"mining.authorize","params":["a.b",""]}\r\n',
  "\n",
  "\r\n",
  "\n\n{}\n",
  '{"id":3,"method":"mining.submit","params":["ünïcödé","1"]}\n',
  "\r\r\nlast, not ended",
].join("");

Deno.test("LineDecoder gives the same lines at every cut of a handshake", () => {
  const expected = [
    '{"id":1,"method":"mining.subscribe","params":["x"]}',
    '{"id":2,"method":"mining.authorize","params":["a.b",""]}',
    "",
    "",
    "",
    "",
    "{}",
    '{"id":3,"method":"mining.submit","params":["ünïcödé","1"]}',
    "\r",
  ];
  for (const { name, chunks } of everyCut(encoder.encode(handshake))) {
    assert.deepEqual(linesOf(chunks, 100), [expected], name);
  }
});

for (
  const { name, line, isTaken } of [
    { name: "exactly as long as allowed", line: "12345678\n", isTaken: true },
    { name: "exactly as long as allowed, with a CR", line: "12345678\r\n", isTaken: true },
    { name: "one byte too long", line: "123456789\n", isTaken: false },
    { name: "one byte too long, with a CR", line: "123456789\r\n", isTaken: false },
    { name: "made too long by a second CR", line: "12345678\r\r\n", isTaken: false },
  ]
) {
  Deno.test(`LineDecoder ${isTaken ? "takes" : "refuses"} a line ${name}, at every cut`, () => {
    const expected = isTaken ? [["before", line.trim()]] : [["before"], "line-too-long"];
    for (const { name, chunks } of everyCut(encoder.encode("before\n" + line))) {
      assert.deepEqual(linesOf(chunks, 8), expected, name);
    }
  });
}

Deno.test("LineDecoder refuses an endless line at the first byte too many, not at its end", () => {
  const reader = new LineDecoder(8, MinerFault);
  for (let sent = 1; sent <= 8; sent++) {
    reader.push(Uint8Array.of(0x61));
    assert.equal(reader.next(), undefined);
  }
  reader.push(Uint8Array.of(0x61));
  assert.throws(() => reader.next(), {
    name: "MinerFault",
    code: "line-too-long",
    message: "Cannot read a line: 9 bytes have come, at most 8 are allowed",
  });
});

Deno.test("LineDecoder waits for the LF when a CR stands behind the last byte allowed", () => {
  const drip = (text: string) => Array.from(encoder.encode(text), (byte) => Uint8Array.of(byte));
  assert.deepEqual(linesOf(drip("12345678\r"), 8), [[]]);
  assert.deepEqual(linesOf(drip("12345678\rx"), 8), [[], "line-too-long"]);
});

Deno.test("LineDecoder refuses a megabyte without an LF at once, whatever the fault class", () => {
  const reader = new LineDecoder(8192, PoolFault);
  reader.push(new Uint8Array(1 << 20));
  assert.throws(() => reader.next(), { name: "PoolFault", code: "line-too-long" });
  assert.equal(reader.next(), undefined, "the fault has emptied it");
});

Deno.test("LineDecoder says whether the stream stands inside a line", () => {
  const reader = new LineDecoder(100, MinerFault);
  const isInsideAfter = (text: string) => {
    feed(reader, [encoder.encode(text)], () => 0);
    return reader.isInsideLine;
  };
  assert.equal(reader.isInsideLine, false);
  assert.equal(isInsideAfter("{"), true);
  assert.equal(isInsideAfter("}"), true);
  assert.equal(isInsideAfter("\n"), false);
  assert.equal(isInsideAfter("{}\n{"), true);
  assert.equal(isInsideAfter("}\n\r\n"), false);
});

Deno.test("LineDecoder reads a line of the greatest length dripped in fast", () => {
  const maxLineBytes = 1 << 20;
  const reader = new LineDecoder(maxLineBytes, MinerFault);
  const piece = new Uint8Array(16).fill(0x61);
  const startedAt = cpuMs();
  for (let sent = 0; sent < maxLineBytes; sent += piece.length) {
    reader.push(piece);
    assert.equal(reader.next(), undefined);
  }
  reader.push(Uint8Array.of(0x0a));
  assert.equal(reader.next()?.length, maxLineBytes);
  // Copying or searching it again for every drip would take over thirty gigabytes of moves.
  assert.ok(cpuMs() - startedAt < 1000);
});

/** Bytes that are mostly what matters to a splitter. */
const noise = fc.uint8Array({ maxLength: 60 }).map((bytes) =>
  bytes.map((byte) => byte < 60 ? 0x0a : byte < 100 ? 0x0d : byte)
);

Deno.test("LineDecoder agrees with the reference splitter on any bytes, however cut", () => {
  fc.assert(
    fc.property(
      noise,
      fc.array(fc.nat({ max: 60 }), { maxLength: 8 }),
      fc.integer({ min: 1, max: 12 }),
      (stream, points, maxLineBytes) => {
        const lines: number[][] = [];
        let fault: string | undefined;
        try {
          const chunks = cutAt(stream, points.map((point) => Math.min(point, stream.length)));
          feed(
            new LineDecoder(maxLineBytes, MinerFault),
            chunks,
            (line) => lines.push(Array.from(line)),
          );
        } catch (error) {
          assert.ok(error instanceof ProtocolViolation);
          fault = error.code;
        }
        const expected = splitLines(Array.from(stream), maxLineBytes);
        assert.deepEqual(lines, expected.pieces.map(({ bytes }) => bytes));
        assert.equal(fault, expected.fault);
      },
    ),
    { seed: 20240601, numRuns: 4000 },
  );
});
