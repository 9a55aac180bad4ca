/** nextRank: which pool the next connection goes to. */

import assert from "node:assert/strict";
import { nextRank, type Ranked } from "../../lib/pool/roles.ts";

const WISHES = { pools: 2, active: 1, spare: true };

function entries(...roles: readonly [Ranked["role"], number][]): Ranked[] {
  return roles.map(([role, rank]) => ({ role, rank, openedAt: 0 }));
}

function next(...roles: readonly [Ranked["role"], number][]): number | undefined {
  return nextRank(entries(...roles), WISHES, () => true, 60_000);
}

Deno.test("A spare to another pool is opened beside several connections that serve one with little room", () => {
  assert.equal(next(["active", 0], ["active", 0], ["active", 0]), 1);
  assert.equal(next(["active", 0], ["active", 0], ["spare", 1]), undefined);
  assert.equal(next(["active", 0], ["active", 0], ["opening", 1]), undefined);
});

Deno.test("A spare to the pool that serves is none where there is another pool", () => {
  assert.equal(next(["active", 0], ["spare", 0]), 1);
  assert.equal(next(["active", 0], ["active", 0], ["spare", 0]), 1);
  assert.equal(
    nextRank(entries(["active", 0], ["spare", 0]), { ...WISHES, pools: 1 }, () => true, 0),
    undefined,
  );
});
