/** How miners' extranonces fit between the coinbase parts of a pool. */

import assert from "node:assert/strict";
import { extranonce1Of, paddingFor, roomFor } from "../../lib/mux/terms.ts";
import { AGENT_LAYOUT } from "../../lib/pool/agent/upstream.ts";

const layout = (extranonce1Bytes: number, extranonce2Bytes: number) => ({
  extranonce1Bytes,
  extranonce2Bytes,
});

for (
  const [what, room, of, padding] of [
    ["the default of an agent pool", { bytes: 8, offset: 2, idBytes: 2 }, AGENT_LAYOUT, ["", ""]],
    ["2 + 4 at an agent pool", { bytes: 8, offset: 2, idBytes: 2 }, layout(2, 4), ["0000", ""]],
    ["2 + 2 at an agent pool", { bytes: 8, offset: 2, idBytes: 2 }, layout(2, 2), ["0000", "0000"]],
    ["2 + 4 at a pool with 6 bytes", { bytes: 6, offset: 0, idBytes: 2 }, layout(2, 4), ["", ""]],
    ["2 + 3 at a pool with 7 bytes", { bytes: 7, offset: 0, idBytes: 2 }, layout(2, 3), [
      "",
      "0000",
    ]],
    ["4 + 4 at a pool with 7 bytes", { bytes: 7, offset: 0, idBytes: 2 }, AGENT_LAYOUT, undefined],
    ["1 + 3 at a pool with 4 bytes", { bytes: 4, offset: 0, idBytes: 1 }, layout(1, 3), ["", ""]],
    ["2 + 2 at a pool with 4 bytes", { bytes: 4, offset: 0, idBytes: 2 }, layout(2, 2), ["", ""]],
    ["2 + 2 where ids have one byte", { bytes: 4, offset: 0, idBytes: 1 }, layout(2, 2), undefined],
    ["2 + 4 at a pool with 5 bytes", { bytes: 5, offset: 0, idBytes: 2 }, layout(2, 4), undefined],
  ] as const
) {
  Deno.test(`${what} ${padding === undefined ? "does not fit" : "fits"}`, () => {
    const found = paddingFor(room, of);
    assert.deepEqual(found && [found.before, found.after], padding);
    if (found === undefined) return;
    // The session id stands at the same place whatever of it a miner sees.
    const id = room.idBytes === 1 ? 0xcd : 0xabcd;
    const whole = found.before + extranonce1Of(id, of);
    assert.equal(whole, "00".repeat(room.offset) + id.toString(16));
    const { extranonce2Bytes } = of;
    assert.equal(whole.length + 2 * extranonce2Bytes + found.after.length, 2 * room.bytes);
  });
}

Deno.test("A pool's bytes are shared out by their number, and too few or too many not at all", () => {
  const rooms = Array.from({ length: 19 }, (_, bytes) => roomFor(bytes));
  assert.deepEqual(
    rooms.map((room) => room && [room.offset, room.idBytes].join()),
    [
      ...Array(4).fill(undefined),
      "0,1",
      ...Array(3).fill("0,2"),
      ...Array(9).fill("2,2"),
      undefined,
      undefined,
    ],
  );
  for (const [bytes, room] of rooms.entries()) {
    assert.ok(room === undefined || room.bytes === bytes);
  }
  for (const bytes of [-8, 4.5, NaN, Infinity]) assert.equal(roomFor(bytes), undefined);
});
