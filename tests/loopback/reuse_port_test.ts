/** A new agent takes over from an old one on the same port. */

import assert from "node:assert/strict";
import { SimFarm } from "../../lib/sim/sim_farm.ts";
import { SimPool } from "../../lib/sim/sim_pool.ts";
import { agentEntry } from "../support/agent_entry.ts";
import { freePort } from "../support/free_port.ts";
import { Program } from "../support/program.ts";

const MINERS = 100;

for (const engine of ["libc", "deno"]) {
  Deno.test(`a new agent takes over from an old one, and no miner is turned away: ${engine}`, async () => {
    await using pool = await SimPool.start({ proofOfWork: false });
    const folder = await Deno.makeTempDir();
    const path = `${folder}/agent.json`;
    const port = freePort();
    const config = {
      agent_listen_ip: "127.0.0.1",
      agent_listen_port: port,
      pools: [agentEntry(pool)],
      advanced: { reuse_port: true, io_engine: engine },
      status: { listen: "" },
    };
    await Deno.writeTextFile(path, JSON.stringify(config));
    try {
      await using old = new Program(["-c", path]);
      await old.wrote("serves miners");
      await using farm = SimFarm.start({
        port,
        count: MINERS,
        reconnects: true,
        // What is tested is who listens, not the half minute that some firmware takes its time.
        haste: 20,
        mode: { kind: "rate", sharesPerSecond: 2 },
      });
      await farm.until(() => farm.statistics().workingNow === MINERS);
      await using next = new Program(["-c", path]);
      await next.wrote("serves miners");
      old.signal("SIGTERM");
      const { code, stderr } = await old.ended();
      assert.equal(code, 0, stderr);
      await farm.until(() => farm.statistics().workingNow === MINERS);
      const { failedConnections, accepted } = farm.statistics();
      assert.equal(failedConnections, 0, "somebody always listened");
      await farm.until(() => farm.statistics().accepted >= accepted + MINERS, 20_000);
      next.signal("SIGTERM");
      assert.equal((await next.ended()).code, 0);
      const { submits, unregisteredSubmits } = pool.statistics();
      assert.deepEqual([pool.statistics().accepted, unregisteredSubmits], [submits, 0]);
      assert.deepEqual(farm.faults, []);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  });
}

Deno.test("without reuse_port a second agent on the port says that it is taken", async () => {
  await using pool = await SimPool.start();
  const other = Deno.listen({ hostname: "127.0.0.1", port: 0, reusePort: true });
  const folder = await Deno.makeTempDir();
  const config = {
    agent_listen_ip: "127.0.0.1",
    agent_listen_port: other.addr.port,
    pools: [agentEntry(pool)],
    status: { listen: "" },
  };
  await Deno.writeTextFile(`${folder}/agent.json`, JSON.stringify(config));
  await using program = new Program(["-c", `${folder}/agent.json`]);
  const { code, stderr } = await program.ended();
  assert.equal(code, 1);
  assert.match(stderr, /another program has this port/);
  other.close();
  await Deno.remove(folder, { recursive: true });
});
