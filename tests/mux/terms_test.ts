/** How miners' extranonces fit between the coinbase parts of a pool. */

import assert from "node:assert/strict";
import {
  extranonce1Of,
  type ExtranonceRoom,
  laneOf,
  paddingFor,
  roomFor,
  WIDEST_LAYOUT,
  writeExtranonces,
} from "../../lib/mux/terms.ts";

const layout = (extranonce1Bytes: number, extranonce2Bytes: number) => ({
  extranonce1Bytes,
  extranonce2Bytes,
});

const AGENT: ExtranonceRoom = { bytes: 8, offset: 2, idBytes: 2 };

for (
  const [what, room, of, padding] of [
    ["4 + 4 at an agent pool", AGENT, WIDEST_LAYOUT, ["", ""]],
    ["2 + 4 at an agent pool", AGENT, layout(2, 4), ["0000", ""]],
    ["1 + 3 at an agent pool", AGENT, layout(1, 3), ["0000ab", "00"]],
    ["2 + 2 at an agent pool", AGENT, layout(2, 2), ["0000", "0000"]],
    ["4 + 4 at a pool with 16 bytes", roomFor(16)!, WIDEST_LAYOUT, ["", "00".repeat(8)]],
    ["4 + 4 at a pool with 7 bytes", roomFor(7)!, WIDEST_LAYOUT, undefined],
    ["2 + 4 at a pool with 7 bytes", roomFor(7)!, layout(2, 4), ["", "00"]],
    ["2 + 4 at a pool with 6 bytes", roomFor(6)!, layout(2, 4), ["", ""]],
    ["1 + 3 at a pool with 6 bytes", roomFor(6)!, layout(1, 3), ["ab", "00"]],
    ["2 + 4 at a pool with 5 bytes", roomFor(5)!, layout(2, 4), undefined],
    ["2 + 3 at a pool with 5 bytes", roomFor(5)!, layout(2, 3), ["", ""]],
    ["1 + 3 at a pool with 5 bytes", roomFor(5)!, layout(1, 3), ["ab", ""]],
    ["2 + 2 at a pool with 4 bytes", roomFor(4)!, layout(2, 2), ["", ""]],
    ["2 + 3 at a pool with 4 bytes", roomFor(4)!, layout(2, 3), undefined],
    ["1 + 3 at a pool with 4 bytes", roomFor(4)!, layout(1, 3), ["", ""]],
  ] as const
) {
  Deno.test(`${what} ${padding === undefined ? "does not fit" : "fits"}`, () => {
    const found = paddingFor(room, of, 0xabcd);
    assert.deepEqual(found && [found.before, found.after], padding);
    if (found === undefined) return;
    // What the miner hashes, and what the pool is given, are the same bytes.
    const { extranonce2Bytes } = of;
    const rolled = "1f2e3d4c".slice(0, 2 * extranonce2Bytes);
    const hashed = found.before + extranonce1Of(0xabcd, of) + rolled + found.after;
    const sent = new Uint8Array(room.bytes);
    writeExtranonces(sent, room, { sessionId: 0xabcd, layout: of }, parseInt(rolled, 16));
    assert.equal(sent.toHex(), hashed);
  });
}

Deno.test("sizes with which miners cannot be kept apart have no room", () => {
  for (const size of [-1, 0, 1, 2, 3, 17, 4.5, NaN]) assert.equal(roomFor(size), undefined);
});

Deno.test("only miners that do not see the high byte of their session id have a lane", () => {
  assert.equal(laneOf(0xabcd, layout(1, 3)), 0xab);
  assert.equal(laneOf(0xabcd, layout(2, 4)), 0);
});
