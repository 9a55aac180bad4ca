/** Messages of Stratum V2 as real pools write them. */

import assert from "node:assert/strict";
import { AGENT, framed, POOL, refusalOf } from "./codec.ts";
import { meaningOf } from "./meaning.ts";
import { vectorsOf } from "./vectors.ts";

for (const { name, direction, hex } of vectorsOf("message")) {
  const bytes = Uint8Array.fromHex(hex!);
  const sides = direction === "both" ? [POOL, AGENT] : [direction === "agent>pool" ? AGENT : POOL];

  Deno.test(`vector ${name}: these bytes are this message, both ways`, () => {
    for (const { decode, encode } of sides) {
      const message = meaningOf(name);
      assert.deepEqual(decode(framed(bytes)), message);
      assert.equal(encode(message).toHex(), hex);
    }
  });

  Deno.test(`vector ${name}: any cut of it is refused, and named`, () => {
    const frame = framed(bytes);
    for (let end = 0; end < frame.payload.length; end++) {
      const cut = { ...frame, payload: frame.payload.slice(0, end) };
      if (name === "msg-OpenExtendedMiningChannel.Success" && end === frame.payload.length - 4) {
        const old = { ...meaningOf(name), groupChannelId: 0 };
        assert.deepEqual(POOL.decode(cut), old, "a pool older than group ids here");
        continue;
      }
      for (const { decode } of sides) {
        const { message } = refusalOf(() => decode(cut));
        const spec = name.replace(/^msg-|-(?:future|now)$/g, "");
        assert.match(
          message,
          new RegExp(`^Cannot read ${spec} of ${end} bytes: for \\w+, \\d+ of`),
        );
      }
    }
  });

  Deno.test(`vector ${name}: bytes after the last field and the other bit change nothing`, () => {
    const frame = framed(bytes);
    for (const { decode } of sides) {
      const message = decode(frame);
      const longer = new Uint8Array([...frame.payload, 1, 2, 3]);
      assert.deepEqual(decode({ ...frame, payload: longer }), message);
      assert.deepEqual(decode({ ...frame, extensionType: frame.extensionType ^ 0x8000 }), message);
    }
  });
}
