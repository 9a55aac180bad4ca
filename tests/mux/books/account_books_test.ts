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

Deno.test("A farm's hashrate is expected 20 s after its first shares, whenever the account opened", () => {
  let time = 0;
  const books = new AccountBooks(() => [], () => time);
  // The miners come an hour after the start: each second shares worth 2^33 hashes in all.
  const expected = new Map<number, number | undefined>();
  for (let second = 0; second <= 90; second++) {
    time = 3_600_000 + second * 1000;
    for (let i = 0; i < 4; i++) books.credit(0.5, time);
    expected.set(second, books.expectedHashrate);
  }
  assert.equal(expected.get(19), undefined);
  for (const second of [20, 40, 59, 61, 90]) {
    const hashrate = expected.get(second)!;
    assert.ok(Math.abs(hashrate / 2 ** 33 - 1) < 0.06, `${second} s: ${hashrate / 2 ** 33}`);
  }
});

Deno.test("With fewer than 25 shares, a hashrate is mostly luck, and nothing is expected", () => {
  let time = 0;
  const books = new AccountBooks(() => [], () => time);
  for (let i = 0; i < 24; i++) books.credit(1, time += 1000);
  assert.equal(books.expectedHashrate, undefined);
  books.credit(1, time += 1000);
  assert.ok(books.expectedHashrate! > 0);
});
