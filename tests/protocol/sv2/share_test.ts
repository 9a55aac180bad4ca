/** The writer of shares against the layout of a share. */

import assert from "node:assert/strict";
import fc from "fast-check";
import { encodeAgentMessage } from "../../../lib/protocol/sv2/agent_message.ts";
import { MAX_SHARE_FRAME_BYTES, writeShare } from "../../../lib/protocol/sv2/share.ts";
import { AGENT_MESSAGES } from "./arbitrary.ts";

Deno.test("writeShare writes what the layout says, where it is told and nowhere else", () => {
  const { message } = AGENT_MESSAGES.find(({ kind }) => kind === "submitSharesExtended")!;
  fc.assert(
    fc.property(message, fc.nat({ max: 40 }), (one, at) => {
      assert.ok(one.kind === "submitSharesExtended");
      const expected = encodeAgentMessage(one);
      const room = new Uint8Array(at + MAX_SHARE_FRAME_BYTES + 5).fill(0xaa);
      const end = writeShare(new DataView(room.buffer), at, one);
      assert.equal(room.subarray(at, end).toHex(), expected.toHex());
      assert.ok(room.subarray(0, at).every((byte) => byte === 0xaa), "before it");
      assert.ok(room.subarray(end).every((byte) => byte === 0xaa), "after it");
      assert.ok(expected.length <= MAX_SHARE_FRAME_BYTES);
    }),
    { numRuns: 300 },
  );
});

Deno.test("writeShare refuses an extranonce or a name that is too long", () => {
  const share = {
    channelId: 1,
    sequenceNumber: 2,
    jobId: 3,
    nonce: 4,
    ntime: 5,
    version: 6,
    extranonce: new Uint8Array(32),
    workerName: new Uint8Array(32),
  };
  const out = new DataView(new ArrayBuffer(200));
  assert.equal(writeShare(out, 0, share), MAX_SHARE_FRAME_BYTES);
  for (
    const change of [
      { extranonce: new Uint8Array(33) },
      { workerName: new Uint8Array(33) },
      { workerName: new Uint8Array(0) },
    ]
  ) assert.throws(() => writeShare(out, 0, { ...share, ...change }), RangeError);
});
