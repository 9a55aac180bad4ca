/** nextRank: which pool the next connection goes to. */

import assert from "node:assert/strict";
import { nextRank, type Ranked } from "../../lib/pool/roles.ts";

const WISHES = { pools: 2, active: 1, spare: true, isCold: () => false };

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

Deno.test("A spare to the serving pool does not count if there is another pool", () => {
  assert.equal(next(["active", 0], ["spare", 0]), 1);
  assert.equal(next(["active", 0], ["active", 0], ["spare", 0]), 1);
  assert.equal(
    nextRank(entries(["active", 0], ["spare", 0]), { ...WISHES, pools: 1 }, () => true, 0),
    undefined,
  );
});

Deno.test("No spare is opened to a cold pool, but to the next that is not", () => {
  const cold = (...ranks: readonly number[]) => ({
    ...WISHES,
    pools: 3,
    isCold: (rank: number) => ranks.includes(rank),
  });
  const spareOf = (...ranks: readonly number[]) =>
    nextRank(entries(["active", 0]), cold(...ranks), () => true, 0);
  assert.equal(spareOf(), 1);
  assert.equal(spareOf(1), 2);
  assert.equal(spareOf(1, 2), undefined);
  const alone = { ...cold(0), pools: 1 };
  assert.equal(nextRank(entries(["active", 0]), alone, () => true, 0), undefined);
});

Deno.test("A better pool gets a connection even if it is cold, so that miners can return to it", () => {
  const wishes = { ...WISHES, isCold: () => true };
  assert.equal(nextRank(entries(["active", 1]), wishes, () => true, 0), 0);
});

Deno.test("When nothing serves, a cold pool is connected to beside the first, without a wait", () => {
  const wishes = { ...WISHES, pools: 3, isCold: (rank: number) => rank === 2 };
  assert.equal(nextRank(entries(), wishes, () => true, 0), 0);
  assert.equal(nextRank(entries(["opening", 0]), wishes, () => true, 0), 2);
  assert.equal(nextRank(entries(["opening", 0], ["opening", 2]), wishes, () => true, 0), undefined);
});
