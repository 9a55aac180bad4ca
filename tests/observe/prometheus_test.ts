/**
 * A real Prometheus, of Debian's package `prometheus`, scrapes an agent with conf/prometheus.yml and
 * evaluates conf/alerts.yml over what it got.
 */

import assert from "node:assert/strict";
import { SimFarm } from "../../lib/sim/sim_farm.ts";
import { SimPool } from "../../lib/sim/sim_pool.ts";
import { ask } from "../support/ask_program.ts";
import { freePort } from "../support/free_port.ts";
import { StatusRig } from "../support/status_rig.ts";
import { until } from "../support/test_proxy.ts";

const TOKEN = "a-token";

const hasPrometheus = await ask("prometheus", "--version") !== undefined;
const missing = hasPrometheus
  ? ""
  : " (IGNORED: prometheus is missing; apt-get install prometheus)";

interface Target {
  readonly health: string;
  readonly lastError: string;
}

interface Rule {
  readonly name: string;
  readonly health: string;
  readonly state: string;
  readonly lastError?: string;
}

/** A Prometheus with our configuration, faster, that scrapes `address`. */
class Prometheus {
  readonly #folder: string;
  readonly #child: Deno.ChildProcess;
  readonly #url: string;

  private constructor(folder: string, child: Deno.ChildProcess, url: string) {
    this.#folder = folder;
    this.#child = child;
    this.#url = url;
  }

  /** `token` is what the file beside the configuration has, if there is one; else see there. */
  static async start(address: string, token?: string): Promise<Prometheus> {
    const folder = await Deno.makeTempDir();
    let config = (await Deno.readTextFile("conf/prometheus.yml"))
      .replace("btcagent:9999", address)
      .replace("scrape_interval: 15s", "scrape_interval: 1s\n  evaluation_interval: 1s");
    const alerts = (await Deno.readTextFile("conf/alerts.yml")).replace(/for: \d+m/g, "for: 2s");
    if (token === undefined) config = config.replace(/^.* # with a token\n/gm, "");
    else await Deno.writeTextFile(`${folder}/token`, token);
    await Deno.writeTextFile(`${folder}/prometheus.yml`, config);
    await Deno.writeTextFile(`${folder}/alerts.yml`, alerts);
    const listen = `127.0.0.1:${freePort()}`;
    const child = new Deno.Command("prometheus", {
      args: [
        `--config.file=${folder}/prometheus.yml`,
        `--storage.tsdb.path=${folder}/data`,
        `--web.listen-address=${listen}`,
      ],
      stdout: "null",
      stderr: "null",
    }).spawn();
    return new Prometheus(folder, child, `http://${listen}/api/v1/`);
  }

  /** What it answers; `undefined` while it does not. */
  async #ask<T>(path: string): Promise<T | undefined> {
    try {
      const response = await fetch(this.#url + path, { signal: AbortSignal.timeout(5_000) });
      return (await response.json()).data as T;
    } catch {
      return undefined;
    }
  }

  async target(): Promise<Target | undefined> {
    return (await this.#ask<{ activeTargets: Target[] }>("targets"))?.activeTargets[0];
  }

  async rules(): Promise<Rule[]> {
    const answer = await this.#ask<{ groups: { rules: Rule[] }[] }>("rules");
    return answer?.groups.flatMap(({ rules }) => rules) ?? [];
  }

  /** The only value of an expression; `undefined` for none or several. */
  async value(expression: string): Promise<number | undefined> {
    const path = `query?query=${encodeURIComponent(expression)}`;
    const answer = await this.#ask<{ result: { value: [number, string] }[] }>(path);
    const [one, ...more] = answer?.result ?? [];
    return one === undefined || more.length > 0 ? undefined : Number(one.value[1]);
  }

  /** Why it cannot evaluate an expression; empty if it can. */
  async problem(expression: string): Promise<string> {
    const response = await fetch(`${this.#url}query?query=${encodeURIComponent(expression)}`);
    return (await response.json()).error ?? "";
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#child.status;
    await Deno.remove(this.#folder, { recursive: true });
  }
}

/** Waits for what only an answer can tell. */
async function eventually(what: string, isSo: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 60_000;
  while (!await isSo()) {
    assert.ok(performance.now() < deadline, `waited 60 s for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

Deno.test({
  name:
    `a real Prometheus takes every series, alert and panel, and says so when no pool serves${missing}`,
  ignore: !hasPrometheus,
  fn: async () => {
    await using pool = await SimPool.start({ proofOfWork: false });
    await using rig = new StatusRig([pool], {
      status: { token: TOKEN, worker_series_max: 10 },
    });
    await using _farm = SimFarm.start({ port: rig.port, count: 3 });
    await until(() => rig.proxy.statistics().working === 3, "all are in");
    await using prometheus = await Prometheus.start(
      `127.0.0.1:${rig.server.address.port}`,
      TOKEN,
    );

    await eventually("a scrape", async () => {
      const target = await prometheus.target();
      assert.equal(target?.lastError ?? "", "");
      return target?.health === "up";
    });
    const ours = (await rig.metrics("")).size;
    await eventually(
      "every series",
      async () => await prometheus.value('scrape_samples_scraped{job="btcagent"}') === ours,
    );
    assert.equal(
      await prometheus.value('scrape_samples_post_metric_relabeling{job="btcagent"}'),
      ours,
    );
    await eventually(
      "all rules to be evaluated",
      async () => {
        const rules = await prometheus.rules();
        return rules.length > 0 && rules.every(({ health }) => health === "ok");
      },
    );
    assert.deepEqual((await prometheus.rules()).filter(({ state }) => state !== "inactive"), []);

    const panels = await Deno.readTextFile("conf/grafana-dashboard.json");
    const asked = Array.from(panels.matchAll(/"expr": (".*")/g), ([, text]) => JSON.parse(text!));
    assert.ok(asked.length > 40);
    for (const expression of asked) {
      const filled = expression.replaceAll("$instance", ".*").replaceAll("$__rate_interval", "1m");
      assert.equal(await prometheus.problem(filled), "", expression);
    }

    await pool.setFaults({ refuseConnections: true });
    pool.resetConnections();
    const firing = async (name: string) =>
      (await prometheus.rules()).some((rule) => rule.name === name && rule.state === "firing");
    for (const name of ["BtcagentNotServing", "BtcagentPoolDown"]) {
      await eventually(name, () => firing(name));
    }
    assert.ok((await prometheus.rules()).every(({ lastError }) => (lastError ?? "") === ""));
  },
});

/** What has become of the first scrapes of an agent. */
async function firstTarget(agentToken: string, token: string | undefined): Promise<Target> {
  await using pool = await SimPool.start({ proofOfWork: false });
  await using rig = new StatusRig([pool], { status: { token: agentToken } });
  const address = `127.0.0.1:${rig.server.address.port}`;
  await using prometheus = await Prometheus.start(address, token);
  let target: Target | undefined;
  await eventually("a scrape", async () => {
    target = await prometheus.target();
    return target !== undefined && target.health !== "unknown";
  });
  return target!;
}

Deno.test({
  name:
    `without a token Prometheus needs none, the lines for it deleted or its file empty${missing}`,
  ignore: !hasPrometheus,
  fn: async () => {
    const targets = [undefined, ""].map((token) => firstTarget("", token));
    for (const { health, lastError } of await Promise.all(targets)) {
      assert.deepEqual([health, lastError], ["up", ""]);
    }
  },
});

Deno.test({
  name: `with a token that is wrong or not sent Prometheus says that the target is down${missing}`,
  ignore: !hasPrometheus,
  fn: async () => {
    const targets = [undefined, "", "another"].map((token) => firstTarget(TOKEN, token));
    for (const { health, lastError } of await Promise.all(targets)) {
      assert.equal(health, "down");
      assert.match(lastError, /401/);
    }
  },
});
