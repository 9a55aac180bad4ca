/** When the engine looks on a timer. */

import assert from "node:assert/strict";
import { Pacing } from "../../../lib/net/libc/pacing.ts";
import { FakeClock } from "../../support/fake_clock.ts";

/** Runs `seconds` in which `found` comes out of a look, `looks` times a second. */
function run(pacing: Pacing, clock: FakeClock, looks: number, found: number, seconds = 1): void {
  for (let i = 0; i < looks * seconds; i++) {
    clock.advance(1000 / looks);
    pacing.found(found);
  }
}

Deno.test("being woken often makes it busy within a tenth of a second, no earlier", () => {
  const clock = new FakeClock();
  const pacing = new Pacing(clock.now);
  run(pacing, clock, 1000, 1, 0.09);
  assert.ok(!pacing.isBusy);
  run(pacing, clock, 1000, 1, 0.02);
  assert.ok(pacing.isBusy);
});

Deno.test("being woken now and then leaves it quiet, however much is found at a time", () => {
  const clock = new FakeClock();
  const pacing = new Pacing(clock.now);
  run(pacing, clock, 200, 256);
  assert.ok(!pacing.isBusy);
});

Deno.test("it stays busy while looks find something, and no longer", () => {
  const clock = new FakeClock();
  const pacing = new Pacing(clock.now);
  run(pacing, clock, 1000, 1);
  assert.ok(pacing.isBusy);
  run(pacing, clock, 500, 1);
  assert.ok(pacing.isBusy, "500 pieces a second");
  run(pacing, clock, 20, 25);
  assert.ok(pacing.isBusy, "the same work in heaps is as much");
  run(pacing, clock, 400, 0, 0.2);
  assert.ok(!pacing.isBusy);
});

Deno.test("a burst after a long rest does not make it busy by itself", () => {
  const clock = new FakeClock();
  const pacing = new Pacing(clock.now);
  clock.advance(60_000);
  run(pacing, clock, 1000, 1, 0.05);
  assert.ok(!pacing.isBusy);
});

Deno.test("a rate in between changes nothing, so that it does not go back and forth", () => {
  const clock = new FakeClock();
  const pacing = new Pacing(clock.now);
  run(pacing, clock, 300, 1);
  assert.ok(!pacing.isBusy);
  run(pacing, clock, 1000, 1);
  run(pacing, clock, 300, 1);
  assert.ok(pacing.isBusy);
});
