/**
 * The program when it runs out of files: who is in goes on mining, who comes waits, and when files
 * are free again they are let in.
 */

import assert from "node:assert/strict";
import { SimMiner } from "../../lib/sim/sim_miner.ts";
import { SimPool } from "../../lib/sim/sim_pool.ts";
import { writeAll } from "../../lib/net/pools/handshake_bytes.ts";
import { agentEntry } from "../support/agent_entry.ts";
import { freePort } from "../support/free_port.ts";
import { Program } from "../support/program.ts";
import { RawMiner } from "../support/raw_miner.ts";

async function run(command: string): Promise<string> {
  const { success, stdout } = await new Deno.Command("sh", { args: ["-c", command] }).output();
  assert.ok(success, command);
  return new TextDecoder().decode(stdout);
}

for (const engine of ["deno", "libc"] as const) {
  Deno.test({
    name: `${engine}: out of files it pauses, says so once, keeps its miners and recovers`,
    ignore: Deno.build.os !== "linux",
    fn: async () => {
      await using pool = await SimPool.start({ proofOfWork: false });
      const folder = await Deno.makeTempDir();
      const port = freePort();
      await Deno.writeTextFile(
        `${folder}/agent.jsonc`,
        JSON.stringify({
          agent_listen_ip: "127.0.0.1",
          agent_listen_port: port,
          pools: [agentEntry(pool)],
          limits: { login_timeout_seconds: 600 },
          advanced: { io_engine: engine },
        }),
      );
      await using program = new Program(["-c", `${folder}/agent.jsonc`]);
      await program.wrote("serves miners");
      const mode = { kind: "rate", sharesPerSecond: 20 } as const;
      await using inside = SimMiner.start({ port, user: "demo.inside", mode });
      await inside.until(() => inside.statistics().accepted > 0);

      const open = Number(await run(`ls /proc/${program.pid}/fd | wc -l`));
      await run(`prlimit --pid ${program.pid} --nofile=${open + 5}:${open + 5}`);
      const silent: RawMiner[] = [];
      for (let i = 0; i < 20; i++) silent.push(await RawMiner.connect(port));
      await program.wrote("Cannot accept miners at the moment, retrying: ");
      assert.match(program.output, /Too many open files.*LimitNOFILE=/);
      const before = inside.statistics().accepted;
      await inside.until(() => inside.statistics().accepted >= before + 20);

      for (const miner of silent) await miner[Symbol.asyncDispose]();
      await using late = SimMiner.start({ port, user: "demo.late", mode });
      await late.until(() => late.statistics().accepted > 0);
      await program.wrote("Accepting miners again");
      assert.equal(program.output.split("Cannot accept miners").length, 2, "it is said once");
      assert.equal(inside.statistics().lostConnections, 0);
      program.signal("SIGTERM");
      assert.equal((await program.ended()).code, 0);
      await Deno.remove(folder, { recursive: true });
    },
  });
}

/** Nearly the longest line: its answer is as long. */
const PING = `{"id":"${"x".repeat(7_900)}","method":"mining.ping","params":[]}\n`;

/** Answers to this many are more than the kernel holds for a peer that does not read. */
const PINGS = 40;

const encoder = new TextEncoder();

for (const engine of ["deno", "libc"] as const) {
  Deno.test({
    name: `${engine}: a crowd that is ended and does not read leaves files for the pool`,
    ignore: Deno.build.os !== "linux",
    fn: async () => {
      await using pool = await SimPool.start({ proofOfWork: false });
      const folder = await Deno.makeTempDir();
      const port = freePort();
      await Deno.writeTextFile(
        `${folder}/agent.jsonc`,
        JSON.stringify({
          agent_listen_ip: "127.0.0.1",
          agent_listen_port: port,
          pools: [agentEntry(pool)],
          limits: {
            login_timeout_seconds: 600,
            ban_after_violations: 0,
            max_requests_per_second: 0,
          },
          advanced: { io_engine: engine },
        }),
      );
      await using program = new Program(["-c", `${folder}/agent.jsonc`], undefined, 256);
      await program.wrote("serves miners");
      const mode = { kind: "rate", sharesPerSecond: 20 } as const;
      await using inside = SimMiner.start({ port, user: "demo.inside", mode });
      await inside.until(() => inside.statistics().accepted > 0);

      const goesOn = async () => {
        const before = inside.statistics().accepted;
        await inside.until(() => inside.statistics().accepted >= before + 10);
      };
      const crowd: Deno.Conn[] = [];
      for (let wave = 0; wave < 3; wave++) {
        const peers: Deno.Conn[] = [];
        for (let i = 0; i < 90; i++) {
          peers.push(await Deno.connect({ hostname: "127.0.0.1", port }));
        }
        for (const text of [PING.repeat(PINGS), "{ this is no Stratum\n"]) {
          // Those that were closed to make room for others hear no more.
          await Promise.allSettled(peers.map((peer) => writeAll(peer, encoder.encode(text))));
          await goesOn();
        }
        crowd.push(...peers);
      }
      const { connections } = pool.statistics();
      pool.resetConnections();
      await pool.until(() => pool.statistics().connections >= connections + 2);
      await goesOn();
      assert.doesNotMatch(program.output, /Too many open files/);
      assert.equal(inside.statistics().lostConnections, 0);
      for (const conn of crowd) conn.close();
      program.signal("SIGTERM");
      assert.equal((await program.ended()).code, 0);
      await Deno.remove(folder, { recursive: true });
    },
  });
}

Deno.test("at start it says how many miners there is room for, and how to make more", async () => {
  const folder = await Deno.makeTempDir();
  const config = (limits: string) =>
    Deno.writeTextFile(
      `${folder}/agent.jsonc`,
      `{ "agent_listen_ip": "127.0.0.1", "agent_listen_port": ${freePort()},
        "pools": [["127.0.0.1", 1, "demo"]] ${limits} }`,
    );
  for (
    const [limits, says] of [
      [
        "",
        /info +agent +Up to 861 miners: the limit of open files is 1000, of which 139 .*raise the limit/,
      ],
      [', "limits": { "max_miners": 500 }', /info +agent +Up to 500 miners\n/],
      [
        ', "limits": { "max_miners": 5000 }',
        /warning +agent +Only 861 miners, not 5000 as in limits\.max_miners: 1000 files/,
      ],
    ] as const
  ) {
    await config(limits);
    await using program = new Program(["-c", `${folder}/agent.jsonc`], undefined, 1000);
    await program.wrote("Listening");
    assert.match(program.output, says);
  }
  await Deno.remove(folder, { recursive: true });
});
