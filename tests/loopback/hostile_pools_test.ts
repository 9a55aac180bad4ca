/** A pool that floods us, as the spare or while it serves, beside one that is honest. */

import assert from "node:assert/strict";
import { SHARE_ACCEPTED } from "../../lib/protocol/agent/status.ts";
import { encodeVerdict } from "../../lib/protocol/agent/message.ts";
import { encodeLine } from "../../lib/protocol/stratum/message.ts";
import type { SimPool } from "../../lib/sim/sim_pool.ts";
import { FailoverRig } from "../support/failover_rig.ts";
import { until } from "../support/test_proxy.ts";

/** The most that is read of a flood without miners: what is allowed at once, and what is in hand. */
const MOST_BYTES = (2 << 20) + (256 << 10);

const FLOODS: Readonly<Record<string, Uint8Array>> = {
  "verdict frames": Uint8Array.from(
    Array.from({ length: 6_000 }, (_, i) => [...encodeVerdict(i, SHARE_ACCEPTED)]).flat(),
  ),
  "jobs": encodeLine(
    Array.from({ length: 50 }, (_, i) =>
      JSON.stringify({
        id: null,
        method: "mining.notify",
        params: [
          `${i}`,
          "ab".repeat(32),
          "00".repeat(400),
          "00".repeat(60),
          ["cd".repeat(32)],
          "20000000",
          "1d00ffff",
          "650d1b20",
          false,
        ],
      })).join("\n"),
  ),
  "masks": encodeLine(
    Array.from(
      { length: 220 },
      (_, i) =>
        `{"id":null,"method":"mining.set_version_mask","params":["${
          i % 2 === 0 ? "00c00000" : "1fffe000"
        }"]}`,
    ).join("\n"),
  ),
};

/** Sends `block` over and over until the pool has no connection left, or `isOver`. */
async function flood(pool: SimPool, block: Uint8Array, isOver: () => boolean): Promise<void> {
  while (!isOver()) {
    pool.send(block);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

for (const [what, block] of Object.entries(FLOODS)) {
  Deno.test(`a spare that floods us with ${what} is left, and every share goes on`, async () => {
    await using rig = await FailoverRig.start();
    await rig.begun();
    rig.log();
    const { poolBytesRead } = rig.proxy.statistics();
    const honest = rig.pool(0).statistics().bytesOut;
    const spare = rig.pool(1);
    const log: string[] = [];
    await flood(spare, block, () => {
      log.push(...rig.log());
      return log.some((line) => line.includes("lost (spare)"));
    });
    // A flood of masks may be too many changes of the mask first.
    const reason = what === "masks"
      ? /lost \(spare\): .*(?:Cannot read on from this pool|mask)/
      : /lost \(spare\): Cannot read on from this pool: \d+ \w+ that btcagent did not/;
    assert.match(log.join("\n"), reason);
    const read = rig.proxy.statistics().poolBytesRead - poolBytesRead -
      (rig.pool(0).statistics().bytesOut - honest);
    assert.ok(read <= MOST_BYTES, `${read} bytes of a flood were read`);
    await rig.goesOn();
    assert.equal(rig.pool(0).statistics().connections, 1, "the serving pool was not left");
    await until(() => spare.statistics().authorizedNow === 1, "there is a spare again");
    const shares = await rig.closeBooks(0);
    assert.equal(shares.outage, 0);
  });
}

Deno.test("a pool that floods us while it serves hands its miners to the spare", async () => {
  await using rig = await FailoverRig.start();
  await rig.begun();
  rig.log();
  const log: string[] = [];
  await flood(rig.pool(0), FLOODS["verdict frames"]!, () => {
    log.push(...rig.log());
    return log.some((line) => line.includes("Cannot read on from this pool"));
  });
  assert.match(
    log.join("\n"),
    /lost \(serving\): Cannot read on from this pool: .* at most 16020 a second .* with 20 miners/,
  );
  await rig.servedBy(1);
  await rig.goesOn();
  assert.equal(rig.farm.statistics().lostConnections, 0);
});
