/** Sealed frames: every length, every cut, every damage. */

import assert from "node:assert/strict";
import fc from "fast-check";
import { MinerFault, PoolFault } from "../../../../lib/base/violation.ts";
import { MAX_MESSAGE_BYTES } from "../../../../lib/protocol/sv2/frame.ts";
import { Cipher } from "../../../../lib/protocol/sv2/noise/cipher.ts";
import { FrameOpener } from "../../../../lib/protocol/sv2/noise/frame_opener.ts";
import { FrameSealer } from "../../../../lib/protocol/sv2/noise/frame_sealer.ts";
import { sealedFrameBytes } from "../../../../lib/protocol/sv2/noise/sealed_frame.ts";
import { cutAt, everyCut, feed } from "../../../support/any_cut.ts";
import { plainFrame, plainOf, sealAll } from "./rig.ts";

const KEY = Uint8Array.from({ length: 32 }, (_, i) => 255 - i);

const HEADER_BYTES = 22;

function opened(chunks: readonly Uint8Array[]): Uint8Array[] {
  return feed(new FrameOpener(KEY, PoolFault), chunks, plainOf);
}

Deno.test("a frame of any length is read as it was sent, beside others", () => {
  // Sealed lengths: no piece, one, the longest one, a second of one byte, two longest, the limit.
  const lengths = [
    [0, 22],
    [1, 22 + 1 + 16],
    [65_519, 22 + 65_535],
    [65_520, 22 + 65_535 + 17],
    [131_038, 22 + 2 * 65_535],
    [262_144, 22 + 262_144 + 5 * 16],
  ] as const;
  for (const [length, sealedLength] of lengths) {
    assert.equal(sealedFrameBytes(6 + length), sealedLength);
    const frames = [plainFrame(0x1c, 20), plainFrame(0x1f, length), plainFrame(0x1d, 0)];
    const stream = sealAll(new FrameSealer(KEY), frames);
    assert.deepEqual(opened([stream]), frames, `${length} bytes whole`);
    const inReads = cutAt(
      stream,
      Array.from({ length: Math.floor(stream.length / 16_384) }, (_, i) => 16_384 * (i + 1)),
    );
    assert.deepEqual(opened(inReads), frames, `${length} bytes in reads of 16 KiB`);
  }
});

Deno.test("frames are read the same however the stream is cut", () => {
  const frames = [plainFrame(1, 6), plainFrame(2, 0), plainFrame(3, 57), plainFrame(4, 0)];
  const stream = sealAll(new FrameSealer(KEY), frames);
  for (const { name, chunks } of everyCut(stream)) {
    assert.deepEqual(opened(chunks), frames, name);
  }
});

Deno.test("a frame of several pieces is read the same when cut around the ends of its pieces", () => {
  const frame = plainFrame(0x1f, 131_100);
  const stream = sealAll(new FrameSealer(KEY), [frame, plainFrame(1, 1)]);
  for (const end of [22, 22 + 65_535, 22 + 2 * 65_535, sealedFrameBytes(frame.length)]) {
    for (let at = end - 17; at <= end + 17; at++) {
      assert.deepEqual(opened(cutAt(stream, [at])), [frame, plainFrame(1, 1)], `cut at ${at}`);
    }
  }
});

Deno.test("a changed bit in any byte of any frame ends the connection, and only there", () => {
  const frames = [plainFrame(1, 6), plainFrame(2, 0), plainFrame(3, 57)];
  const stream = sealAll(new FrameSealer(KEY), frames);
  const starts = [0, 22 + 22, 22 + 22 + 22];
  for (let at = 0; at < stream.length; at++) {
    const damaged = stream.slice();
    damaged[at]! ^= 1 << at % 8;
    const hit = starts.findLastIndex((start) => at >= start);
    const opener = new FrameOpener(KEY, PoolFault);
    opener.push(damaged);
    for (let good = 0; good < hit; good++) {
      assert.deepEqual(plainOf(opener.next()!), frames[good], `byte ${at}`);
    }
    const part = at - starts[hit]! < HEADER_BYTES ? "header" : "payload";
    assert.throws(() => opener.next(), {
      name: "PoolFault",
      code: "bad-seal",
      message: `Cannot open the ${part} of a Stratum V2 frame: it was damaged on the way, or a ` +
        "frame before it is missing",
    }, `byte ${at}`);
  }
});

Deno.test("a changed bit in any piece of a long frame ends the connection", () => {
  const stream = sealAll(new FrameSealer(KEY), [plainFrame(0x1f, 140_000)]);
  for (const at of [21, 22, 65_556, 65_557, 131_091, 131_092, 140_069]) {
    const damaged = stream.slice();
    damaged[at]! ^= 0x80;
    assert.throws(() => opened([damaged]), { code: "bad-seal" }, `byte ${at}`);
  }
});

Deno.test("a frame that is missing, repeated or swapped ends the connection", () => {
  const [a, b] = [plainFrame(1, 6), plainFrame(2, 6)];
  const [sealedA, sealedB] = cutAt(sealAll(new FrameSealer(KEY), [a, b]), [44]);
  for (const stream of [[sealedB!], [sealedA!, sealedA!], [sealedB!, sealedA!]]) {
    assert.throws(() => opened(stream), { code: "bad-seal" });
  }
});

Deno.test("a payload over the limit is refused at its header, before any of it has come", () => {
  const header = plainFrame(0x1f, 0);
  new DataView(header.buffer).setUint16(3, 1, true);
  header[5] = 4;
  const sealed = new Uint8Array(HEADER_BYTES);
  new Cipher(KEY).seal(header, sealed);
  const opener = new FrameOpener(KEY, MinerFault);
  opener.push(sealed);
  assert.throws(() => opener.next(), {
    name: "MinerFault",
    code: "frame-too-long",
    message: `Cannot read a Stratum V2 frame: message 0x1f has ${MAX_MESSAGE_BYTES + 1} bytes, ` +
      `at most ${MAX_MESSAGE_BYTES} are allowed`,
  });
});

Deno.test("a header that nobody sealed never says how much to wait for", () => {
  const opener = new FrameOpener(KEY, PoolFault);
  opener.push(new Uint8Array(HEADER_BYTES - 1).fill(0xff));
  assert.equal(opener.next(), undefined);
  opener.push(Uint8Array.of(0xff));
  assert.throws(() => opener.next(), { code: "bad-seal" });
});

Deno.test("bytes that nobody sealed end the connection at the 22nd, whatever they are", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      const opener = new FrameOpener(KEY, PoolFault);
      opener.push(bytes);
      if (bytes.length < HEADER_BYTES) assert.equal(opener.next(), undefined);
      else assert.throws(() => opener.next(), { code: "bad-seal" });
    }),
  );
});

Deno.test("frames are sealed into a buffer one after another, and no byte beside them changes", () => {
  const frames = [plainFrame(1, 50), plainFrame(2, 0), plainFrame(3, 9)];
  const buffer = new Uint8Array(300).fill(0xaa);
  const out = new DataView(buffer.buffer, 7, 280);
  const sealer = new FrameSealer(KEY);
  let end = 5;
  for (const frame of frames) end = sealer.seal(frame, out, end);
  assert.equal(end, 5 + frames.reduce((sum, { length }) => sum + sealedFrameBytes(length), 0));
  const stream = buffer.subarray(7 + 5, 7 + end);
  assert.deepEqual(opened([stream]), frames);
  const beside = [...buffer.subarray(0, 12), ...buffer.subarray(7 + end)];
  assert.ok(beside.every((byte) => byte === 0xaa));
});

Deno.test("a frame that finds no room for its seals is refused before a counter is used", () => {
  const sealer = new FrameSealer(KEY);
  const frame = plainFrame(1, 50);
  assert.throws(() => sealer.seal(frame, new DataView(new ArrayBuffer(80)), 0), RangeError);
  assert.deepEqual(opened([sealAll(sealer, [frame])]), [frame]);
});

Deno.test("a sealer and an opener that were erased neither seal nor open", () => {
  const sealer = new FrameSealer(KEY);
  sealer.erase();
  assert.throws(() => sealAll(sealer, [plainFrame(1, 5)]), RangeError);
  const opener = new FrameOpener(KEY, PoolFault);
  opener.push(sealAll(new FrameSealer(KEY), [plainFrame(1, 5)]));
  opener.erase();
  assert.throws(() => opener.next(), RangeError);
});
