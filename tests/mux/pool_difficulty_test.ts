/** PoolDifficulty: what a share needs while the pool's difficulty changes. */

import assert from "node:assert/strict";
import {
  type DifficultyStamp,
  type JudgedAttempt,
  PoolDifficulty,
} from "../../lib/mux/pool_difficulty.ts";

/** A share for a job with this stamp that went up after the newest change, and was not sure. */
function tentative(pool: PoolDifficulty, stamp: DifficultyStamp, reached: number): JudgedAttempt {
  return { stamp, reached, change: pool.changes, isTentative: true };
}

Deno.test("without a change every job needs the pool's difficulty", () => {
  const pool = new PoolDifficulty(8);
  assert.deepEqual(pool.demand(pool.stamp()), { sure: 8, possible: 8 });
});

Deno.test("after a raise older jobs may need the old difficulty, until the pool refuses one", () => {
  const pool = new PoolDifficulty(8);
  const old = pool.stamp();
  pool.change(32, false);
  const next = pool.stamp();
  assert.deepEqual(pool.demand(old), { sure: 32, possible: 8 });
  assert.deepEqual(pool.demand(next), { sure: 32, possible: 32 });
  pool.refused(tentative(pool, old, 9));
  assert.deepEqual(pool.demand(old), { sure: 32, possible: 32 });
});

Deno.test("a raise that came without a job may not count for the first job after it", () => {
  const pool = new PoolDifficulty(8);
  const old = pool.stamp();
  pool.change(32, true);
  const [first, second] = [pool.stamp(), pool.stamp()];
  assert.deepEqual(pool.demand(old), { sure: 32, possible: 8 });
  assert.deepEqual(pool.demand(first), { sure: 32, possible: 8 });
  assert.deepEqual(pool.demand(second), { sure: 32, possible: 32 });
  pool.refused(tentative(pool, first, 9));
  assert.deepEqual(pool.demand(first), { sure: 32, possible: 32 });
});

Deno.test("after a drop older jobs may need the new difficulty, until the pool refuses one", () => {
  const pool = new PoolDifficulty(32);
  const old = pool.stamp();
  pool.change(8, true);
  const next = pool.stamp();
  assert.deepEqual(pool.demand(old), { sure: 32, possible: 8 });
  assert.deepEqual(pool.demand(next), { sure: 8, possible: 8 });
  pool.refused(tentative(pool, old, 9));
  assert.deepEqual(pool.demand(old), { sure: 32, possible: 32 });
  assert.deepEqual(pool.demand(next), { sure: 8, possible: 8 });
});

Deno.test("over two changes only the last difficulty before the newest may count", () => {
  const pool = new PoolDifficulty(2);
  const oldest = pool.stamp();
  pool.change(8, false);
  pool.stamp();
  pool.change(32, false);
  assert.deepEqual(pool.demand(oldest), { sure: 32, possible: 8 });
});

Deno.test("a refusal of a share from before a change says nothing of what came after", () => {
  const pool = new PoolDifficulty(2);
  pool.change(8, false);
  const old = pool.stamp();
  pool.change(32, false);
  pool.refused({ stamp: old, reached: 9, change: 1, isTentative: true });
  assert.deepEqual(pool.demand(old), { sure: 32, possible: 8 });
  pool.change(32, true);
  assert.equal(pool.changes, 2, "the same difficulty again is no change");
});

Deno.test("while one share finds out what the pool takes after a change, no other does", () => {
  const pool = new PoolDifficulty(8);
  const old = pool.stamp();
  pool.change(32, false);
  pool.stamp();
  const share = tentative(pool, old, 9);
  pool.tried(share);
  assert.deepEqual(pool.demand(old), { sure: 32, possible: 32 });
  pool.untold(tentative(pool, old, 10));
  assert.deepEqual(pool.demand(old), { sure: 32, possible: 32 }, "that was another one");
  pool.untold(share);
  const finding = { sure: 32, possible: 8 };
  assert.deepEqual(pool.demand(old), finding, "it was stale, which tells nothing");
  pool.tried(share);
  pool.accepted(share);
  assert.deepEqual(pool.demand(old), { sure: 32, possible: 8 });
  pool.tried(tentative(pool, old, 11));
  assert.deepEqual(pool.demand(old), { sure: 32, possible: 8 }, "it is known to take them");
  pool.refused(share);
  pool.accepted(share);
  assert.deepEqual(pool.demand(old), { sure: 32, possible: 32 }, "it goes by no rule");
});

Deno.test("what a share that was sure found out on its way counts for the change that came meanwhile", () => {
  const pool = new PoolDifficulty(8);
  const old = pool.stamp();
  const share = { stamp: old, reached: 9, change: pool.changes, isTentative: false };
  pool.change(32, false);
  pool.refused(share);
  assert.deepEqual(pool.demand(old), { sure: 32, possible: 32 });
});

Deno.test("a pool that takes older jobs by the last difficulty may not take those of before it so", () => {
  const pool = new PoolDifficulty(100);
  const oldest = pool.stamp();
  pool.change(50, false);
  const old = pool.stamp();
  pool.change(200, false);
  pool.stamp();
  assert.equal(pool.demand(old).possible, 50);
  assert.equal(pool.demand(oldest).possible, 100, "of what is below nobody would know the cause");
  pool.accepted(tentative(pool, old, 60));
  assert.deepEqual([pool.demand(old).possible, pool.demand(oldest).possible], [50, 50]);
  const share = tentative(pool, oldest, 60);
  pool.tried(share);
  assert.deepEqual([pool.demand(old).possible, pool.demand(oldest).possible], [50, 100]);
  pool.refused(share);
  assert.deepEqual([pool.demand(old).possible, pool.demand(oldest).possible], [50, 100]);
});

Deno.test("before several changes a share is sure with its job's own difficulty only, which may be the highest", () => {
  for (const [change, difficulties] of [["drops", [400, 200]], ["rises", [100, 200]]] as const) {
    const pool = new PoolDifficulty(800);
    const oldest = pool.stamp();
    for (const difficulty of difficulties) {
      pool.change(difficulty, false);
      pool.stamp();
    }
    const possible = 200;
    assert.deepEqual(pool.demand(oldest), { sure: 800, possible }, change);
    pool.tried(tentative(pool, oldest, possible));
    assert.deepEqual(pool.demand(oldest), { sure: 800, possible: 800 });
  }
});

Deno.test("where jobs keep their difficulty, each needs its own, until a verdict contradicts that", () => {
  const pool = new PoolDifficulty(8, true);
  const old = pool.stamp();
  pool.change(32, false);
  const next = pool.stamp();
  assert.equal(pool.demand(old).possible, 8);
  assert.deepEqual(pool.demand(next), { sure: 32, possible: 32 });
  // Shares of the old job go up without limit: none is sent only to find out.
  pool.tried({ stamp: old, reached: 9 });
  pool.tried({ stamp: old, reached: 10 });
  assert.equal(pool.demand(old).possible, 8);
  pool.change(4, true);
  assert.deepEqual(pool.demand(next), { sure: 32, possible: 32 }, "a drop does not revive it");
  assert.equal(pool.demand(old).possible, 8);
  assert.ok(pool.isByJob);
  pool.refused(tentative(pool, old, 9));
  assert.ok(!pool.isByJob);
  assert.deepEqual(pool.demand(old), { sure: 32, possible: 32 }, "the pool judges otherwise");
  pool.change(16, false);
  assert.ok(pool.isByJob, "after another change it may have been a mistake");
});
