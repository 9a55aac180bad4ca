/** Allowance: so many at once, then no more than the rest of the time gives back. */

import assert from "node:assert/strict";
import { Allowance } from "../../lib/base/allowance.ts";

Deno.test("an allowance is taken at once as often as it says, and then comes back one by one", () => {
  const allowance = new Allowance(10_000, 6);
  const taken = (time: number) => {
    let count = 0;
    while (allowance.take(time)) count++;
    return count;
  };
  assert.equal(taken(500), 6);
  assert.equal(taken(500), 0);
  assert.equal(taken(10_499), 0);
  assert.equal(taken(10_500), 1);
  assert.equal(taken(40_500), 3);
  assert.equal(taken(1_000_000), 6, "no more than at first, however long the rest");
});

Deno.test("after an absence the allowance of that time is available once, and leaves no debt", () => {
  const allowance = new Allowance(10_000, 6);
  const take = (time: number, awayMs: number) => allowance.take(time, awayMs);
  for (let i = 0; i < 6; i++) assert.ok(take(500, 0));
  // Away for 200 s, in which 20 would have been there one by one.
  for (let i = 0; i < 20 + 6; i++) assert.ok(take(260_500, 200_000), `${i}`);
  assert.ok(!take(260_500, 200_000));
  assert.ok(take(270_500, 0), "as usual from then on");
  assert.ok(!take(270_500, 0));
});
