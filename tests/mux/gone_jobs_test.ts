/** Jobs of connections that are gone. */

import assert from "node:assert/strict";
import { GoneJobs } from "../../lib/mux/gone_jobs.ts";
import { Slot } from "../../lib/mux/slot.ts";
import type { MinerSeat } from "../../lib/mux/seat.ts";
import { CheckedUpstream } from "../support/checked_upstream.ts";
import { MuxWorld } from "../support/mux_world.ts";

Deno.test("of a connection that is gone its jobs are held, and none of its miners", () => {
  const { mux, clock } = new MuxWorld();
  const gone = new GoneJobs();
  const slot = new Slot<MinerSeat>(new CheckedUpstream("a", mux), clock.now());
  gone.add(slot, clock.now());
  const [held] = gone.holders();
  assert.equal(held!.jobs, slot.jobs);
  assert.deepEqual(Object.keys(held!).sort(), ["jobs", "screening", "upstream"]);
});
