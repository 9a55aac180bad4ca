/** PoolStreamDecoder: the same frames and lines at every cut, and no growth without end. */

import assert from "node:assert/strict";
import fc from "fast-check";
import { encodeSetDifficulty, encodeVerdict } from "../../../lib/protocol/agent/message.ts";
import { MAX_POOL_LINE_BYTES, PoolStreamDecoder } from "../../../lib/protocol/agent/stream.ts";
import { PoolFault } from "../../../lib/base/violation.ts";
import { cutAt, everyCut, feed } from "../../support/any_cut.ts";
import { cpuMs } from "../../support/cpu_time.ts";
import { frame, type SplitStream, splitStream } from "../../support/reference_codec.ts";

const encoder = new TextEncoder();

/** The pieces of a chunked stream, and the code of the fault that ended it. */
function piecesOf(chunks: readonly Uint8Array[], maxLineBytes?: number): SplitStream {
  const pieces: SplitStream["pieces"][number][] = [];
  const decoder = new PoolStreamDecoder(PoolFault, maxLineBytes);
  try {
    feed(
      decoder,
      chunks,
      ({ kind, bytes }) => pieces.push({ kind, bytes: Array.from(bytes) }),
    );
    return { pieces, fault: undefined };
  } catch (error) {
    assert.ok(error instanceof PoolFault);
    return { pieces, fault: error.code };
  }
}

function text(line: string): { kind: "line"; bytes: number[] } {
  return { kind: "line", bytes: Array.from(encoder.encode(line)) };
}

Deno.test("PoolStreamDecoder gives the same pieces at every cut of a burst", () => {
  const notify = '{"id":null,"method":"mining.notify","params":[]}';
  const difficulty = Array.from(encodeSetDifficulty(10, [0x0a0a, 0x7f7f, 0x0d0a]));
  const verdict = Array.from(encodeVerdict(0x0a7f, 0x0a0a7f7f));
  const unknown = frame(0x7e, [0x0a, 0x7f, 0x0a]);
  const stream = Uint8Array.from([
    ...encoder.encode(notify + "\r\n\n"),
    ...difficulty,
    ...verdict,
    ...encoder.encode("\r\nnot \x7f JSON\n"),
    ...unknown,
    ...frame(0x7f, []),
    ...verdict,
    ...encoder.encode(notify + "\n"),
    0x7f,
    0x10,
  ]);
  const expected = {
    pieces: [
      text(notify),
      { kind: "frame", bytes: difficulty },
      { kind: "frame", bytes: verdict },
      text("not \x7f JSON"),
      { kind: "frame", bytes: unknown },
      { kind: "frame", bytes: [0x7f, 0x7f, 4, 0] },
      { kind: "frame", bytes: verdict },
      text(notify),
    ],
    fault: undefined,
  };
  for (const { name, chunks } of everyCut(stream)) {
    assert.deepEqual(piecesOf(chunks), expected, name);
  }
});

for (const length of [0, 1, 2, 3]) {
  Deno.test(`PoolStreamDecoder refuses a frame of length ${length}, and all behind it`, () => {
    const stream = Uint8Array.from([...encoder.encode("{}\n"), 0x7f, 0x10, length, 0, 0x7b, 0x0a]);
    for (const { name, chunks } of everyCut(stream)) {
      assert.deepEqual(piecesOf(chunks), { pieces: [text("{}")], fault: "frame-too-short" }, name);
    }
    const decoder = new PoolStreamDecoder(PoolFault);
    decoder.push(stream);
    decoder.next();
    const message = `Cannot read a frame: its length is ${length}, must be at least 4`;
    assert.throws(() => decoder.next(), { message });
    assert.throws(() => decoder.next(), { message });
  });
}

Deno.test("PoolStreamDecoder takes frames of 65,535 bytes, whole or dripped", () => {
  const difficulty = encodeSetDifficulty(62, Array.from({ length: 32764 }, (_, i) => i * 2));
  assert.equal(difficulty.length, 65535);
  const stream = Uint8Array.from([...difficulty, ...encoder.encode("{}\n"), ...difficulty]);
  for (const size of [1, 1000, 4096, 65535, 65536, stream.length]) {
    const points = Array.from(
      { length: Math.ceil(stream.length / size) - 1 },
      (_, i) => (i + 1) * size,
    );
    const sizes: number[] = [];
    feed(new PoolStreamDecoder(PoolFault), cutAt(stream, points), ({ kind, bytes }) => {
      sizes.push(bytes.length);
      if (kind === "frame") assert.ok(bytes.every((byte, i) => byte === difficulty[i]));
    });
    assert.deepEqual(sizes, [65535, 2, 65535], `chunks of ${size}`);
  }
});

for (
  const { name, line, isTaken } of [
    { name: "exactly as long as allowed", line: "12345678\n", isTaken: true },
    { name: "exactly as long as allowed, with a CR", line: "12345678\r\n", isTaken: true },
    { name: "one byte too long", line: "123456789\n", isTaken: false },
    { name: "made too long by a second CR", line: "12345678\r\r\n", isTaken: false },
    { name: "too long and endless", line: "123456789", isTaken: false },
  ]
) {
  Deno.test(`PoolStreamDecoder ${isTaken ? "takes" : "refuses"} a line ${name}`, () => {
    const expected = isTaken
      ? { pieces: [text("{}"), text("12345678")], fault: undefined }
      : { pieces: [text("{}")], fault: "line-too-long" };
    for (const { name, chunks } of everyCut(encoder.encode("{}\n" + line))) {
      assert.deepEqual(piecesOf(chunks, 8), expected, name);
    }
  });
}

Deno.test("PoolStreamDecoder reads a line of a megabyte dripped in fast, and refuses more", () => {
  const longest = 1 << 20;
  const decoder = new PoolStreamDecoder(PoolFault, longest);
  const piece = new Uint8Array(16).fill(0x61);
  const startedAt = cpuMs();
  for (let sent = 0; sent < longest; sent += piece.length) {
    decoder.push(piece);
    assert.equal(decoder.next(), undefined);
  }
  decoder.push(encoder.encode("\n"));
  assert.equal(decoder.next()?.bytes.length, longest);
  // Copying or searching it again for every drip would take over thirty gigabytes of moves.
  assert.ok(cpuMs() - startedAt < 1000);

  decoder.push(new Uint8Array(longest).fill(0x61));
  assert.equal(decoder.next(), undefined);
  decoder.push(Uint8Array.of(0x61));
  assert.throws(() => decoder.next(), { name: "PoolFault", code: "line-too-long" });
});

Deno.test("PoolStreamDecoder refuses a line of a pool over 40 KB unless told otherwise", () => {
  const decoder = new PoolStreamDecoder(PoolFault);
  decoder.push(new Uint8Array(MAX_POOL_LINE_BYTES).fill(0x61));
  assert.equal(decoder.next(), undefined);
  decoder.push(Uint8Array.of(0x61));
  assert.throws(() => decoder.next(), { name: "PoolFault", code: "line-too-long" });
  assert.equal(MAX_POOL_LINE_BYTES, 40_960);
});

Deno.test("PoolStreamDecoder stays in step over a long life of odd-sized chunks", () => {
  const lines = Array.from({ length: 3000 }, (_, i) => "x".repeat(i * 37 % 911 + 1));
  const stream = encoder.encode(lines.join("\n") + "\n");
  const points = Array.from({ length: Math.floor(stream.length / 1231) }, (_, i) => i * 1231);
  const lengths = feed(
    new PoolStreamDecoder(PoolFault),
    cutAt(stream, points),
    ({ bytes }) => bytes.length,
  );
  assert.deepEqual(lengths, lines.map((line) => line.length));
});

/** A stream of well-made pieces, with an ill-made one now and then. */
const stream = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: fc.uint8Array({ maxLength: 20 }).map((body) => frame(5, [...body])) },
    {
      weight: 4,
      arbitrary: fc.string({ unit: "grapheme", maxLength: 12 }).map((line) => [
        ...encoder.encode(line),
        0x0a,
      ]),
    },
    { weight: 1, arbitrary: fc.constantFrom([0x0a], [0x0d, 0x0a], [0x0d], [0x7f], [0x7f, 1, 0]) },
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 9 }).map((bytes) => Array.from(bytes)) },
  ),
  { maxLength: 12 },
).map((pieces) => pieces.flat());

Deno.test("PoolStreamDecoder agrees with the reference splitter on any stream, however cut", () => {
  fc.assert(
    fc.property(
      stream,
      fc.array(fc.nat(), { maxLength: 8 }),
      fc.integer({ min: 1, max: 30 }),
      (bytes, cuts, maxLineBytes) => {
        const points = cuts.map((cut) => cut % (bytes.length + 1));
        assert.deepEqual(
          piecesOf(cutAt(Uint8Array.from(bytes), points), maxLineBytes),
          splitStream(bytes, maxLineBytes),
        );
      },
    ),
    { seed: 20240602, numRuns: 4000 },
  );
});
