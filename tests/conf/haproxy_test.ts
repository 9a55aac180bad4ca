/**
 * The HAProxy file, run by a real HAProxy before two agents: who gets miners while a pool is gone,
 * and what the agents know of those miners.
 */

import assert from "node:assert/strict";
import { once } from "node:events";
import { connect as connectFrom, type Socket } from "node:net";
import { BalancerPorts } from "../../lib/app/balancer_ports.ts";
import { MinersSchema } from "../../lib/observe/status/miner_shapes.ts";
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

/** The port 0 is that of every agent here, before it listens. */
const BEHIND = { agent_listen_proxy_protocol: { trusted: ["127.0.0.1"] } };

/** Trusts HAProxy's own address. */
async function balancerPorts(): Promise<BalancerPorts> {
  const balancers = new BalancerPorts();
  const { trusted } = BEHIND.agent_listen_proxy_protocol;
  await balancers.load([{ hostname: "127.0.0.1", port: 0, trusted }]);
  return balancers;
}

/** HAProxy with the file's own text, but for addresses, ports and how often it asks. */
class Haproxy implements AsyncDisposable {
  readonly port = freePort();
  readonly #child: Deno.ChildProcess;
  readonly #file = Deno.makeTempFileSync({ suffix: ".cfg" });

  /** `changed` changes what its file says beside that. */
  constructor(agents: readonly StatusRig[], changed = (text: string) => text) {
    const servers = agents.map((agent, place) => {
      const own = `port ${agent.server.address.port} inter 100ms`;
      return `  server agent${place + 1} 127.0.0.1:${agent.port} ${own}`;
    });
    const text = Deno.readTextFileSync(CONF)
      .replace("maxconn 60000", "maxconn 2000")
      .replace("bind :3333", `bind 127.0.0.1:${this.port}`)
      .replace(/(?:^ {2}server .*\n)+/m, `${servers.join("\n")}\n`);
    assert.match(text, /port \d+ inter 100ms/);
    Deno.writeTextFileSync(this.#file, changed(text));
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
    const settings = { status: { token: "s3cret" }, ...BEHIND };
    const balancers = await balancerPorts();
    await using one = new StatusRig([first], settings, { balancers });
    await using other = new StatusRig([second], settings, { balancers });
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

/** Logs in from an address of this machine; `undefined` if the connection ends before a job comes. */
async function login(localAddress: string, port: number): Promise<Socket | undefined> {
  const socket = connectFrom({ host: "127.0.0.1", port, localAddress });
  await once(socket, "connect");
  socket.write(
    '{"id":1,"method":"mining.subscribe","params":["x/1"]}\n' +
      '{"id":2,"method":"mining.authorize","params":["demo.rig","x"]}\n',
  );
  let text = "";
  return await new Promise((resolve) => {
    socket.on("data", (bytes) => {
      text += bytes;
      if (text.includes("mining.notify")) resolve(socket);
    });
    socket.on("error", () => {});
    socket.on("close", () => resolve(undefined));
  });
}

Deno.test({
  name: `Behind HAProxy miners have their own addresses, and its checks stay quiet${missing}`,
  ignore: !hasHaproxy,
  async fn() {
    using log = new LogCapture();
    await using pool = await SimPool.start({ proofOfWork: false });
    await using agent = new StatusRig([pool], {
      ...BEHIND,
      use_ip_as_worker_name: true,
      limits: { max_connections_per_ip: 1, deny: ["127.0.0.4"] },
    }, { balancers: await balancerPorts() });
    // It checks the miners' port itself, as HAProxy does without httpchk.
    await using haproxy = new Haproxy(
      [agent],
      (text) => text.replace(/^.*httpchk.*\n/m, "").replaceAll(/ port \d+ inter/g, " inter"),
    );
    const { miners } = agent.proxy.parts;
    await until(() => agent.view.health().serving && miners.healthChecks >= 3, "it is checked");

    const two = await login("127.0.0.2", haproxy.port);
    const three = await login("127.0.0.3", haproxy.port);
    const { miners: rows } = await agent.get("/api/v1/miners", MinersSchema);
    const hosts = rows.map(({ address, worker }) => [address.split(":")[0], worker]);
    assert.deepEqual(hosts.sort(), [["127.0.0.2", "127x0x0x2"], ["127.0.0.3", "127x0x0x3"]]);
    assert.equal(await login("127.0.0.3", haproxy.port), undefined, "one of an address is enough");
    assert.equal(await login("127.0.0.4", haproxy.port), undefined, "its network is denied");
    const { limitCounts } = agent.proxy.statistics();
    assert.deepEqual(
      [limitCounts.max_connections_per_ip, limitCounts.deny, limitCounts.proxy_header],
      [1, 1, 0],
    );
    const checks = miners.healthChecks;
    await until(() => miners.healthChecks > checks, "it is still checked");
    const lines = log.take().filter((line) =>
      /onnection 127\.0\.0\.1:|Miner 127\.0\.0\.1:/.test(line)
    );
    assert.deepEqual(lines, []);
    for (const socket of [two, three]) {
      socket!.destroy();
      await once(socket!, "close");
    }
  },
});
