/** What workers do in a step: each share, and each second of a connection, in one step alone. */

import assert from "node:assert/strict";
import { WorkerSteps } from "../../lib/workers/worker_steps.ts";

const NOTHING = { good: 0, lost: 0, work: 0, connectedMs: 0, worst: "working" };

Deno.test("a step has what was counted since the one before, of every connection", () => {
  const steps = new WorkerSteps();
  steps.loggedIn(0, 3, 7, true, 1_000);
  steps.loggedIn(1, 3, 7, false, 2_000);
  steps.sample(0, 3, { good: 5, lost: 1, work: 50 });
  steps.sample(1, 3, { good: 2, lost: 0, work: 8 });
  assert.deepEqual(steps.take(3, 7, 11_000), {
    good: 7,
    lost: 1,
    work: 58,
    connectedMs: 10_000,
    worst: "working",
  });
  steps.sample(0, 3, { good: 6, lost: 1, work: 60 });
  steps.gone(3, 15_000);
  const { good, work, connectedMs } = steps.take(3, 7, 21_000);
  assert.deepEqual([good, work, connectedMs], [1, 10, 4_000]);
  assert.deepEqual(steps.take(3, 7, 31_000), NOTHING);
});

Deno.test("a connection that begins after a step ended counts in the next one", () => {
  const steps = new WorkerSteps();
  steps.loggedIn(0, 0, 1, true, 5_500);
  assert.equal(steps.take(0, 1, 5_000).connectedMs, 0);
  assert.equal(steps.take(0, 1, 15_000).connectedMs, 9_500);
});

Deno.test("a number of a connection that is used again begins at zero", () => {
  const steps = new WorkerSteps();
  steps.loggedIn(0, 0, 1, true, 0);
  steps.sample(0, 0, { good: 100, lost: 0, work: 100 });
  steps.gone(0, 10);
  steps.loggedIn(0, 1, 2, true, 20);
  steps.sample(0, 1, { good: 3, lost: 0, work: 3 });
  assert.deepEqual([steps.take(0, 1, 30).good, steps.take(1, 2, 30).good], [100, 3]);
});

Deno.test("a row that another worker gets has nothing of the one before", () => {
  const steps = new WorkerSteps();
  steps.loggedIn(0, 5, 1, true, 0);
  steps.sample(0, 5, { good: 9, lost: 9, work: 9 });
  steps.saw(5, 1, "refused");
  assert.deepEqual(steps.take(5, 2, 100), NOTHING);
});

Deno.test("the worst state of a step counts, and the next step begins well", () => {
  const steps = new WorkerSteps();
  for (const state of ["weak", "silent", "working"] as const) steps.saw(0, 1, state);
  assert.equal(steps.take(0, 1, 1).worst, "silent");
  assert.equal(steps.take(0, 1, 2).worst, "working");
});

Deno.test("there may be as many workers as there are session ids", () => {
  const steps = new WorkerSteps();
  for (const place of [65_534, 255, 256, 1_000]) {
    steps.loggedIn(place, place, place + 1, true, 0);
    steps.sample(place, place, { good: place, lost: 0, work: 1 });
  }
  for (const place of [255, 256, 1_000, 65_534]) {
    assert.equal(steps.take(place, place + 1, 10).good, place);
  }
});
