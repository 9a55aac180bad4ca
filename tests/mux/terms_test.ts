/** How miners' extranonces fit between the coinbase parts of a pool. */

import assert from "node:assert/strict";
import { extranonce1Of, paddingFor } from "../../lib/mux/terms.ts";
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
    ["2 + 4 at a pool with 5 bytes", { bytes: 5, offset: 0, idBytes: 2 }, layout(2, 4), undefined],
  ] as const
) {
  Deno.test(`${what} ${padding === undefined ? "does not fit" : "fits"}`, () => {
    const found = paddingFor(room, of);
    assert.deepEqual(found && [found.before, found.after], padding);
    if (found === undefined) return;
    // The session id stands at the same place whatever of it a miner sees.
    const whole = found.before + extranonce1Of(0xabcd, of);
    assert.equal(whole, "00".repeat(room.offset) + "abcd");
    const { extranonce2Bytes } = of;
    assert.equal(whole.length + 2 * extranonce2Bytes + found.after.length, 2 * room.bytes);
  });
}
