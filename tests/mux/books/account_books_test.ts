/** What an account has counted of each pool, connections that are gone included. */

import assert from "node:assert/strict";
import { AccountBooks } from "../../../lib/mux/books/account_books.ts";
import { Ledger } from "../../../lib/mux/books/ledger.ts";

/** A connection to a pool that was credited so much, and where the brake cost an eighth of that. */
function connection(poolId: number, credited: number) {
  return { upstream: { poolId }, ledger: new Ledger(), credited, brakeLoss: credited / 8 };
}

Deno.test("what a pool credits outlives the connections it was credited on", () => {
  let live = [connection(1, 16), connection(2, 512), connection(1, 0.5)];
  const books = new AccountBooks(() => live, () => 0);
  assert.equal(books.creditedAt(1), 16.5);
  books.close(live[0]!);
  live = live.slice(1);
  assert.equal(books.creditedAt(1), 16.5);
  assert.equal(books.creditedAt(2), 512);
  assert.equal(books.creditedAt(3), 0);
  assert.deepEqual([1, 2, 3].map((id) => books.brakeLossAt(id)), [16.5 / 8, 64, 0]);
});
