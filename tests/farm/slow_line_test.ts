/** A thin line to the pool: a crowd that logs in does not delay the shares of those that work. */

import assert from "node:assert/strict";
import { SimMiner } from "../../lib/sim/sim_miner.ts";
import { SimPool } from "../../lib/sim/sim_pool.ts";
import { agentEntry } from "../support/agent_entry.ts";
import { RawMiner } from "../support/raw_miner.ts";
import { SlowLine } from "../support/slow_line.ts";
import { TestProxy, until } from "../support/test_proxy.ts";

const BYTES_PER_SECOND = 15_000;
const LOGINS = 1_500;

/**
 * No share waits longer for its verdict, in milliseconds; half of them did, and up to 10 s, without
 * care for shares. Most take under 2.5 s, more on a machine that is busy with other tests.
 */
const MOST_MS = 5_000;

Deno.test("on a line of 15 KB/s shares go before the registrations of a crowd", async () => {
  await using pool = await SimPool.start({ proofOfWork: false });
  using line = new SlowLine(pool.port, BYTES_PER_SECOND);
  await using proxy = new TestProxy([pool], {
    pools: [agentEntry({ hostname: "127.0.0.1", port: line.port })],
  });
  const mode = { kind: "rate", sharesPerSecond: 5 } as const;
  await using honest = SimMiner.start({ port: proxy.port, user: "demo.honest", mode });
  await honest.until(() => honest.statistics().accepted >= 5);

  await using stack = new AsyncDisposableStack();
  const name = "w".repeat(45);
  for (let i = 0; i < LOGINS; i++) {
    const miner = stack.use(await RawMiner.connect(proxy.port));
    await miner.send(
      `{"id":1,"method":"mining.subscribe","params":["${"a".repeat(30)}"]}\n` +
        `{"id":2,"method":"mining.authorize","params":["demo.${name}${i}",""]}\n`,
    );
  }
  // The frames of all of them take the line some 9 s.
  const { accepted } = honest.statistics();
  await honest.until(() => honest.statistics().accepted >= accepted + 20);
  const { boundsMs, counts } = proxy.proxy.parts.counter.verdictLatency.snapshot();
  const slow = counts.filter((_, i) => (boundsMs[i] ?? Infinity) > MOST_MS);
  assert.deepEqual(slow.filter((count) => count > 0), [], `${counts} within ${boundsMs} ms`);

  await until(() => proxy.statistics().working === LOGINS + 1, "the crowd gets in all the same");
  await pool.until(() => pool.workers().length === LOGINS + 1);
  const { unregisteredSubmits, repeatedRegisters, connections } = pool.statistics();
  assert.deepEqual([unregisteredSubmits, repeatedRegisters, connections], [0, 0, 2]);
  assert.equal(honest.statistics().lostConnections, 0);
});
