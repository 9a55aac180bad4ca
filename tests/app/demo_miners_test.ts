/** The demo shows the troubles of its miners while somebody watches it. */

import assert from "node:assert/strict";
import { DEMO_TIMES, DEMO_WORKER_TIMES } from "../../lib/app/demo_miners.ts";
import { TOLD_PAUSE_MS } from "../../lib/miner/attendance.ts";
import { regularGaps } from "../../lib/workers/gaps.ts";
import { FAR_BELOW } from "../../lib/workers/usual_hashrates.ts";

Deno.test("the pauses of the demo's miner with gaps are observed within six minutes", () => {
  const { gapEveryMs, gapMs } = DEMO_TIMES;
  assert.ok(gapMs >= Math.max(DEMO_WORKER_TIMES.gapMs, TOLD_PAUSE_MS));
  assert.ok(gapMs < DEMO_WORKER_TIMES.silentMs, "it is not silent");
  assert.ok(1 - gapMs / gapEveryMs > FAR_BELOW, "nor weak");
  const gaps = [];
  for (let end = gapEveryMs; end <= 360_000; end += gapEveryMs) {
    gaps.push({ at: end - gapMs, ms: gapMs });
  }
  assert.ok(regularGaps(gaps) !== undefined);
});
