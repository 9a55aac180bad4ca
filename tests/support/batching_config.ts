/** The configuration of a program that sends shares to the pool in batches. */

import type { SimPool } from "../../lib/sim/sim_pool.ts";
import { agentEntry } from "./agent_entry.ts";
import { freePort } from "./free_port.ts";

/**
 * Writes a configuration for this pool into a folder that goes away with the test, and runs `test`
 * with its path and the port for miners.
 */
export async function withBatchingConfig(
  pool: SimPool,
  test: (path: string, port: number) => Promise<void>,
  engine = "auto",
): Promise<void> {
  const port = freePort();
  const folder = await Deno.makeTempDir();
  try {
    const config = {
      agent_listen_ip: "127.0.0.1",
      agent_listen_port: port,
      pools: [agentEntry(pool)],
      // Long enough that some shares always wait to be sent with others.
      advanced: { share_batch_window_ms: 500, io_engine: engine },
    };
    await Deno.writeTextFile(`${folder}/agent.jsonc`, JSON.stringify(config));
    await test(`${folder}/agent.jsonc`, port);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
