/** What machines with the same software usually do. */

import assert from "node:assert/strict";
import { finished } from "../../lib/base/steps.ts";
import { UsualHashrates } from "../../lib/workers/usual_hashrates.ts";

function medianOf(hashrates: number[]): number | undefined {
  const usual = new UsualHashrates();
  finished(usual.replace(new Map([[1, hashrates]])));
  return usual.of(1);
}

Deno.test("five machines of one model have a median, four have none", () => {
  assert.equal(medianOf([90, 110, 100, 95]), undefined);
  assert.equal(medianOf([90, 110, 100, 95, 105]), 100);
});

Deno.test("with one machine of ten far below there is a median, with two there is none", () => {
  const alike = [100, 100, 100, 100, 100, 100, 100, 100];
  assert.equal(medianOf([20, 100, ...alike]), 100);
  assert.equal(medianOf([20, 20, ...alike]), undefined);
});

Deno.test("a kind without measurements has no median any more", () => {
  const usual = new UsualHashrates();
  finished(usual.replace(new Map([[1, [1, 1, 1, 1, 1]], [2, [2, 2, 2, 2, 2]]])));
  finished(usual.replace(new Map([[2, [3, 3, 3, 3, 3]]])));
  assert.deepEqual([usual.of(1), usual.of(2)], [undefined, 3]);
});
