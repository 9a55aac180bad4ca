/** The bytes between the coinbase parts, as they stand in a submit. */

import assert from "node:assert/strict";
import { roomFor } from "../../../lib/mux/terms.ts";
import { extranonce2Text } from "../../../lib/pool/stratum/room.ts";

Deno.test("Trap 1: what is submitted is always as long as the pool wants, for every size", () => {
  for (
    const [bytes, expected] of [
      [16, "00000102a1b2c3d4" + "00".repeat(8)],
      [9, "00000102a1b2c3d400"],
      [8, "00000102a1b2c3d4"],
      [7, "0102a1b2c3d400"],
      [6, "0102a1b2c3d4"],
      [5, "0102a1b2c3"],
      [4, "02a1b2c3"],
    ] as const
  ) {
    assert.equal(extranonce2Text(roomFor(bytes)!, 0x0102, 0xa1b2c3d4), expected);
    assert.equal(extranonce2Text(roomFor(bytes)!, 0, 0).length, 2 * bytes);
  }
});

Deno.test("With two bytes of id in four, two are left for what miners roll", () => {
  const room = { bytes: 4, offset: 0, idBytes: 2 } as const;
  assert.equal(extranonce2Text(room, 0x0201, 0xbeef0000), "0201beef");
});

Deno.test("The recorded split shares go up as they were accepted", () => {
  const room = roomFor(8)!;
  assert.equal(extranonce2Text(room, 42, 0x18334cb2), "0000002a18334cb2");
});
