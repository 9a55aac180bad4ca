/** The header of a frame, and the lengths it may state. */

import assert from "node:assert/strict";
import fc from "fast-check";
import { PoolFault, ProtocolViolation } from "../../../lib/base/violation.ts";
import {
  FRAME_HEADER_BYTES,
  MAX_MESSAGE_BYTES,
  readFrameHeader,
  writeFrameHeader,
} from "../../../lib/protocol/sv2/frame.ts";
import { AGENT, POOL } from "./codec.ts";
import { vector, vectorsOf } from "./vectors.ts";

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

for (const name of ["frame-c2s-first", "frame-s2c-first"]) {
  Deno.test(`vector ${name}: its plain bytes are a whole frame of a message we know`, () => {
    const bytes = Uint8Array.fromHex(String(vector(name).fields!["plain"]));
    const { payloadBytes, ...header } = readFrameHeader(viewOf(bytes), 0, PoolFault);
    const payload = bytes.subarray(FRAME_HEADER_BYTES);
    assert.equal(payloadBytes, payload.length);
    const side = name === "frame-c2s-first" ? AGENT : POOL;
    const message = side.decode({ ...header, payload });
    assert.match(message.kind, /^setupConnection/);
    assert.equal(side.encode(message).toHex(), bytes.toHex());
  });
}

Deno.test("vector frame-s2c-two-blocks: its header states 70,000 bytes", () => {
  const { fields } = vector("frame-s2c-two-blocks");
  const view = viewOf(Uint8Array.fromHex(String(fields!["header"])));
  assert.deepEqual(readFrameHeader(view, 0, PoolFault), {
    extensionType: 0x4000,
    messageType: 0xee,
    payloadBytes: 70_000,
  });
});

Deno.test("a header is read as it was written, anywhere in a buffer", () => {
  fc.assert(fc.property(
    fc.nat({ max: 0xffff }),
    fc.nat({ max: 0xff }),
    fc.nat({ max: MAX_MESSAGE_BYTES }),
    fc.nat({ max: 20 }),
    (extensionType, messageType, payloadBytes, at) => {
      const bytes = new Uint8Array(at + FRAME_HEADER_BYTES + 3).fill(0xaa);
      writeFrameHeader(viewOf(bytes), at, extensionType, messageType, payloadBytes);
      assert.deepEqual(readFrameHeader(viewOf(bytes), at, PoolFault), {
        extensionType,
        messageType,
        payloadBytes,
      });
      assert.ok(bytes.subarray(0, at).every((byte) => byte === 0xaa));
      assert.ok(bytes.subarray(at + FRAME_HEADER_BYTES).every((byte) => byte === 0xaa));
    },
  ));
});

Deno.test("a header states 0 to 262,144 bytes; more is refused before anything is read of it", () => {
  for (const length of [0, 1, 65_519, 65_520, 131_038, 262_144]) {
    const bytes = new Uint8Array(FRAME_HEADER_BYTES);
    writeFrameHeader(viewOf(bytes), 0, 0x8000, 0x1f, length);
    assert.equal(readFrameHeader(viewOf(bytes), 0, PoolFault).payloadBytes, length);
  }
  for (const length of [262_145, 0xffffff]) {
    const bytes = new Uint8Array(FRAME_HEADER_BYTES);
    writeFrameHeader(viewOf(bytes), 0, 0x8000, 0x1f, length);
    assert.throws(() => readFrameHeader(viewOf(bytes), 0, PoolFault), (error) => {
      assert.ok(error instanceof PoolFault);
      assert.equal(error.code, "frame-too-long");
      assert.match(error.message, new RegExp(`message 0x1f has ${length} bytes, at most 262144`));
      return true;
    });
    assert.throws(
      () => readFrameHeader(viewOf(bytes), 0, ProtocolViolation),
      (error) => error instanceof ProtocolViolation && !(error instanceof PoolFault),
      "whose fault it is, the reader says",
    );
  }
});

Deno.test("the bit for channels is the second byte's highest", () => {
  for (const { hex, name } of vectorsOf("message")) {
    const bytes = Uint8Array.fromHex(hex!);
    const { extensionType } = readFrameHeader(viewOf(bytes), 0, PoolFault);
    assert.equal((extensionType & 0x8000) !== 0, bytes[1] === 0x80, name);
  }
});
