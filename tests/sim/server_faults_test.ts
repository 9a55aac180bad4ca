/** Faults of a server that a test must look at. */

import assert from "node:assert/strict";
import { assertNone, ServerFaults } from "../../lib/sim/server_faults.ts";

Deno.test("faults that came after the last read are unseen, and the first 50 are kept", () => {
  const faults = new ServerFaults();
  faults.add("first");
  assert.deepEqual(faults.unseen, ["first"]);
  assert.deepEqual(faults.read(), ["first"]);
  assert.deepEqual(faults.unseen, []);
  for (let count = 1; count < 60; count++) faults.add(`${count}`);
  assert.equal(faults.unseen.length, 49);
  assert.equal(faults.read().length, 50);
});

Deno.test("the error names how many faults there are, and the first five", () => {
  assertNone([]);
  const faults = Array.from({ length: 7 }, (_, index) => `fault ${index}`);
  assert.throws(() => assertNone(faults), /\(7\): fault 0; .*fault 4$/);
});
