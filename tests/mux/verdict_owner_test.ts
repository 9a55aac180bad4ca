/** Whose share a verdict is about, as the pool's side hears it: what nobody waits for is no work. */

import assert from "node:assert/strict";
import { POOL_STATUS, SHARE_ACCEPTED } from "../../lib/protocol/agent/status.ts";
import { MuxWorld } from "../support/mux_world.ts";

Deno.test("A verdict names the miner whose share waited, and nobody the second time or for no share", () => {
  const world = new MuxWorld();
  const pool = world.active("a");
  const [one, other] = [world.join(), world.join()];
  world.submit(other);
  world.submit(one);
  pool.judge(1, POOL_STATUS.stale);
  assert.deepEqual(pool.takeJudged(), [one.sessionId]);
  pool.judge(0, SHARE_ACCEPTED);
  assert.deepEqual(pool.takeJudged(), [other.sessionId]);
  pool.judge(0, SHARE_ACCEPTED);
  assert.deepEqual(pool.takeJudged(), [], "repeated");
  pool.judge(9, SHARE_ACCEPTED);
  assert.deepEqual(pool.takeJudged(), [], "never sent");
  world.submit(one);
  world.lose(pool);
  pool.judge(2, SHARE_ACCEPTED);
  assert.deepEqual(pool.takeJudged(), [], "its pool is gone");
});
