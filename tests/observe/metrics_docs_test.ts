/** conf/docs/metrics.md lists the metrics that are served. */

import assert from "node:assert/strict";
import { SimFarm } from "../../lib/sim/sim_farm.ts";
import { SimPool } from "../../lib/sim/sim_pool.ts";
import { metricsIn, metricsTable, withMetricsTable } from "../../scripts/metrics_docs.ts";
import { StatusRig } from "../support/status_rig.ts";
import { until } from "../support/test_proxy.ts";

Deno.test("the table of conf/docs/metrics.md is up to date (if not: deno task docs)", () => {
  const page = Deno.readTextFileSync("conf/docs/metrics.md");
  assert.equal(page, withMetricsTable(page));
});

Deno.test("every metric that a scrape has is in the table, with its help", async () => {
  await using pool = await SimPool.start({ proofOfWork: false });
  await using rig = new StatusRig([pool], { status: { worker_series_max: 10 } });
  await using _farm = SimFarm.start({ port: rig.port, count: 3 });
  await until(() => rig.proxy.statistics().working === 3, "all are in");
  const text = await (await rig.fetch("/metrics")).text();
  const helps = [...text.matchAll(/^# HELP (\S+) (.*)$/gm)];
  assert.ok(helps.length > 50);
  const table = metricsTable();
  for (const [, name, help] of helps) assert.ok(table.includes(`| \`${name}\` | ${help} |`), name);
});

Deno.test("a metric is found however its call is broken into lines", () => {
  assert.deepEqual(
    metricsIn(`
      page.gauge("a_b", "One.", one(1));
      page.counter(
        "c_d",
        "Two, " +
          "in \\"two\\" parts.",
        [],
      );
      yield* page.family(
        "counter",
        "e_f",
        "Three.",
      );`),
    [
      { name: "a_b", help: "One." },
      { name: "c_d_total", help: 'Two, in "two" parts.' },
      { name: "e_f_total", help: "Three." },
    ],
  );
});

Deno.test("a page without both markers in order is an error, and not written", () => {
  for (const page of ["# Us\n", "<!-- metrics:end --><!-- metrics:begin -->"]) {
    assert.throws(() => withMetricsTable(page), /<!-- metrics:begin -->/);
  }
});
