/** Whose share a verdict is about, as the pool's side hears it: what nobody waits for is no work. */

import assert from "node:assert/strict";
import { SHARE_ACCEPTED } from "../../lib/protocol/agent/status.ts";
import { MuxWorld } from "../support/mux_world.ts";

Deno.test("A verdict names the miner whose share waited, and nobody the second time or for no share", () => {
  const world = new MuxWorld();
  const pool = world.active("a");
  const [one, other] = [world.join(), world.join()];
  world.submit(other);
  world.submit(one);
  assert.equal(world.mux.verdictArrived(pool, 1, 37), one.sessionId);
  assert.equal(world.mux.verdictArrived(pool, 0, SHARE_ACCEPTED), other.sessionId);
  assert.equal(world.mux.verdictArrived(pool, 0, SHARE_ACCEPTED), undefined, "repeated");
  assert.equal(world.mux.verdictArrived(pool, 9, SHARE_ACCEPTED), undefined, "never sent");
  world.submit(one);
  world.lose(pool);
  assert.equal(world.mux.verdictArrived(pool, 2, SHARE_ACCEPTED), undefined, "its pool is gone");
});
