/** A histogram: each duration in the one step it belongs to. */

import assert from "node:assert/strict";
import { Histogram, LATENCY_BOUNDS_MS } from "../../lib/observe/histogram.ts";

Deno.test("a duration on a bound is within it, one beyond all bounds in the last step", () => {
  const histogram = new Histogram([1, 10]);
  for (const ms of [0, 1, 1.5, 10, 10.5, 99]) histogram.add(ms);
  assert.deepEqual(histogram.snapshot(), { boundsMs: [1, 10], counts: [2, 2, 2], sumMs: 122 });
});

Deno.test("the usual bounds ascend", () => {
  assert.deepEqual(LATENCY_BOUNDS_MS, LATENCY_BOUNDS_MS.toSorted((a, b) => a - b));
});
