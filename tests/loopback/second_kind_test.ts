/** A farm moves between an agent pool and a pool of another kind, and no miner notices but by its job. */

import assert from "node:assert/strict";
import { loadShareHasher } from "../../lib/bitcoin/load_share_hasher.ts";
import { POOL_KINDS } from "../../lib/pool/kinds.ts";
import { SimFarm } from "../../lib/sim/sim_farm.ts";
import { SimPool } from "../../lib/sim/sim_pool.ts";
import { agentEntry } from "../support/agent_entry.ts";
import { QUICK_DIFFICULTY } from "../support/hashing_farms.ts";
import { TestProxy, until } from "../support/test_proxy.ts";
import { TinyPool } from "../support/tiny_kind.ts";

const TINY_PORT = 1;

// Before a connection whose shares are checked here is ready, as a Stratum session does.
await loadShareHasher();

Deno.test("a farm that hashes moves to a pool of another kind and back, without a disconnect", async () => {
  await using agent = await SimPool.start({ difficulty: QUICK_DIFFICULTY });
  const tiny = new TinyPool(QUICK_DIFFICULTY);
  await using proxy = new TestProxy(
    [agent],
    {
      pools: [agentEntry(agent), ["127.0.0.1", TINY_PORT, "demo"]],
      failover: { return_after_seconds: 1 },
    },
    {
      kinds: {
        open: (options) =>
          options.address.port === TINY_PORT ? tiny.open(options) : POOL_KINDS.open(options),
      },
      knownSizes: new Map([[`127.0.0.1:${TINY_PORT}`, 6]]),
    },
  );
  await using farm = SimFarm.start({ port: proxy.port, count: 12, mode: { kind: "hash" } });
  await farm.until(() => agent.statistics().accepted >= 20);

  await agent.setFaults({ refuseConnections: true });
  agent.resetConnections();
  await until(() => tiny.workers.size === 12, "all work for the other kind");
  await farm.until(() => tiny.accepted >= 20);
  assert.ok([...tiny.workers.values()].every(({ name }) => name !== ""));

  await agent.setFaults({ refuseConnections: false });
  await agent.until(() => agent.workers().length === 12);
  const { accepted } = agent.statistics();
  await farm.until(() => agent.statistics().accepted >= accepted + 20);
  farm.setMode({ kind: "idle" });
  await farm.until(() => farm.statistics().waitingNow === 0);

  const { shares } = proxy.statistics();
  const judged = agent.statistics();
  assert.equal(farm.statistics().lostConnections, 0);
  assert.deepEqual(farm.faults, []);
  assert.equal(tiny.rejected, 0, "only what the pool counts goes up");
  assert.equal(judged.rejected, 0, "the agent pool finds the headers the miners hashed");
  assert.ok(shares.kept > 0, "shares below the pool's difficulty stay here");
  assert.equal(shares.refusedLowDifficulty, 0);
  const acceptedThere = judged.accepted + tiny.accepted;
  const unheard = acceptedThere - shares.accepted;
  assert.ok(unheard >= 0, "nobody hears of a verdict that no pool gave");
  assert.ok(
    unheard <= shares.unansweredConnectionLost,
    "those unheard were lost with the connection",
  );
  assert.equal(
    shares.received,
    shares.submitted + shares.kept + shares.refusedStale + shares.refusedNoPool,
    "everything that came ended somewhere",
  );
});
