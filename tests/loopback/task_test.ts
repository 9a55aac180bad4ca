/**
 * The program under a task runner under npx, as the README has people start it: what signals to npx
 * do. The npx here is a shell of that name, and its own shell, which end as those do: measured with
 * npm 11, SIGTERM ends both and nothing else, SIGHUP npx alone.
 */

import assert from "node:assert/strict";
import { SimPool } from "../../lib/sim/sim_pool.ts";
import { agentEntry } from "../support/agent_entry.ts";
import { freePort } from "../support/free_port.ts";
import { PATIENCE_MS } from "../support/patience.ts";
import { Program } from "../support/program.ts";

interface Tree {
  readonly port: number;
  /** What the agent has logged. */
  readonly log: () => Promise<string>;
  /** Sends a signal to npx, and to its shell too. */
  readonly signal: (signal: Deno.Signal, isForBoth: boolean) => void;
  /** Settles once the agent has logged `text`. */
  readonly logged: (text: string) => Promise<void>;
}

async function underNpx(test: (tree: Tree, pool: SimPool) => Promise<void>): Promise<void> {
  await using pool = await SimPool.start();
  const folder = await Deno.makeTempDir();
  const port = freePort();
  const pidFile = `${folder}/agent.pid`;
  const config = {
    agent_listen_ip: "127.0.0.1",
    agent_listen_port: port,
    status: { listen: "" },
    pid_file: pidFile,
    pools: [agentEntry(pool)],
  };
  await Deno.writeTextFile(`${folder}/agent.jsonc`, JSON.stringify(config));
  await Deno.symlink("/bin/sh", `${folder}/npx`);
  const task = `"${Deno.execPath()}" task start -c "${folder}/agent.jsonc" -l "${folder}/log"`;
  // Neither makes way for what it starts.
  const shell = `echo "shell $$"; ${task}; true`;
  const command = [`${folder}/npx`, "-c", `sh -c '${shell}'; true`];
  const root = new URL("../../", import.meta.url).pathname;
  await using npx = new Program({ command }, root);
  let agent: number | undefined;
  try {
    await npx.wrote("serves miners");
    await until(async () => (agent = Number(await Deno.readTextFile(pidFile))) > 0);
    const shellPid = Number(/shell (\d+)/.exec(npx.output)![1]);
    const log = () => Deno.readTextFile(`${folder}/log/btcagent.log`);
    await test({
      port,
      log,
      signal: (signal, isForBoth) => {
        npx.signal(signal);
        if (isForBoth) Deno.kill(shellPid, signal);
      },
      logged: (text) => until(async () => (await log()).includes(text)),
    }, pool);
  } finally {
    if (agent !== undefined) {
      try {
        Deno.kill(agent, "SIGKILL");
      } catch {
        // It has stopped.
      }
    }
    await Deno.remove(folder, { recursive: true });
  }
}

/** Asks again until it is so; what cannot be asked yet is not so. */
async function until(isSo: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS;
  while (!await isSo().catch(() => false)) {
    if (performance.now() > deadline) throw new Error("It never came");
    await new Promise((done) => setTimeout(done, 20));
  }
}

Deno.test("SIGTERM to npx stops the agent in order, and its port is free", () =>
  underNpx(async ({ port, signal, logged, log }) => {
    signal("SIGTERM", true);
    await logged("Stopped");
    assert.match(
      await log(),
      /The program that started btcagent has ended \(.*npx -c .*\): stopping/,
    );
    Deno.listen({ hostname: "127.0.0.1", port }).close();
  }));

Deno.test("SIGHUP to npx has the configuration read again, and mining goes on", () =>
  underNpx(async ({ signal, logged, log }, pool) => {
    signal("SIGHUP", false);
    await logged("read again: nothing changed");
    assert.match(await log(), /can pass on no signal: taken as SIGHUP, mining goes on/);
    assert.doesNotMatch(await log(), /Stopping/);
    assert.equal(pool.statistics().connectionsNow > 0, true);
  }));
