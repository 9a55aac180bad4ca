/** Multiplexer: no block is lost without a line that has all of it. */

import assert from "node:assert/strict";
import { judgementOf } from "../../lib/pool/stratum/verdicts.ts";
import { CheckedWorld as World } from "../support/checked_world.ts";
import type { CheckedUpstream } from "../support/checked_upstream.ts";
import { LogCapture } from "../support/log_capture.ts";
import { ERROR_CODE } from "../../lib/protocol/stratum/error_code.ts";

/** One hash in 65,536 is no block. */
const ALL_BLOCKS = "2100ffff";

/** As connections of one worker each have them. */
const OWN = { difficulty: "passed", retention: { jobs: 16, acrossClean: 0, ms: 240_000 } } as const;

function notSent(log: LogCapture): string[] {
  return log.take().filter((line) => line.includes("BLOCK NOT SENT"));
}

/** A worker's own connection whose jobs are all blocks. */
function own(world: World, name: string): CheckedUpstream {
  const upstream = world.serves(name, { difficulty: 2 ** -34, terms: OWN });
  world.jobOf(upstream, "blocks", true, ALL_BLOCKS);
  return upstream;
}

for (const kind of ["shared", "own"] as const) {
  Deno.test(`a block for a job of any of many ${kind} connections that are gone is said`, async () => {
    using log = new LogCapture();
    const world = new World();
    const lost = [];
    for (let i = 0; i < 8; i++) {
      const upstream = kind === "own"
        ? own(world, `own${i}`)
        : world.serves(`all${i}`, { difficulty: 2 ** -34 });
      if (kind === "shared") world.jobOf(upstream, "blocks", true, ALL_BLOCKS);
      world.workerName = `rig${i}`;
      const miner = world.join();
      if (kind === "own") world.mux.dedicated(upstream, `rig${i}`);
      world.tick();
      lost.push({ miner, job: miner.job.id });
      world.mux.upstreamLost(upstream);
    }
    world.serves("next", { difficulty: 2 ** 40 });
    world.tick();
    for (const { miner, job } of lost) {
      assert.equal(await world.share(miner, job), ERROR_CODE.jobNotFound);
    }
    assert.equal(notSent(log).length, 8);
    assert.equal(world.mux.books.shares.blocksLost, 8);
  });
}

Deno.test("a block for the job that miners go on with while there is no pool is said", async () => {
  using log = new LogCapture();
  const world = new World({ graceMs: Infinity });
  const pool = world.serves("a", { difficulty: 2 ** -34 });
  world.jobOf(pool, "blocks", true, ALL_BLOCKS);
  const miner = world.join();
  const first = miner.job.id;
  world.mux.upstreamLost(pool);
  // For an hour: a job lives as long as the block before it stays the newest.
  for (let passed = 0; passed < 3_600_000; passed += 5_000) {
    world.clock.advance(5_000);
    world.tick();
  }
  assert.notEqual(miner.job.id, first);
  assert.equal(await world.share(miner), ERROR_CODE.jobNotFound);
  const said = notSent(log);
  assert.equal(said.length, 1);
  assert.match(said[0]!, /for a job of a, .*job blocks/);
});

Deno.test("a block that waits for its verdict when the connection breaks is said, with all of it", async () => {
  using log = new LogCapture();
  const world = new World();
  const pool = world.serves("a", { difficulty: 2 ** -34 });
  world.jobOf(pool, "blocks", true, ALL_BLOCKS);
  const miner = world.join();
  await world.share(miner);
  log.take();
  world.mux.upstreamLost(pool);
  await new Promise((resolve) => setTimeout(resolve, 5));
  const said = log.take().filter((line) => line.includes("BLOCK NOT ANSWERED"));
  assert.equal(said.length, 1);
  assert.match(said[0]!, /rig0 .* a .*job blocks, header [0-9a-f]{160}, coinbase [0-9a-f]+/);
  const { blocks, blocksLost } = world.mux.books.shares;
  assert.deepEqual([blocks, blocksLost], [1, 1]);
});

Deno.test("a block that its pool refuses is said, with all of it", async () => {
  using log = new LogCapture();
  const world = new World();
  const pool = world.serves("a", { difficulty: 2 ** -34 });
  world.jobOf(pool, "blocks", true, ALL_BLOCKS);
  const miner = world.join();
  await world.share(miner);
  log.take();
  const error = { code: 21, text: "Job not found" };
  world.mux.judged(
    pool,
    0,
    0,
    judgementOf({ kind: "answer", id: 1, result: undefined, error }).verdict,
  );
  const said = log.take().filter((line) => line.includes("BLOCK REFUSED"));
  assert.equal(said.length, 1);
  assert.match(said[0]!, /a .*21 Job not found.*header [0-9a-f]{160}, coinbase [0-9a-f]+/);
});
