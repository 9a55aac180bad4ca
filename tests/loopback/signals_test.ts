/** What each signal does to the running program, early, late and twice. */

import assert from "node:assert/strict";
import { formatAddress } from "../../lib/base/peer_address.ts";
import { SimMiner } from "../../lib/sim/sim_miner.ts";
import { SimPool } from "../../lib/sim/sim_pool.ts";
import { agentEntry } from "../support/agent_entry.ts";
import { freePort } from "../support/free_port.ts";
import { PATIENCE_MS } from "../support/patience.ts";
import { commandOf, Program } from "../support/program.ts";

/** A program that serves miners, or with `isYoung` one that has just begun to start. */
async function running(
  pool: SimPool,
  test: (program: Program, port: number) => Promise<void>,
  isYoung = false,
): Promise<void> {
  const folder = await Deno.makeTempDir();
  const port = freePort();
  try {
    const config = {
      agent_listen_ip: "127.0.0.1",
      agent_listen_port: port,
      status: { listen: "" },
      pools: [agentEntry(pool)],
    };
    await Deno.writeTextFile(`${folder}/agent.jsonc`, JSON.stringify(config));
    await using program = new Program(["-c", `${folder}/agent.jsonc`], folder);
    await program.wrote(isYoung ? "starts with" : "serves miners");
    await test(program, port);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("a Ctrl+C that arrives twice, as under a task runner, is one orderly stop", async () => {
  await using pool = await SimPool.start({ proofOfWork: false, verdictDelayMs: 300 });
  await running(pool, async (program, port) => {
    const mode = { kind: "rate", sharesPerSecond: 50 } as const;
    await using miner = SimMiner.start({ port, user: "demo.a", mode });
    await miner.until(() => miner.statistics().accepted >= 20);
    program.signal("SIGINT");
    program.signal("SIGINT");
    await program.wrote("Stopping");
    program.signal("SIGINT");
    const { code, stderr } = await program.ended();
    assert.equal(code, 0);
    const [, at, sent] = /Shares at (\S+): (\d+) submitted; of these \2 accepted/.exec(stderr) ??
      [];
    assert.equal(at, formatAddress(pool), stderr);
    assert.match(stderr, new RegExp(`Stopped: .* ${sent} submitted, .* 0 unanswered`));
  });
});

for (const signal of ["SIGQUIT", "SIGPWR", "SIGXCPU"] as const) {
  Deno.test(`${signal} stops it in order`, async () => {
    await using pool = await SimPool.start();
    await running(pool, async (program) => {
      program.signal(signal);
      const { code, stderr } = await program.ended();
      assert.equal(code, 0);
      assert.match(stderr, /Stopped/);
    });
  });
}

Deno.test("signals that are for other programs are logged, and mining goes on", async () => {
  await using pool = await SimPool.start();
  await running(pool, async (program) => {
    const ignored = ["SIGUSR2", "SIGVTALRM", "SIGPROF", "SIGIO", "SIGSTKFLT", "SIGXFSZ"] as const;
    for (const signal of ignored) {
      program.signal(signal);
      await program.wrote(`${signal} ignored: SIGHUP reads the configuration again`);
    }
    for (const signal of ["SIGPIPE", "SIGWINCH", "SIGURG", "SIGCHLD", "SIGCONT"] as const) {
      program.signal(signal);
    }
    // Deno opens its inspector at this one, with a line, from half a second after its start on.
    program.signal("SIGUSR1");
    await program.wrote("SIGUSR1 or SIGALRM ignored");
    assert.doesNotMatch(program.output, /Debugger listening/);
    program.signal("SIGTERM");
    const { code, stderr } = await program.ended();
    assert.equal(code, 0);
    assert.match(stderr, /Stopped/);
  });
});

Deno.test("a SIGHUP that comes while it starts has the configuration read once it has started", async () => {
  await using pool = await SimPool.start();
  await running(pool, async (program) => {
    program.signal("SIGHUP");
    await program.wrote("read again: nothing changed");
    assert.ok(program.output.indexOf("Listening") < program.output.indexOf("read again"));
  }, true);
});

Deno.test("a SIGTERM that comes while it starts stops it in order", async () => {
  await using pool = await SimPool.start();
  await running(pool, async (program) => {
    program.signal("SIGTERM");
    const { code, stderr } = await program.ended();
    assert.equal(code, 0);
    assert.match(stderr, /Stopped/);
  }, true);
});

Deno.test("a SIGHUP while it stops changes nothing", async () => {
  await using pool = await SimPool.start({ proofOfWork: false, verdictDelayMs: 1_000 });
  await running(pool, async (program, port) => {
    const mode = { kind: "rate", sharesPerSecond: 50 } as const;
    await using miner = SimMiner.start({ port, user: "demo.a", mode });
    await miner.until(() => miner.statistics().accepted > 0);
    program.signal("SIGTERM");
    await program.wrote("Stopping");
    program.signal("SIGHUP");
    const { code, stderr } = await program.ended();
    assert.equal(code, 0);
    assert.match(stderr, /SIGHUP ignored: btcagent is stopping/);
    assert.match(stderr, /Stopped/);
    assert.doesNotMatch(stderr, /read again/);
  });
});

const hasScript = await new Deno.Command("script", { args: ["--version"], stdout: "null" })
  .output().then(() => true, () => false);

Deno.test({
  name: "a terminal that is closed stops it in order",
  ignore: !hasScript,
  async fn() {
    await using pool = await SimPool.start();
    const folder = await Deno.makeTempDir();
    const config = {
      agent_listen_ip: "127.0.0.1",
      agent_listen_port: freePort(),
      status: { listen: "" },
      pools: [agentEntry(pool)],
    };
    await Deno.writeTextFile(`${folder}/agent.jsonc`, JSON.stringify(config));
    const inner = commandOf(["-c", `${folder}/agent.jsonc`, "-l", `${folder}/log`])
      .map((word) => `'${word}'`).join(" ");
    // script(1) has a terminal for the program; that closes when script is gone.
    const terminal = new Program({ command: ["script", "-qfec", `exec ${inner}`, "/dev/null"] });
    await terminal.wrote("serves miners");
    terminal.signal("SIGKILL");
    await terminal.ended();
    const log = () => Deno.readTextFile(`${folder}/log/btcagent.log`);
    await pool.until(() => pool.statistics().connectionsNow === 0);
    const deadline = performance.now() + PATIENCE_MS;
    while (!(await log()).includes("Stopped") && performance.now() < deadline) {
      await new Promise((done) => setTimeout(done, 20));
    }
    assert.match(await log(), /Its terminal was closed: stopping/);
    await Deno.remove(folder, { recursive: true });
  },
});
