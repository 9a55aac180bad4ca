/**
 * promtool, of Debian's package `prometheus`, accepts our metrics and our alerts; and every metric
 * that alerts and dashboard ask for is one we have.
 */

import assert from "node:assert/strict";
import { finished } from "../../lib/base/steps.ts";
import { WORKER_STATES } from "../../lib/base/worker_state.ts";
import { MinerTls } from "../../lib/net/tls/miner_tls.ts";
import { formatMetrics } from "../../lib/observe/metrics.ts";
import { SummarySchema } from "../../lib/observe/status/shapes.ts";
import { WorkerSchema } from "../../lib/observe/status/worker_shapes.ts";
import { troubledWorkers } from "../../lib/observe/trouble_metrics.ts";
import { SimFarm } from "../../lib/sim/sim_farm.ts";
import { SimPool } from "../../lib/sim/sim_pool.ts";
import { anchorOf, headingsIn, readPage } from "../docs/pages.ts";
import { ask } from "../support/ask_program.ts";
import { sampleOf } from "../support/fake_status.ts";
import { freePort } from "../support/free_port.ts";
import { StatusRig } from "../support/status_rig.ts";
import { certificateFiles } from "../support/test_certificates.ts";
import { until } from "../support/test_proxy.ts";

const hasPromtool = await ask("promtool", "--version") !== undefined;
const missing = hasPromtool ? "" : " (IGNORED: promtool is missing; apt-get install prometheus)";

async function promtool(args: readonly string[], input = ""): Promise<string> {
  const child = new Deno.Command("promtool", {
    args: [...args],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(input));
  await writer.close();
  const { success, stdout, stderr } = await child.output();
  const text = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
  assert.ok(success, text);
  return text;
}

/** A page of metrics with something in every family. */
async function fullPage(accept: string): Promise<string> {
  await using pool = await SimPool.start({ proofOfWork: false });
  const files = certificateFiles("pool");
  const tls = new MinerTls(Date.now);
  await tls.load([files]);
  await using rig = new StatusRig([pool], {
    status: { worker_series_max: 10 },
    listen: [{ address: "127.0.0.1", port: freePort(), tls: files }],
  }, { tls });
  await using _farm = SimFarm.start({ port: rig.port, count: 3 });
  await until(() => rig.proxy.statistics().working === 3, "all are in");
  const response = await rig.fetch("/metrics", { headers: { accept } });
  return await response.text();
}

/** One with what a healthy farm has not: workers in trouble, a backup pool. */
function eventfulPage(): string {
  return [...formatMetrics({
    summary: { ...sampleOf(SummarySchema), certificates: [] },
    pools: [],
    accounts: [],
    workers: [],
    troubled: finished(troubledWorkers([sampleOf(WorkerSchema)], 10)),
  }, "prometheus")].join("");
}

Deno.test({
  name: `promtool check metrics finds nothing to say about /metrics${missing}`,
  ignore: !hasPromtool,
  fn: async () => {
    for (const page of [await fullPage(""), eventfulPage()]) {
      assert.equal(await promtool(["check", "metrics"], page), "");
    }
  },
});

Deno.test({
  name: `promtool check rules accepts conf/alerts.yml${missing}`,
  ignore: !hasPromtool,
  fn: async () => {
    assert.match(await promtool(["check", "rules", "conf/alerts.yml"]), /SUCCESS: 26 rules/);
  },
});

Deno.test("OpenMetrics has a type for each family, named as it wants, and an end", async () => {
  const text = await fullPage("application/openmetrics-text; version=1.0.0");
  assert.ok(text.endsWith("\n# EOF\n"));
  let family = "";
  let type = "";
  const seen = new Set<string>();
  for (const line of text.split("\n").slice(0, -2)) {
    const head = /^# TYPE (\S+) (\S+)$/.exec(line);
    if (head !== null) {
      [, family, type] = head as unknown as [string, string, string];
      assert.ok(!seen.has(family), `${family} is there twice`);
      assert.doesNotMatch(family, /_total$/);
      seen.add(family);
    } else if (!line.startsWith("#")) {
      const suffix = type === "counter"
        ? "_total"
        : type === "histogram"
        ? "_(bucket|sum|count)"
        : "";
      assert.match(line, new RegExp(`^${family}${suffix}(\\{.*\\})? -?[0-9.e+-]+$`));
    }
  }
  assert.ok(seen.size > 40);
});

Deno.test("alerts and dashboard ask only for metrics there are", async () => {
  const pages = await fullPage("") + eventfulPage();
  const names = new Set([...pages.matchAll(/^([a-z_]+)[{ ]/gm)].map(([, name]) => name!));
  let asked = 0;
  for (const path of ["conf/alerts.yml", "conf/grafana-dashboard.json"]) {
    const text = await Deno.readTextFile(path);
    for (const [name] of text.matchAll(/\b(?:btcagent|process)_[a-z_]+\b/g)) {
      assert.ok(names.has(name), `${path} asks for ${name}`);
      asked++;
    }
  }
  assert.ok(asked > 40);
});

Deno.test("kept shares are credited: neither alerts nor dashboard count them as lost", async () => {
  const dashboard = await Deno.readTextFile("conf/grafana-dashboard.json");
  const lost = [...dashboard.matchAll(/result!~\\"([a-z|]+)\\"/g)].map(([, results]) => results);
  assert.deepEqual(lost, ["accepted|assumed|kept", "accepted|assumed|kept"]);
  assert.doesNotMatch(dashboard, /result!=/);
  assert.doesNotMatch(await Deno.readTextFile("conf/alerts.yml"), /result!/);
});

Deno.test("the dashboard shows what only Stratum pools have", async () => {
  const dashboard = await Deno.readTextFile("conf/grafana-dashboard.json");
  for (
    const name of [
      "pool_info",
      "pool_credited_difficulty_total",
      "pool_brake_lost_difficulty_total",
      "pool_blocks_total",
      "pool_blocks_lost_total",
      "pool_shares_contradicted_total",
      "pool_extranonce_bytes",
      "miners_outgrown_total",
    ]
  ) assert.ok(dashboard.includes(`btcagent_${name}{`), name);
});

Deno.test("the dashboard shows workers by state, causes, kinds of pools, and what should be", async () => {
  const dashboard = await Deno.readTextFile("conf/grafana-dashboard.json");
  for (
    const query of [
      'sum(btcagent_missing_machines{instance=~"$instance"})',
      'sum by (state) (btcagent_workers{instance=~"$instance",state!="working"})',
      'btcagent_worker_state{instance=~"$instance"}',
      "sum by (result, reason) (rate(btcagent_shares_ended_total{",
      "sum by (pool, result) (rate(btcagent_pool_shares_ended_total{",
      "sum by (kind, reason) (rate(btcagent_pool_shares_ended_total{",
      "sum by (kind) (btcagent_pool_miners{",
      "sum(btcagent_expected_hashrate_hashes_per_second{",
      "sum(btcagent_nominal_hashrate_hashes_per_second{",
      "max(btcagent_on_backup{",
      "max(btcagent_outage_today_seconds{",
    ]
  ) assert.ok(dashboard.includes(JSON.stringify(query).slice(1, -1)), query);
});

Deno.test("no panel of the dashboard is on another or beyond its width", async () => {
  const { panels } = JSON.parse(await Deno.readTextFile("conf/grafana-dashboard.json"));
  assert.equal(new Set(panels.map(({ id }: { id: number }) => id)).size, panels.length);
  const cells = new Set<string>();
  for (const { title, gridPos: { x, y, w, h } } of panels) {
    assert.ok(x + w <= 24, title);
    for (let at = 0; at < w * h; at++) {
      const cell = `${x + at % w},${y + Math.floor(at / w)}`;
      assert.ok(!cells.has(cell), `${title} is on another`);
      cells.add(cell);
    }
  }
});

Deno.test("there are at most 26 alerts, and each says what to do", async () => {
  const text = await Deno.readTextFile("conf/alerts.yml");
  const alerts = text.match(/- alert: /g)!.length;
  assert.ok(alerts <= 26);
  assert.equal(text.match(/^ +action: .{20,}$/gm)!.length, alerts);
});

Deno.test("alerts send to sections and to states of workers that there are", async () => {
  const text = await Deno.readTextFile("conf/alerts.yml");
  const sections = [...text.matchAll(/(\S+\.md)#([\w-]+)/g)];
  assert.ok(sections.length >= 5);
  for (const [section, page, anchor] of sections) {
    assert.ok(headingsIn(readPage(page!)).map(anchorOf).includes(anchor!), section);
  }
  const states = Array.from(text.matchAll(/workers\?state=(\w+)/g), ([, state]) => state!);
  for (const state of ["missing", "refused", "flapping", "silent", "weak"]) {
    assert.ok(states.includes(state), state);
  }
  for (const state of states) assert.ok(WORKER_STATES.some((known) => known === state), state);
});
