/**
 * The packages for ARM64 under emulation: everything but the processor and the kernel is what runs
 * on a board. Emulated code is an order of magnitude slower, so nothing here is measured.
 */

import assert from "node:assert/strict";
import { outcome, run } from "../../scripts/ship/command.ts";
import { elfMachineOf } from "../../scripts/ship/elf.ts";
import { VERSION } from "../../scripts/ship/start_flags.ts";
import { SimPool } from "../../lib/sim/sim_pool.ts";
import { SimMiner } from "../../lib/sim/sim_miner.ts";
import { buildPackages } from "./build.ts";
import { agentEntry } from "../support/agent_entry.ts";

const QEMU = "qemu-aarch64-static";
/** Where Debian's libc6-arm64-cross and libgcc-s1-arm64-cross put ARM64's C library. */
const CROSS = "/usr/aarch64-linux-gnu/lib";

const canEmulate = Deno.build.os === "linux" &&
  await run([QEMU, "--version"]).then(() => true, () => false) &&
  await Deno.stat(`${CROSS}/libc.so.6`).then(() => true, () => false);

/** The unpacked .deb, its runtime started through the emulator; and a folder to work in. */
async function unpack(): Promise<{ folder: string; btcagent: string }> {
  const folder = await buildPackages("aarch64");
  await run(["dpkg-deb", "-x", `${folder}/btcagent_${VERSION}_arm64.deb`, `${folder}/root`]);
  const program = `${folder}/root/usr/lib/btcagent`;
  assert.equal(await elfMachineOf(`${program}/deno`), "aarch64");
  // Libraries where ARM64's Debian has them.
  await Deno.mkdir(`${folder}/libraries/lib`, { recursive: true });
  await Deno.symlink(CROSS, `${folder}/libraries/lib/aarch64-linux-gnu`);
  await Deno.symlink(
    `${CROSS}/ld-linux-aarch64.so.1`,
    `${folder}/libraries/lib/ld-linux-aarch64.so.1`,
  );
  await Deno.rename(`${program}/deno`, `${program}/deno.arm64`);
  await Deno.writeTextFile(
    `${program}/deno`,
    `#!/bin/sh\nexec ${QEMU} -L ${folder}/libraries ${program}/deno.arm64 "$@"\n`,
    { mode: 0o755 },
  );
  return { folder, btcagent: `${program}/btcagent` };
}

Deno.test({
  name: "the ARM64 package runs under emulation: version, check, demo, and mining until SIGTERM",
  ignore: !canEmulate,
  async fn(t) {
    const { folder, btcagent } = await unpack();
    try {
      await using pool = await SimPool.start({ proofOfWork: false });
      const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
      const { port } = listener.addr;
      listener.close();
      const path = `${folder}/agent.json`;
      const config = {
        agent_listen_ip: "127.0.0.1",
        agent_listen_port: port,
        pools: [agentEntry(pool)],
        // Emulation is slow to shake hands.
        limits: { login_timeout_seconds: 60 },
        status: { listen: "" },
      };
      await Deno.writeTextFile(path, JSON.stringify(config));
      await t.step("version", async () => {
        const version = await run([btcagent, "--version"]);
        assert.match(version, new RegExp(`^btcagent ${VERSION}\n.*aarch64`));
      });
      await t.step("check", async () => {
        const { code, stdout, stderr } = await outcome([btcagent, "check", "-c", path]);
        assert.equal(code, 0, stdout + stderr);
      });
      await t.step("demo", async () => {
        const demo = await run([btcagent, "demo", "--seconds", "20", "--miners", "3"]);
        assert.match(demo, /[1-9]\d* accepted, 0 rejected/);
      });
      await t.step("mining with the libc engine", async () => {
        const log = await Deno.open(`${folder}/log`, { create: true, write: true });
        const agent = new Deno.Command(btcagent, { args: ["-c", path], stderr: "piped" }).spawn();
        const logged = agent.stderr.pipeTo(log.writable);
        await pool.until(() => pool.statistics().connectionsNow > 0, 60_000);
        await using miner = SimMiner.start({
          port,
          user: "demo.a",
          reconnects: true,
          mode: { kind: "rate", sharesPerSecond: 5 },
        });
        await miner.until(() => miner.statistics().accepted >= 5, 60_000);
        agent.kill("SIGTERM");
        assert.equal((await agent.status).code, 0);
        await logged;
        assert.match(await Deno.readTextFile(`${folder}/log`), /with the libc engine/);
      });
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});
