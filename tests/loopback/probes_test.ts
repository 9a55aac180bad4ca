/**
 * Health checks as load balancers and orchestrators make them, on real sockets: a connection that
 * is closed, or reset, without a byte.
 */

import assert from "node:assert/strict";
import { connect } from "node:net";
import { LogCapture } from "../support/log_capture.ts";
import { RawMiner } from "../support/raw_miner.ts";
import { TestProxy, until } from "../support/test_proxy.ts";

/** Connects and closes: with FIN as Kubernetes does, or with RST as HAProxy does. */
function probe(port: number, how: "FIN" | "RST"): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1", () => {
      if (how === "FIN") socket.destroy();
      else socket.resetAndDestroy();
    });
    socket.once("close", () => resolve());
    socket.once("error", reject);
  });
}

for (const engine of ["deno", "libc"] as const) {
  Deno.test(`${engine}: health checks are counted apart, hide no miner that leaves, and count against nobody`, async () => {
    using log = new LogCapture();
    await using proxy = new TestProxy([], {
      pools: [["127.0.0.1", 1, "demo"]],
      advanced: { io_engine: engine },
      limits: { ban_after_violations: 1, ban_seconds: 600, login_timeout_seconds: 600 },
    });
    for (let i = 0; i < 40; i++) await probe(proxy.port, i % 2 === 0 ? "FIN" : "RST");
    const { miners } = proxy.proxy.parts;
    await until(() => miners.silentConnections === 40, "each is counted");
    const lines = log.take().filter((line) => line.includes("closed without having sent a byte"));
    assert.equal(lines.length, 40);
    for (const line of lines) assert.match(line, /^debug: Connection 127\.0\.0\.1:\d+ closed/);

    await using miner = await RawMiner.connect(proxy.port);
    await miner.send(
      '{"id":1,"method":"mining.subscribe","params":[]}\n' +
        '{"id":2,"method":"mining.authorize","params":["demo.rig1","x"]}\n',
    );
    await miner.until(() => miner.lines.length > 0, "the answer to subscribe");
    await miner[Symbol.asyncDispose]();
    let out: string[] = [];
    await until(
      () =>
        (out = [...out, ...log.take().filter((line) => line.includes(" disconnected: "))]).length >
          0,
      "the miner's line",
    );
    assert.match(out[0]!, /^info: Miner (?:demo\.)?rig1@127\.0\.0\.1:\d+ disconnected: /);
    assert.equal(out.length, 1);
    const { limitCounts } = proxy.statistics();
    assert.deepEqual(Object.values(limitCounts).filter((count) => count > 0), []);
  });
}
