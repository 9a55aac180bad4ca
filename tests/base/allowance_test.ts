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
