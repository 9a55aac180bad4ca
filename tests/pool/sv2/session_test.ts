/** Sv2Session: one connection to a Stratum V2 pool, from dialling to its end, over a fake socket. */

import assert from "node:assert/strict";
import { Sv2Rig } from "../../support/sv2_rig.ts";

Deno.test("A ready session reports its terms", async () => {
  const rig = await Sv2Rig.ready();
  assert.deepEqual(rig.upstream.terms, {
    extranonce: { bytes: 8, offset: 2, idBytes: 2 },
    capacity: Infinity,
    startingDifficulty: 1024,
    poolDifficulty: 1024,
    difficulty: "vardiff",
    jobsKeepDifficulty: true,
    validation: "here",
    verdicts: "given",
    canSayTimeZero: true,
    retention: { jobs: 64, acrossClean: 0, ms: 240_000 },
  });
  assert.equal(rig.upstream.versionMask, 0x1fffe000);
  assert.ok(rig.upstream.latestJob.coinbase1.endsWith("0a0b0c0d"));
  rig.session.close();
  await rig.settle();
});
