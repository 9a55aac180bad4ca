/** One Ctrl+C is one request, however many processes pass it on; a later one ends at once. */

import assert from "node:assert/strict";
import { StopRequest } from "../../lib/host/stop_request.ts";
import { FakeClock } from "../support/fake_clock.ts";

function requested(...gapsMs: number[]): string[] {
  const clock = new FakeClock();
  const seen: string[] = [];
  const request = new StopRequest({
    now: clock.now,
    stop: () => seen.push("stop"),
    exit: () => seen.push("exit"),
  });
  assert.equal(request.isMade, false);
  for (const gap of [0, ...gapsMs]) {
    clock.advance(gap);
    request.make();
  }
  assert.equal(request.isMade, true);
  return seen;
}

Deno.test("a second signal within a second of the first is the same one", () => {
  assert.deepEqual(requested(0), ["stop"]);
  assert.deepEqual(requested(2, 500, 497), ["stop"]);
});

Deno.test("a second signal a second later, or more, ends the program at once", () => {
  assert.deepEqual(requested(1_000), ["stop", "exit"]);
  assert.deepEqual(requested(9_000), ["stop", "exit"]);
  assert.deepEqual(requested(600, 600), ["stop", "exit"]);
});
