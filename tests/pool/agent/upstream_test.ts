/** AgentUpstream: the pool is told to forget a miner once its shares are settled, and once. */

import assert from "node:assert/strict";
import { SessionRig } from "../../support/session_rig.ts";

Deno.test("A miner that left is unregistered when its shares are settled, and only once", async () => {
  const rig = await SessionRig.ready();
  rig.register(7);
  rig.submit(7);
  await rig.written();
  rig.unregister(7, true);
  assert.equal((await rig.written()).length, 0, "its verdict may come");
  rig.upstream.settled(7);
  assert.deepEqual([...await rig.written()].slice(0, 2), [0x7f, 0x04]);
  rig.upstream.settled(7);
  assert.equal((await rig.written()).length, 0, "it is forgotten once");
  rig.session.close();
});
