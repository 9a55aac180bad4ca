/** Every metric is named as Prometheus asks for: https://prometheus.io/docs/practices/naming/. */

import assert from "node:assert/strict";
import { formatMetrics, type MetricsInput } from "../../lib/observe/metrics.ts";
import { AccountSchema, PoolTotalSchema } from "../../lib/observe/status/pool_shapes.ts";
import { SummarySchema } from "../../lib/observe/status/shapes.ts";
import { workerLabels } from "../../lib/observe/worker_metrics.ts";
import { ask } from "../support/ask_program.ts";
import { sampleOf } from "../support/fake_status.ts";

/** Everything there is, once. */
function page(): string {
  const input: MetricsInput = {
    summary: sampleOf(SummarySchema),
    pools: [sampleOf(PoolTotalSchema)],
    accounts: [sampleOf(AccountSchema)],
    workers: [{
      labels: workerLabels("a", "rig").labels,
      connections: 1,
      hashrate: 1,
      accepted: 1,
      rejected: 1,
    }],
    troubled: [{ labels: workerLabels("a", "rig").labels, state: "missing", usualHashrate: 1 }],
  };
  return [...formatMetrics(input, "prometheus")].join("");
}

interface Family {
  readonly name: string;
  readonly type: string;
  readonly help: string;
}

function families(): Family[] {
  const text = page();
  const helps = new Map(Array.from(text.matchAll(/^# HELP (\S+) (.*)$/gm), (
    [, name, help],
  ) => [name!, help!]));
  return Array.from(text.matchAll(/^# TYPE (\S+) (\S+)$/gm), ([, name, type]) => ({
    name: name!,
    type: type!,
    help: helps.get(name!) ?? "",
  }));
}

/** Names of units that are no base units, of quantities that have one, and of types. */
const WRONG =
  /_(?:ms|milliseconds?|minutes?|hours?|days?|kb|kib|mb|mib|kilobytes|percent|percentage|gauge|counter|histogram|summary)(?:_|$)/;

/** What measures one of these says so at its end. */
const UNITS: Readonly<Record<string, RegExp>> = {
  seconds: /_seconds$/,
  bytes: /_bytes$/,
  ratio: /_ratio$/,
  hashrate: /_hashes_per_second$/,
};

Deno.test("metrics have our prefix or that of a process, base units at the end, and words", () => {
  const all = families();
  assert.ok(all.length > 60, `${all.length} families`);
  for (const { name, type, help } of all) {
    assert.match(name, /^(?:btcagent|process)(?:_[a-z][a-z0-9]*)+$/, name);
    assert.doesNotMatch(name, WRONG, name);
    const bare = name.replace(/_total$/, "");
    for (const [word, end] of Object.entries(UNITS)) {
      if (bare.split("_").includes(word)) assert.match(bare, end, name);
    }
    assert.match(help, /^[\x21-\x7e].*\.$/, name);
    assert.equal(name.endsWith("_total"), type === "counter", `${name} is a ${type}`);
    assert.doesNotMatch(name, /_(?:count|sum|bucket|created)$/, `${name} is kept for histograms`);
    if (/since 1970/.test(help)) {
      assert.match(name, /_(?:timestamp|start_time)_seconds$/, `${name} is a time of day`);
    }
    if (name.endsWith("_info")) assert.equal(type, "gauge");
  }
});

const hasPromtool = await ask("promtool", "--version") !== undefined;

Deno.test({
  name: "promtool has nothing to say of the names" +
    (hasPromtool ? "" : " (IGNORED: promtool is missing; apt-get install prometheus)"),
  ignore: !hasPromtool,
  fn: async () => {
    const child = new Deno.Command("promtool", {
      args: ["check", "metrics"],
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const writer = child.stdin.getWriter();
    await writer.write(new TextEncoder().encode(page()));
    await writer.close();
    const { code, stdout, stderr } = await child.output();
    const said = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
    assert.deepEqual([code, said], [0, ""]);
  },
});

Deno.test("a worker named like one of another sub-account never has its series", () => {
  const pairs = [["", "a\nb"], ["a", "b"], ["a.b", ""], ["", "a.b"], ["b", "a"], ["", "b"]];
  const keys = new Set<string>();
  const labels = new Set<string>();
  for (const [account, name] of pairs) {
    const made = workerLabels(account!, name!);
    keys.add(made.key);
    labels.add(JSON.stringify(made.labels));
  }
  assert.deepEqual([keys.size, labels.size], [pairs.length, pairs.length]);
});
