/** WorkersAtPools: what is remembered and said of pools that are to see every worker. */

import assert from "node:assert/strict";
import type { KnownPool } from "../../../lib/pool/pool_ids.ts";
import { WorkersAtPools } from "../../../lib/pool/stratum/workers_at_pools.ts";
import { LogCapture } from "../../support/log_capture.ts";

const PLACE = { poolId: 3, pool: "pool.example:3333", user: "bc1qfarm" };

const ENTRY: KnownPool = {
  poolId: 3,
  host: "pool.example",
  port: 3333,
  account: "bc1qfarm",
  kind: "stratum",
  password: "x",
  usesTls: false,
  workers: "each",
  minersPerConnection: undefined,
};

Deno.test("A pool that does not accept names is logged once, with what it did and what it will see", () => {
  const atPools = new WorkersAtPools();
  using log = new LogCapture();
  assert.equal(atPools.isOne(3), false);
  atPools.tookNone(PLACE, 'refused worker "bc1qfarm.rig1": 24 "unauthorized worker"');
  atPools.tookNone(PLACE, "refused a share");
  assert.ok(atPools.isOne(3));
  const [line, ...more] = log.take();
  assert.deepEqual(more, []);
  assert.match(
    line!,
    /^warn.*pool\.example:3333.*24 "unauthorized worker".*sees one worker, bc1qfarm\./,
  );
});

Deno.test("A pool that accepts names is logged once, with how accurate its figures of one worker are", () => {
  const atPools = new WorkersAtPools();
  using log = new LogCapture();
  atPools.tookWorker(PLACE, "bc1qfarm.rig1");
  atPools.tookWorker({ ...PLACE, user: "other" }, "other.rig1");
  const [line, ...more] = log.take();
  assert.deepEqual(more, []);
  assert.match(line!, /^info.*pool\.example:3333.*bc1qfarm\.rig1.*an hour is off by 96 %/);
});

Deno.test("What was found out outlasts a reload, but not a change of the pool's own entry", () => {
  const atPools = new WorkersAtPools();
  using _log = new LogCapture();
  const other = { ...ENTRY, poolId: 4 };
  for (
    const change of [
      { account: "bc1qother" },
      { password: "y" },
      { workers: "one" },
      { usesTls: true },
      { minersPerConnection: 50 },
    ] as const
  ) {
    atPools.list([ENTRY, other]);
    for (const poolId of [3, 4]) atPools.tookNone({ ...PLACE, poolId }, "refused a share");
    atPools.list([{ ...ENTRY }, { ...other }]);
    assert.ok(atPools.isOne(3));
    atPools.list([other, { ...ENTRY, ...change }]);
    assert.equal(atPools.isOne(3), false, JSON.stringify(change));
    assert.ok(atPools.isOne(4), "another entry's change is none of its own");
  }
});

Deno.test("A pool that leaves the list is forgotten", () => {
  const atPools = new WorkersAtPools();
  using _log = new LogCapture();
  atPools.list([ENTRY]);
  atPools.tookNone(PLACE, "refused a share");
  atPools.list([]);
  assert.equal(atPools.isOne(3), false);
});
