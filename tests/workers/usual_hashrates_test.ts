/** What machines with the same software usually do. */

import assert from "node:assert/strict";
import { finished } from "../../lib/base/steps.ts";
import { UsualHashrates } from "../../lib/workers/usual_hashrates.ts";

function medianOf(hashrates: number[]): number | undefined {
  const usual = new UsualHashrates();
  finished(usual.replace(new Map([[1, hashrates]])));
  return usual.of(1);
}

Deno.test("five machines that are alike have a median, four have none", () => {
  assert.equal(medianOf([90, 110, 100, 95]), undefined);
  assert.equal(medianOf([90, 110, 100, 95, 105]), 100);
});

Deno.test("one machine of ten may be far below, two of them are another model", () => {
  const alike = [100, 100, 100, 100, 100, 100, 100, 100];
  assert.equal(medianOf([20, 100, ...alike]), 100);
  assert.equal(medianOf([20, 20, ...alike]), undefined);
});

Deno.test("a kind of which nothing is measured any more has no median", () => {
  const usual = new UsualHashrates();
  finished(usual.replace(new Map([[1, [1, 1, 1, 1, 1]], [2, [2, 2, 2, 2, 2]]])));
  finished(usual.replace(new Map([[2, [3, 3, 3, 3, 3]]])));
  assert.deepEqual([usual.of(1), usual.of(2)], [undefined, 3]);
});
