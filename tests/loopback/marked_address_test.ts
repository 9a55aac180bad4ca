/**
 * One address, as behind NAT or a load balancer: devices that speak something else, and a farm that
 * is to get in all the same, also when no pool answers and nobody works yet.
 */

import assert from "node:assert/strict";
import { finished } from "../../lib/base/steps.ts";
import { LogCapture } from "../support/log_capture.ts";
import { RawMiner } from "../support/raw_miner.ts";
import { TestProxy, until } from "../support/test_proxy.ts";

const HONEST = 40;
const SPEAKERS = 10;
const SILENT = 60;
const SSH_HELLO = new TextEncoder().encode("SSH-2.0-scanner\r\n");

/** Connects for as long as the test runs, again as soon as it is closed. */
async function attack(port: number, isOver: () => boolean, bytes: Uint8Array): Promise<void> {
  while (!isOver()) {
    await using miner = await RawMiner.connect(port);
    if (bytes.length > 0) await miner.send(bytes);
    await miner.until(() => miner.isEnded || isOver(), "its end");
  }
}

/** Logs in step by step, as firmware does, and again if it is closed meanwhile. */
async function logIn(port: number, name: string): Promise<{ miner: RawMiner; attempts: number }> {
  for (let attempts = 1;; attempts++) {
    const miner = await RawMiner.connect(port);
    const ask = async (line: string, answers: number) => {
      await miner.send(line);
      await miner.until(() => miner.isEnded || miner.lines.length >= answers, "an answer");
    };
    await ask('{"id":1,"method":"mining.configure","params":[["version-rolling"],{}]}\n', 1);
    await ask('{"id":2,"method":"mining.subscribe","params":["cgminer/4.11.1"]}\n', 2);
    await miner.send(`{"id":3,"method":"mining.authorize","params":["demo.${name}","x"]}\n`);
    if (!miner.isEnded) return { miner, attempts };
    await miner[Symbol.asyncDispose]();
  }
}

for (const engine of ["deno", "libc"] as const) {
  Deno.test(`${engine}: a farm gets in beside attackers of its own address, after a start without any pool`, async () => {
    using log = new LogCapture();
    await using proxy = new TestProxy([], {
      // Nobody listens there: as in an outage, nobody works.
      pools: [["127.0.0.1", 1, "demo"]],
      advanced: { io_engine: engine },
      limits: { login_timeout_seconds: 600, ban_after_violations: 5, ban_seconds: 600 },
    });
    const { miners } = proxy.proxy.parts;
    let isEnding = false;
    const isOver = () => isEnding;
    const crowd = [
      ...Array.from({ length: SPEAKERS }, () => attack(proxy.port, isOver, SSH_HELLO)),
      ...Array.from({ length: SILENT }, () => attack(proxy.port, isOver, new Uint8Array())),
    ];
    await using farm = new AsyncDisposableStack();
    try {
      await until(() => proxy.statistics().limitCounts.protocol_violations >= 5, "it is marked");
      const begun = performance.now();
      const honest = await Promise.all(
        Array.from({ length: HONEST }, (_, i) => logIn(proxy.port, `rig${i}`)),
      );
      for (const { miner } of honest) farm.use(miner);
      await until(() => finished(miners.census()).states.joining === HONEST, "all are in");
      const seconds = (performance.now() - begun) / 1000;
      const attempts = Math.max(...honest.map(({ attempts }) => attempts));
      assert.ok(seconds < 10 && attempts <= 3, `${seconds} s, ${attempts} attempts`);
      await until(
        () => proxy.statistics().limitCounts.ban_after_violations >= 3 * SILENT,
        "silent ones are closed, again and again",
      );
      assert.equal(finished(miners.census()).states.joining, HONEST, "who is in stays");
    } finally {
      isEnding = true;
      await Promise.all(crowd);
    }
    await until(() => miners.counts.connected === HONEST, "the attackers are gone");
    const marks = log.take().filter((line) => line.includes("broke the protocol within"));
    assert.equal(marks.length, 1);
  });
}
