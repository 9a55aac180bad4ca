/** Which pool is which when the list changes. */

import assert from "node:assert/strict";
import { PoolIds } from "../../lib/pool/pool_ids.ts";

const A = {
  host: "a.example",
  port: 3333,
  account: "alice",
  kind: "unknown",
  password: "x",
  usesTls: false,
  workers: "one",
  minersPerConnection: undefined,
} as const;
const B = { ...A, host: "b.example" };

/** The ids of each list in turn. */
function idsOf(...lists: (readonly Parameters<PoolIds["of"]>[0][number][])[]): number[][] {
  const ids = new PoolIds();
  return lists.map((list) => ids.of(list).map(({ poolId }) => poolId));
}

Deno.test("a pool keeps its number wherever it stands, and when it was away", () => {
  assert.deepEqual(idsOf([A, B], [B, A], [B], [{ ...A, port: 1 }, A]), [
    [0, 1],
    [1, 0],
    [1],
    [2, 0],
  ]);
});

Deno.test("a pool keeps its number when its kind, account, password or TLS changes", () => {
  const stratum = { ...A, kind: "stratum", account: "bc1q", password: "y", usesTls: true } as const;
  const ids = new PoolIds();
  ids.of([B, A]);
  assert.deepEqual(ids.of([stratum]), [{ ...stratum, poolId: 1 }]);
});

Deno.test("a name with other upper or lower case is the same pool", () => {
  assert.deepEqual(idsOf([A], [{ ...A, host: "A.Example" }]), [[0], [0]]);
});

Deno.test("two users at one pool keep their numbers when they change places or one leaves", () => {
  const bob = { ...A, account: "bob" };
  assert.deepEqual(idsOf([A, bob], [bob, A], [bob], [A], [bob, A]), [
    [0, 1],
    [1, 0],
    [1],
    [0],
    [1, 0],
  ]);
});

Deno.test("entries that are the same are pools of their own, in the order they come in", () => {
  assert.deepEqual(idsOf([A, A], [A, B, A], [A]), [[0, 1], [0, 2, 1], [0]]);
});
