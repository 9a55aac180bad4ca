/** Faults say whose they are. */

import assert from "node:assert/strict";
import { MinerFault, PoolFault, ProtocolViolation } from "../../lib/base/violation.ts";

Deno.test("a fault names its side, its kind and what happened", () => {
  for (const [Fault, Other] of [[MinerFault, PoolFault], [PoolFault, MinerFault]] as const) {
    const fault = new Fault("not-json", "Cannot read a line");
    assert.ok(fault instanceof ProtocolViolation);
    assert.ok(!(fault instanceof Other));
    assert.equal(fault.name, Fault.name);
    assert.equal(fault.code, "not-json");
    assert.equal(fault.message, "Cannot read a line");
  }
});
