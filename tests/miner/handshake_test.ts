/** Which step leads where: every cell of the table. */

import assert from "node:assert/strict";
import { isAuthorized, type MinerState, nextState } from "../../lib/miner/handshake.ts";

for (
  const [state, afterSubscribe, afterAuthorize] of [
    ["connected", "subscribed", "authorized"],
    ["subscribed", "subscribed", "joining"],
    ["authorized", "joining", "authorized"],
    ["joining", "joining", "joining"],
    ["working", "working", "working"],
  ] as [MinerState, MinerState, MinerState][]
) {
  Deno.test(`a miner that is ${state} may subscribe and authorize, and never falls back`, () => {
    assert.equal(nextState(state, "subscribe"), afterSubscribe);
    assert.equal(nextState(state, "authorize"), afterAuthorize);
  });
}

Deno.test("a miner's name is known once it has authorized", () => {
  const states: MinerState[] = ["connected", "subscribed", "authorized", "joining", "working"];
  assert.deepEqual(states.filter(isAuthorized), ["authorized", "joining", "working"]);
});
