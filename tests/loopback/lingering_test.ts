/** Miners that are ended and do not read: what is open counts, however it came to an end. */

import assert from "node:assert/strict";
import { Libc } from "../../lib/net/libc/calls.ts";
import { SimMiner } from "../../lib/sim/sim_miner.ts";
import { SimPool } from "../../lib/sim/sim_pool.ts";
import { acceptedAt } from "../support/own_sockets.ts";
import { TestProxy, until } from "../support/test_proxy.ts";

const MAX_MINERS = 8;

/** Nearly the longest line: its answer is as long. */
const PING = JSON.stringify({ id: "x".repeat(7_900), method: "mining.ping", params: [] });

const encoder = new TextEncoder();

async function write(conn: Deno.Conn, line: string): Promise<void> {
  for (let rest = encoder.encode(`${line}\n`); rest.length > 0;) {
    rest = rest.subarray(await conn.write(rest));
  }
}

/** A peer for which bytes wait here, when it breaks the protocol and is ended. */
async function endSlowly(proxy: TestProxy): Promise<Deno.Conn> {
  const { miners } = proxy.proxy.parts;
  const conn = await Deno.connect({ hostname: "127.0.0.1", port: proxy.port });
  for (;;) {
    const [read, written] = [miners.bytesRead, miners.bytesWritten];
    await write(conn, PING);
    await until(() => miners.bytesRead > read + PING.length, "the ping is read");
    // A turn for the write, on either engine.
    await new Promise((resolve) => setTimeout(resolve, 1));
    if (miners.bytesWritten < written + 7_900) break;
  }
  const { protocol_violations: before } = miners.limitCounts;
  await write(conn, "{ this is no Stratum");
  await until(() => miners.limitCounts.protocol_violations > before, "it is ended");
  return conn;
}

for (const engine of ["libc", "deno"] as const) {
  Deno.test({
    name: `${engine}: sockets of miners that were ended and do not read count against max_miners`,
    ignore: Deno.build.os !== "linux",
    fn: async () => {
      await using pool = await SimPool.start({ proofOfWork: false });
      await using proxy = new TestProxy([pool], {
        limits: {
          max_miners: MAX_MINERS,
          login_timeout_seconds: 600,
          ban_after_violations: 0,
          max_requests_per_second: 0,
        },
        advanced: { io_engine: engine },
      });
      const mode = { kind: "rate", sharesPerSecond: 20 } as const;
      await using working = SimMiner.start({ port: proxy.port, user: "demo.a", mode });
      await working.until(() => working.statistics().accepted > 0);
      const libc = new Libc();
      const peers: Deno.Conn[] = [];
      for (let i = 0; i < 2 * MAX_MINERS; i++) {
        peers.push(await endSlowly(proxy));
        const open = acceptedAt(libc, proxy.port).length;
        assert.ok(open <= MAX_MINERS, `${open} sockets are open`);
      }
      assert.equal(acceptedAt(libc, proxy.port).length, MAX_MINERS, "they linger");
      libc.unload();
      assert.equal(proxy.statistics().connected, 1);
      // One that means it finds a place all the same.
      await using late = SimMiner.start({ port: proxy.port, user: "demo.b", mode });
      await late.until(() => late.statistics().accepted > 0);
      assert.equal(working.statistics().lostConnections, 0);
      for (const peer of peers) peer.close();
    },
  });
}
