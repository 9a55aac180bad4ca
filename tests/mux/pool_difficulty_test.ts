/** PoolDifficulty: what a share needs while the pool's difficulty changes. */

import assert from "node:assert/strict";
import { PoolDifficulty } from "../../lib/mux/pool_difficulty.ts";

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
  pool.refused(1);
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
  pool.refused(1);
  assert.deepEqual(pool.demand(first), { sure: 32, possible: 32 });
});

Deno.test("after a drop older jobs may need the new difficulty, until the pool refuses one", () => {
  const pool = new PoolDifficulty(32);
  const old = pool.stamp();
  pool.change(8, true);
  const next = pool.stamp();
  assert.deepEqual(pool.demand(old), { sure: 32, possible: 8 });
  assert.deepEqual(pool.demand(next), { sure: 8, possible: 8 });
  pool.refused(1);
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
  pool.refused(1);
  assert.deepEqual(pool.demand(old), { sure: 32, possible: 8 });
  pool.change(32, true);
  assert.equal(pool.changes, 2, "the same difficulty again is no change");
});

Deno.test("while one share finds out what the pool takes after a change, no other does", () => {
  const pool = new PoolDifficulty(8);
  const old = pool.stamp();
  pool.change(32, false);
  pool.stamp();
  pool.tried();
  assert.deepEqual(pool.demand(old), { sure: 32, possible: 32 });
  pool.untold(1);
  assert.deepEqual(
    pool.demand(old),
    { sure: 32, possible: 8 },
    "it was stale, which tells nothing",
  );
  pool.tried();
  pool.accepted(1);
  assert.deepEqual(pool.demand(old), { sure: 32, possible: 8 });
  pool.tried();
  assert.deepEqual(pool.demand(old), { sure: 32, possible: 8 }, "it is known to take them");
  pool.refused(1);
  pool.accepted(1);
  assert.deepEqual(pool.demand(old), { sure: 32, possible: 32 });
});

Deno.test("before several changes a share is sure with its job's own difficulty only, which may be the highest", () => {
  for (const [change, difficulties] of [["drops", [400, 200]], ["rises", [100, 200]]] as const) {
    const pool = new PoolDifficulty(800);
    const oldest = pool.stamp();
    for (const difficulty of difficulties) {
      pool.change(difficulty, false);
      pool.stamp();
    }
    const possible = Math.min(...difficulties);
    assert.deepEqual(pool.demand(oldest), { sure: 800, possible }, change);
    pool.tried();
    assert.deepEqual(pool.demand(oldest), { sure: 800, possible: 800 });
  }
});
