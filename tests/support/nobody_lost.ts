/** Checks that a log reports no lost pool or miner. */

import assert from "node:assert/strict";

/**
 * No line of the log says that a pool or a miner was lost. A bfgminer that tries TLS first has no
 * name yet.
 */
export function assertNobodyLost(output: string): void {
  const lost = output.split("\n").filter((line) =>
    /Pool .* (lost|not reached|refused)|Miner .*@.* (out|disconnected):/.test(line)
  );
  assert.deepEqual(lost, []);
}
