/** The HAProxy file, run by a real HAProxy before two agents: who gets miners while a pool is gone. */

import assert from "node:assert/strict";
import { SimPool } from "../../lib/sim/sim_pool.ts";
import { freePort } from "../support/free_port.ts";
import { LogCapture } from "../support/log_capture.ts";
import { PATIENCE_MS } from "../support/patience.ts";
import { RawMiner } from "../support/raw_miner.ts";
import { StatusRig } from "../support/status_rig.ts";
import { until } from "../support/test_proxy.ts";

const CONF = new URL("../../conf/haproxy.cfg", import.meta.url);

const hasHaproxy = await Promise.try(() => new Deno.Command("haproxy", { args: ["-v"] }).output())
  .then(({ success }) => success, () => false);
const missing = hasHaproxy ? "" : " (IGNORED: haproxy is missing; apt-get install haproxy)";

/** HAProxy with the file's own text, but for addresses, ports and how often it asks. */
class Haproxy implements AsyncDisposable {
  readonly port = freePort();
  readonly #child: Deno.ChildProcess;
  readonly #file = Deno.makeTempFileSync({ suffix: ".cfg" });

  constructor(agents: readonly StatusRig[]) {
    const servers = agents.map((agent, place) => {
      const own = `port ${agent.server.address.port} inter 100ms`;
      return `  server agent${place + 1} 127.0.0.1:${agent.port} ${own}`;
    });
    const text = Deno.readTextFileSync(CONF)
      .replace("maxconn 60000", "maxconn 2000")
      .replace("bind :3333", `bind 127.0.0.1:${this.port}`)
      .replace(/(?:^ {2}server .*\n)+/m, `${servers.join("\n")}\n`);
    assert.match(text, /port \d+ inter 100ms/);
    Deno.writeTextFileSync(this.#file, text);
    this.#child = new Deno.Command("haproxy", {
      args: ["-f", this.#file],
      stdout: "null",
      stderr: "null",
    }).spawn();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#child.status;
    await Deno.remove(this.#file);
  }
}

/** Connects miners through HAProxy until `count` in a row have come to `agent`. */
async function allGoTo(
  agent: StatusRig,
  port: number,
  count: number,
  miners: AsyncDisposableStack,
): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS;
  for (let right = 0; right < count;) {
    assert.ok(performance.now() < deadline, `${count} miners in a row never came to it`);
    const before = agent.proxy.statistics().connected;
    const miner = await connect(port);
    const isRight = miner !== undefined && agent.proxy.statistics().connected > before;
    if (isRight) miners.use(miner);
    else await miner?.[Symbol.asyncDispose]();
    right = isRight ? right + 1 : 0;
  }
}

/** A miner that an agent has answered. */
async function connect(port: number): Promise<RawMiner | undefined> {
  try {
    const miner = await RawMiner.connect(port);
    await miner.send('{"id":1,"method":"mining.subscribe","params":[]}\n');
    await miner.until(() => miner.lines.length > 0 || miner.isEnded, "an answer");
    return miner;
  } catch (error) {
    // HAProxy does not listen yet.
    if (error instanceof Deno.errors.ConnectionRefused) return undefined;
    throw error;
  }
}

Deno.test({
  name:
    `HAProxy gives no miner to an agent without a pool, and does again when it has one${missing}`,
  ignore: !hasHaproxy,
  async fn() {
    using _log = new LogCapture();
    await using first = await SimPool.start({ proofOfWork: false });
    await using second = await SimPool.start({ proofOfWork: false });
    const settings = { status: { token: "s3cret" } };
    await using one = new StatusRig([first], settings);
    await using other = new StatusRig([second], settings);
    await using haproxy = new Haproxy([one, other]);
    await using miners = new AsyncDisposableStack();
    await until(() => one.view.health().serving && other.view.health().serving, "both serve");

    await first.setFaults({ refuseConnections: true });
    first.resetConnections();
    await until(() => !one.view.health().serving, "the first has no pool");
    await allGoTo(other, haproxy.port, 5, miners);

    await first.setFaults({ refuseConnections: false });
    await until(() => one.view.health().serving, "the first has its pool again");
    // It has fewer miners, so it is the one to get more.
    await allGoTo(one, haproxy.port, 3, miners);
  },
});
