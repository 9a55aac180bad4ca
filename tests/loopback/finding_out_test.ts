/** The kind of pools on real sockets: our simulated agent pool, and servers that act like others. */

import assert from "node:assert/strict";
import { AttendedClock } from "../../lib/base/attended_clock.ts";
import { systemTime } from "../../lib/base/system_time.ts";
import type { PoolAddress } from "../../lib/net/pools/connection.ts";
import { dialTcp } from "../../lib/net/pools/dial.ts";
import { writeAll } from "../../lib/net/pools/handshake_bytes.ts";
import type { ReadyUpstream } from "../../lib/pool/connection.ts";
import { FoundKinds } from "../../lib/pool/found_kinds.ts";
import { poolKinds } from "../../lib/pool/kinds.ts";
import { SimPool } from "../../lib/sim/sim_pool.ts";
import { LogCapture } from "../support/log_capture.ts";
import { LoopbackServer } from "../support/loopback_server.ts";
import { difficultyLine, stratumJob } from "../support/stratum_rig.ts";
import { until } from "../support/test_proxy.ts";

/** What a server does with a method it does not know. */
type Temper = "closes" | "silent" | "refuses";

/** A server that speaks Stratum alone. */
function stratumServer(temper: Temper): LoopbackServer {
  return new LoopbackServer(async (conn) => {
    const buffer = new Uint8Array(4096);
    let text = "";
    const say = async (...lines: string[]) =>
      await writeAll(conn, new TextEncoder().encode(lines.map((line) => line + "\n").join("")));
    for (;;) {
      const count = await conn.read(buffer);
      if (count === null) return;
      text += new TextDecoder().decode(buffer.subarray(0, count));
      const lines = text.split("\n");
      text = lines.pop()!;
      for (const line of lines) {
        const { id, method } = JSON.parse(line);
        const ok = (result: string) => say(`{"id":${id},"result":${result},"error":null}`);
        if (method === "mining.subscribe") {
          await ok('[[["mining.notify","s"]],"0a0b0c0d",8]');
          await say(difficultyLine(1), stratumJob());
        } else if (method === "mining.authorize") await ok("true");
        else if (method === "mining.configure") {
          await ok('{"version-rolling":true,"version-rolling.mask":"1fffe000"}');
        } else if (temper === "closes") return;
        else if (temper === "refuses") {
          await say(`{"id":${id},"result":null,"error":[-3,"Method not found",null]}`);
        }
      }
    }
  });
}

/** What becomes ready at an address. */
async function readyAt(address: PoolAddress, found: FoundKinds): Promise<ReadyUpstream> {
  const clock = new AttendedClock(systemTime.now);
  let upstream: ReadyUpstream | undefined;
  let ended: string | undefined;
  const connection = poolKinds(found).open({
    poolId: 0,
    name: "pool #1",
    address,
    kind: "unknown",
    account: "demo",
    password: "",
    wantsVerdicts: true,
    version: "1.2.3",
    dial: dialTcp,
    now: clock.now,
    rateClock: clock,
    wallNow: systemTime.wallNow,
    timers: systemTime,
    handshakeTimeoutMs: 10_000,
    readTimeoutMs: undefined,
    shareWindowMs: 0,
    mux: { jobArrived: () => {} } as never,
    owner: {
      ready: (_, ready) => upstream = ready,
      ended: (_, reason) => ended = reason,
    },
  });
  await until(() => {
    clock.tick();
    connection.tick();
    return upstream !== undefined || ended !== undefined;
  }, "it is ready");
  connection.close();
  assert.equal(ended, undefined);
  return upstream!;
}

Deno.test("the simulated agent pool is recognised as an agent pool, and used as one", async () => {
  using _log = new LogCapture();
  await using pool = await SimPool.start();
  const found = new FoundKinds();
  const address = { host: pool.hostname, port: pool.port };
  const { terms } = await readyAt(address, found);
  assert.equal(found.of(address), "agent");
  assert.equal(terms.validation, "pool");
  assert.equal(terms.verdicts, "given");
});

for (const temper of ["closes", "silent", "refuses"] as const) {
  Deno.test(`a server that ${temper} on what it does not know is found to be a Stratum pool`, async () => {
    using _log = new LogCapture();
    await using server = stratumServer(temper);
    const found = new FoundKinds();
    const { terms } = await readyAt(server.address, found);
    assert.equal(found.of(server.address), "stratum");
    assert.equal(terms.validation, "here");
    assert.equal(server.accepted, 2);
    await readyAt(server.address, found);
    assert.equal(server.accepted, 3, "the second time it is known");
  });
}
