/** Hashrates as operators write them. */

import assert from "node:assert/strict";
import { readConfig } from "../../lib/config/read.ts";

function nominal(value: unknown) {
  const result = readConfig(JSON.stringify({
    pools: [["pool.example", 1800, "me"]],
    workers: { nominal_hashrate: value },
  }));
  return result.ok ? result.config.workers.nominal_hashrate : result.problems[0];
}

for (
  const [written, hashrate] of [
    [1.5e18, 1.5e18],
    ["1.2 EH/s", 1.2e18],
    ["850 PH", 850e15],
    ["95TH/s", 95e12],
    ["120 gh/s", 120e9],
    ["7 H/s", 7],
  ] as const
) {
  Deno.test(`a farm of ${written} should have ${hashrate} hashes a second`, () => {
    assert.equal(nominal(written), hashrate);
  });
}

Deno.test("what is no hashrate is named, with what to write", () => {
  for (const value of ["1.2", "1.2 E", "EH/s", "-3 TH/s", "0 TH/s", "1,2 EH/s", 0, -1, true]) {
    const problem = nominal(value) as { path: string; wanted: string; hint?: string };
    assert.equal(problem.path, "workers.nominal_hashrate", String(value));
    assert.match(problem.wanted, /"1\.2 EH\/s"/);
    if (value === "1.2") {
      assert.equal(problem.hint, 'write it with a unit such as "TH/s" or "PH/s"');
    }
  }
});
