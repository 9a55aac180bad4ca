/** Rows: one for each id in use, never one for two, and no more than were needed at a time. */

import assert from "node:assert/strict";
import fc from "fast-check";
import { Rows } from "../../../lib/mux/books/rows.ts";

Deno.test("Rows has one for each of the 65,535 ids", () => {
  const rows = new Rows(65_535);
  const taken = new Set<number>();
  for (let id = 0; id < 65_535; id++) taken.add(rows.take(id));
  assert.equal(taken.size, 65_535);
  assert.equal(Math.max(...taken), 65_534);
  assert.equal(rows.of(65_534), 65_534);
});

Deno.test("Rows refuses an id a second row, and to take back what it did not give", () => {
  const rows = new Rows(3);
  rows.take(2);
  assert.throws(() => rows.take(2), RangeError);
  rows.give(2);
  assert.throws(() => rows.give(2), RangeError);
  for (const id of [0, 3, -1]) assert.throws(() => rows.give(id), RangeError);
});

Deno.test("Rows gives no two ids one row, and counts no higher than the most at a time", () => {
  fc.assert(
    fc.property(fc.array(fc.nat({ max: 9 }), { maxLength: 100, size: "max" }), (ids) => {
      const rows = new Rows(10);
      const held = new Map<number, number>();
      let most = 0;
      for (const id of ids) {
        if (held.delete(id)) rows.give(id);
        else held.set(id, rows.take(id));
        most = Math.max(most, held.size);
        for (let one = 0; one < 10; one++) assert.equal(rows.of(one), held.get(one));
        assert.equal(new Set(held.values()).size, held.size);
        for (const row of held.values()) assert.ok(row < most, `row ${row}, ${most} at a time`);
      }
    }),
    { seed: 5, numRuns: 300 },
  );
});
