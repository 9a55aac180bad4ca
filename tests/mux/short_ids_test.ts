/** ShortIds: miners that a pool can tell apart by one byte only. */

import assert from "node:assert/strict";
import { ShortIds } from "../../lib/mux/short_ids.ts";

Deno.test("two miners with the same low byte never sit on one connection", () => {
  const ids = new ShortIds();
  ids.take(0x0105);
  assert.equal(ids.isFree(0x0205, 0), false);
  assert.equal(ids.isFree(0x0206, 0), true);
});

Deno.test("a byte that was left rests 240 s or until a clean job, but not for whose it was", () => {
  const ids = new ShortIds();
  ids.take(0x0105);
  ids.give(0x0105, 1_000);
  assert.equal(ids.isFree(0x0205, 240_999), false);
  assert.equal(ids.isFree(0x0105, 1_000), true);
  assert.equal(ids.isFree(0x0205, 241_000), true);
  ids.take(0x0306);
  ids.give(0x0306, 2_000);
  ids.rested();
  assert.equal(ids.isFree(0x0406, 2_000), true);
});

Deno.test("a connection is full at 240 miners", () => {
  const ids = new ShortIds();
  for (let id = 0; id < 240; id++) ids.take(id);
  assert.equal(ids.isFree(241, 0), false);
  ids.give(7, 0);
  assert.equal(ids.isFree(241, 0), true);
});
