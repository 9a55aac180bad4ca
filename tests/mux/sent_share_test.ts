/** sendShare(): whose share a kind of pool is told it is. */

import assert from "node:assert/strict";
import { sendShare } from "../../lib/mux/sent_share.ts";
import { roomFor } from "../../lib/mux/terms.ts";
import type { Upstream } from "../../lib/mux/upstream.ts";
import { SHARE } from "../support/session_rig.ts";

Deno.test("A share is told to be its miner's also where the session id's bytes are split in the room", () => {
  for (
    const [extranonce1Bytes, extranonce2Bytes, sessionId, finder] of [
      [2, 2, 0x01, 0x0102],
      [1, 3, 0x0102, undefined],
    ] as const
  ) {
    const seen: unknown[] = [];
    const upstream = {
      terms: { extranonce: roomFor(4)! },
      submit: (...[, id, , , , of]: Parameters<Upstream["submit"]>) => seen.push(id, of) > 0,
    } as unknown as Upstream;
    const owner = { sessionId: 0x0102, layout: { extranonce1Bytes, extranonce2Bytes } };
    sendShare(upstream, 0, owner, { poolJobId: "1", ntime: 0, version: 0 }, SHARE, false);
    assert.deepEqual(seen, [sessionId, finder]);
  }
});
