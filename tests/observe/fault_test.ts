/** What btcagent did wrong itself is told with all that its makers need. */

import assert from "node:assert/strict";
import { reportFault } from "../../lib/observe/fault.ts";
import { areaLog } from "../../lib/observe/log.ts";
import { LogCapture } from "../support/log_capture.ts";

Deno.test("a fault is one error with its stack, or with whatever was thrown", () => {
  using log = new LogCapture();
  reportFault(areaLog("mux"), new RangeError("out of step"));
  reportFault(areaLog("mux"), "thrown");
  const [withStack, without, ...more] = log.take();
  assert.match(withStack!, /^error: A fault of btcagent itself, .*RangeError: out of step/s);
  assert.match(withStack!, /fault_test\.ts/);
  assert.equal(without, "error: A fault of btcagent itself, please report it: thrown");
  assert.deepEqual(more, []);
});
