/** The API's shares are the ledger's, reason by reason. */

import assert from "node:assert/strict";
import {
  REFUSE_REASONS,
  REJECT_REASONS,
  snakeCase,
  UNANSWERED_REASONS,
} from "../../lib/base/share_reasons.ts";
import { columnOf, type Count, countOf, Ledger } from "../../lib/mux/books/ledger.ts";
import { poolShape, PoolTotal, sharesShape } from "../../lib/app/status_shapes.ts";
import type { KindOfPool } from "../../lib/base/pool_kind.ts";
import type { ConnectionView, PoolView } from "../../lib/app/farm_view.ts";
import { NO_SHARES } from "../../lib/mux/books/ledger.ts";
import { roomFor } from "../../lib/mux/terms.ts";
import { TERMS } from "../support/terms.ts";
import { NO_POOL_COUNTS } from "../../lib/mux/books/pool_counts.ts";

Deno.test("every reason of the ledger is shown under its name, and none twice", () => {
  const lists: Readonly<Record<"refused" | "rejected" | "unanswered", readonly string[]>> = {
    refused: REFUSE_REASONS,
    rejected: REJECT_REASONS,
    unanswered: UNANSWERED_REASONS,
  };
  for (const ended of ["refused", "rejected", "unanswered"] as const) {
    for (const reason of lists[ended]) {
      const ledger = new Ledger();
      // The types cannot follow both loops at once.
      ledger.add(columnOf(countOf(ended, reason) as Count));
      const shown: Record<string, number> = sharesShape(ledger.snapshot())[ended];
      assert.deepEqual(Object.keys(shown), lists[ended].map((each) => snakeCase(each)));
      assert.equal(shown[snakeCase(reason)], 1, `${ended} ${reason}`);
      assert.equal(Object.values(shown).reduce((sum, count) => sum + count, 0), 1);
    }
  }
});

Deno.test("kept and contradicted shares are shown and counted nowhere else", () => {
  const ledger = new Ledger();
  for (const count of ["received", "received", "kept", "submitted", "contradicted"] as const) {
    ledger.add(columnOf(count));
  }
  const { received, kept, submitted, contradicted, waiting } = sharesShape(ledger.snapshot());
  assert.deepEqual([received, kept, submitted, contradicted, waiting], [2, 1, 1, 1, 1]);
});

/** A pool of the list without connections. */
const POOL: PoolView = {
  ...NO_POOL_COUNTS,
  poolId: 0,
  address: "pool:1",
  kind: "stratum",
  account: "a",
  isListed: true,
  isCold: false,
  connections: [],
  workerConnections: { ready: 0, opening: 0 },
  minersOnOwn: 0,
  trouble: undefined,
  retryInMs: 0,
  shares: NO_SHARES,
  credited: 0,
  brakeLoss: 0,
};

Deno.test("a pool's kind is the one in the list until a sub-account finds out another", () => {
  const total = new PoolTotal(
    { poolId: 0, address: "pool:1", kind: "unknown", isPinned: false, past: undefined },
    1,
  );
  const view = (kind: KindOfPool): PoolView => ({
    ...POOL,
    kind,
    workerConnections: { ready: 3, opening: 1 },
    minersOnOwn: 4,
  });
  assert.equal(total.shape.kind, "unknown");
  total.add(view("unknown"), 0);
  assert.equal(total.shape.kind, "unknown");
  total.add(view("stratum"), 0);
  total.add(view("unknown"), 0);
  assert.equal(total.shape.kind, "stratum");
  const { miners, worker_connections } = total.shape;
  assert.deepEqual([miners, worker_connections], [12, { ready: 9, opening: 3 }]);
});

Deno.test("a pool's room for extranonces is the least that one of its ready connections leaves", () => {
  const total = new PoolTotal(
    { poolId: 0, address: "pool:1", kind: "stratum", isPinned: false, past: undefined },
    1,
  );
  assert.equal(total.shape.extranonce2_bytes, null);
  const connection = (bytes: number | undefined): ConnectionView => ({
    name: "pool:1 #1",
    kind: "stratum",
    role: bytes === undefined ? "opening" : "spare",
    ageMs: 0,
    agreed: bytes === undefined
      ? undefined
      : { versionMask: 0, terms: { ...TERMS, extranonce: roomFor(bytes)! } },
    miners: 0,
    jobAt: undefined,
    poolDifficulty: undefined,
  });
  const view: PoolView = {
    ...POOL,
    connections: [connection(undefined), connection(8), connection(6), connection(7)],
  };
  total.add(view, 0);
  assert.equal(total.shape.extranonce2_bytes, 6);
  const sizes = poolShape(view, 0).connections.map((each) => each.extranonce2_bytes);
  assert.deepEqual(sizes, [null, 8, 6, 7]);
});

Deno.test("what a pool credits, and what the brake cost, is added up over sub-accounts, closed ones included", () => {
  const total = new PoolTotal({
    poolId: 0,
    address: "pool:1",
    kind: "stratum",
    isPinned: false,
    past: { ...NO_POOL_COUNTS, shares: NO_SHARES, credited: 512, brakeLoss: 8 },
  }, 1);
  total.add({
    ...POOL,
    workerConnections: { ready: 3, opening: 1 },
    minersOnOwn: 4,
    credited: 0.25,
    brakeLoss: 0.5,
  }, 0);
  assert.equal(total.shape.credited_difficulty, 512.25);
  assert.equal(total.shape.brake_lost_difficulty, 8.5);
});

Deno.test("a pool without connections is cold if it closes spares, and waits otherwise", () => {
  const view: PoolView = {
    ...POOL,
    isCold: true,
  };
  const opening = {
    name: "pool:1 #1",
    kind: "stratum",
    role: "opening",
    ageMs: 0,
    agreed: undefined,
    miners: 0,
    jobAt: undefined,
    poolDifficulty: undefined,
  } as const;
  assert.equal(poolShape(view, 0).state, "cold");
  assert.equal(poolShape({ ...view, isCold: false }, 0).state, "waiting");
  assert.equal(poolShape({ ...view, connections: [opening] }, 0).state, "opening");
  const { kind, address } = view;
  const list = { poolId: 0, address, kind, isPinned: false, past: undefined };
  const total = new PoolTotal(list, 1);
  total.add(view, 0);
  assert.deepEqual(total.shape.accounts, {
    serving: 0,
    spare: 0,
    opening: 0,
    cold: 1,
    waiting: 0,
  });
});
