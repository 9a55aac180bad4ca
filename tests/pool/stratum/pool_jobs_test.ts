/** Jobs of a pool as the mux gets them. */

import assert from "node:assert/strict";
import { PoolFault } from "../../../lib/base/violation.ts";
import { PoolJobs } from "../../../lib/pool/stratum/pool_jobs.ts";
import type { Job } from "../../../lib/protocol/stratum/job.ts";

const JOB: Job = {
  id: "a",
  prevHash: "ab".repeat(32),
  coinbase1: "01",
  coinbase2: "02",
  merkleBranches: [],
  version: "20000000",
  bits: "17030ecd",
  ntime: "650d1b20",
  isClean: false,
};

Deno.test("Coinbase part 1 ends with the pool's extranonce1 of the job's own time", () => {
  const jobs = new PoolJobs("aabb");
  assert.equal(jobs.next(JOB).coinbase1, "01aabb");
  jobs.extranonceCame("cc");
  assert.equal(jobs.next(JOB).coinbase1, "01cc");
});

Deno.test("A job with another previous hash is clean though the pool says it is not", () => {
  const jobs = new PoolJobs("");
  assert.equal(jobs.next(JOB).isClean, false, "the first says what the pool says");
  assert.equal(jobs.next({ ...JOB, id: "b" }).isClean, false);
  assert.equal(jobs.next({ ...JOB, prevHash: "cd".repeat(32) }).isClean, true);
  assert.equal(jobs.next({ ...JOB, prevHash: "cd".repeat(32) }).isClean, false);
  assert.equal(jobs.next({ ...JOB, prevHash: "cd".repeat(32), isClean: true }).isClean, true);
});

Deno.test("After set_extranonce the next job is clean, also under an id that was there before", () => {
  const jobs = new PoolJobs("aa");
  jobs.next(JOB);
  jobs.extranonceCame("bb");
  assert.deepEqual(jobs.next(JOB), { ...JOB, coinbase1: "01bb", isClean: true });
  jobs.extranonceCame("bb");
  assert.equal(jobs.next(JOB).isClean, false, "it is the same as before");
});

Deno.test("A job whose line is too long for miners is refused", () => {
  const jobs = new PoolJobs("aa");
  assert.throws(
    () => jobs.next({ ...JOB, coinbase2: "00".repeat(17_000) }),
    (error) => error instanceof PoolFault && error.code === "job-too-long",
  );
});
