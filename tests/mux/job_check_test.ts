/** JobCheck: which shares of a job are new, while it counts and once it is past. */

import assert from "node:assert/strict";
import { JobCheck } from "../../lib/mux/job_check.ts";
import { PoolDifficulty } from "../../lib/mux/pool_difficulty.ts";
import { poolJob } from "../support/mux_world.ts";

function check(before?: JobCheck): JobCheck {
  return new JobCheck(poolJob("1", true, "00"), new PoolDifficulty(1).stamp(), before);
}

function hash(n: number): Uint32Array {
  return Uint32Array.of(n, 2 * n + 1, 0, 0, 0, 0, 0, 0);
}

Deno.test("a share is new once, whether it is kept or goes up", () => {
  const job = check();
  assert.ok(job.isNew(hash(1), "kept") && job.isNew(hash(2), "sent"));
  for (const n of [1, 2]) {
    for (const fate of ["kept", "sent"] as const) assert.ok(!job.isNew(hash(n), fate));
  }
  assert.equal(job.seen, 2);
});

Deno.test("of a past job what went up is not new when its pool repeats it, unless that was a flood", () => {
  for (const [count, held] of [[1, true], [1024, true], [1025, false]] as const) {
    const job = check();
    for (let n = 0; n < count; n++) job.isNew(hash(n), "sent");
    job.isNew(hash(5_000), "kept");
    job.isNew(hash(6_000), "block");
    job.pass();
    assert.equal(job.seen, held ? count : 0, "hundreds of past jobs are held for blocks");
    const again = check(job);
    assert.equal(again.isNew(hash(0), "sent"), !held);
    assert.ok(!again.isNew(hash(6_000), "block"));
  }
});
