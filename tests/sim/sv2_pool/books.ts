/** What tests ask of a simulated Stratum V2 pool's books. */

import assert from "node:assert/strict";
import type { SimSv2Pool } from "../../../lib/sim/sv2_pool/sim_sv2_pool.ts";

/** Checks that no client behaved badly, and that the sums are those of their parts. */
export function assertGood(pool: SimSv2Pool): void {
  const { badBehaviour, badNotes } = pool.statistics();
  assert.deepEqual([...badBehaviour], [], badNotes.join("\n"));
  assertSums(pool);
}

/** Counts of bad behaviour by kind. */
export function badKinds(pool: SimSv2Pool): Readonly<Record<string, number>> {
  assertSums(pool);
  return Object.fromEntries(pool.statistics().badBehaviour);
}

/** Checks that every sum of the books is the sum of its parts. */
export function assertSums(pool: SimSv2Pool): void {
  const books = pool.statistics();
  assert.equal(books.submits, books.accepted + books.rejected + books.ignored);
  assert.equal(sum(books.rejectedBy.values()), books.rejected);
  assert.equal(sum(books.acceptedByTarget.values()), books.accepted);
  for (const parts of [books.byName, books.byConnection]) {
    const all = [...parts.values()];
    assert.equal(sum(all.map(({ accepted }) => accepted)), books.accepted);
    assert.equal(sum(all.map(({ rejected }) => rejected)), books.rejected);
    near(sum(all.map(({ difficulty }) => difficulty)), books.difficulty);
  }
  const byTarget = [...books.acceptedByTarget].map(([target, count]) =>
    count * (0xffff * 2 ** 208 / Number(`0x${target}`))
  );
  near(sum(byTarget), books.difficulty);
}

function near(found: number, wanted: number): void {
  assert.ok(Math.abs(found - wanted) <= wanted * 1e-9, `${found}, wanted ${wanted}`);
}

function sum(numbers: Iterable<number>): number {
  return [...numbers].reduce((all, one) => all + one, 0);
}
