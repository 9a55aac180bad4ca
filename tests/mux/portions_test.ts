/** Portions: a planned move begins with a few miners. */

import assert from "node:assert/strict";
import { FIRST_PORTION, Portions } from "../../lib/mux/portions.ts";

/** Takes as many as there are at `time`. */
function all(portions: Portions, time: number): number {
  let count = 0;
  while (count < 100_000 && portions.take(time)) count++;
  return count;
}

Deno.test("64 move at once, then twice as many in each second", () => {
  const portions = new Portions();
  const moved = [0, 250, 999, 1_000, 1_500, 2_000, 3_100].map((time) => all(portions, time));
  assert.deepEqual(moved, [FIRST_PORTION, 0, 0, 128, 0, 256, 512]);
});

Deno.test("10,000 have moved after eight seconds", () => {
  const portions = new Portions();
  let moved = 0;
  for (let time = 0; time < 8_000; time += 250) moved += all(portions, time);
  assert.ok(moved >= 10_000);
});

Deno.test("after a rest the next move begins with a few again, and a slow one does not", () => {
  const portions = new Portions();
  for (let time = 0; time < 5_000; time += 1_000) all(portions, time);
  assert.equal(all(portions, 14_000), 32 * FIRST_PORTION);
  assert.equal(all(portions, 24_001), FIRST_PORTION);
});
