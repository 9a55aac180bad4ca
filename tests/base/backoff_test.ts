/** backoffMs: the first wait, the growth, the cap and the jitter, in figures an operator sees. */

import assert from "node:assert/strict";
import fc from "fast-check";
import { backoffMs } from "../../lib/base/backoff.ts";

const longest = () => 1 - Number.EPSILON;
const shortest = () => 0;

for (
  const { failures, from, to } of [
    { failures: 1, from: 250, to: 500 },
    { failures: 2, from: 500, to: 1000 },
    { failures: 3, from: 1000, to: 2000 },
    { failures: 6, from: 8000, to: 16_000 },
    { failures: 7, from: 15_000, to: 30_000 },
    { failures: 8, from: 15_000, to: 30_000 },
    { failures: 5000, from: 15_000, to: 30_000 },
  ]
) {
  Deno.test(`backoffMs after failure ${failures} waits ${from} to ${to} ms`, () => {
    assert.equal(backoffMs(failures, shortest), from);
    assert.ok(Math.abs(backoffMs(failures, longest) - to) < 1e-6);
  });
}

Deno.test("backoffMs never waits less after one more failure with the same luck", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 2000 }), fc.integer({ min: 0, max: 999 }), (n, luck) => {
      const wait = backoffMs(n, () => luck / 1000);
      assert.ok(wait >= 250 && wait <= 30_000);
      assert.ok(backoffMs(n + 1, () => luck / 1000) >= wait);
    }),
    { seed: 1, numRuns: 500 },
  );
});
