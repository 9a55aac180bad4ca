/** Whether anything is wrong, as metrics. */

import assert from "node:assert/strict";
import { writeAttention } from "../../lib/observe/attention_metrics.ts";
import { MetricsPage } from "../../lib/observe/exposition.ts";
import { AttentionSchema, type AttentionShape } from "../../lib/observe/status/worker_shapes.ts";
import { sampleOf } from "../support/fake_status.ts";
import { samplesOf } from "../support/status_rig.ts";

const LOSSES = sampleOf(AttentionSchema).losses;

const HEALTHY: AttentionShape = {
  workers: { missing: 0, refused: 0, flapping: 0, silent: 0, weak: 0, waiting: 0, working: 40 },
  missing_machines: 0,
  trouble_hashrate: 0,
  backup: null,
  outage: { since: null, today_seconds: 0 },
  expected_hashrate: null,
  nominal_hashrate: null,
  losses: { hour: { ...LOSSES.hour, part: 0 }, day: { ...LOSSES.day, part: 0 } },
};

function metricsOf(attention: AttentionShape): Map<string, number> {
  const page = new MetricsPage("prometheus");
  writeAttention(page, attention);
  return samplesOf(page.take());
}

Deno.test("every figure of what is wrong is a metric", () => {
  const metrics = metricsOf({
    workers: { missing: 12, refused: 14, flapping: 6, silent: 3, weak: 10, waiting: 2, working: 9 },
    missing_machines: 13,
    trouble_hashrate: 4.5e15,
    backup: {
      pool: "second:3333",
      since: "2026-12-01T03:00:00.500Z",
      instead_of: "first:3333",
      reason: "refused the connection",
    },
    outage: { since: null, today_seconds: 61.5 },
    expected_hashrate: 2e17,
    nominal_hashrate: 2.5e17,
    losses: { hour: { ...LOSSES.hour, part: 0.25 }, day: { ...LOSSES.day, part: 0.008 } },
  });
  assert.deepEqual(Object.fromEntries(metrics), {
    'btcagent_workers{state="missing"}': 12,
    'btcagent_workers{state="refused"}': 14,
    'btcagent_workers{state="flapping"}': 6,
    'btcagent_workers{state="silent"}': 3,
    'btcagent_workers{state="weak"}': 10,
    'btcagent_workers{state="waiting"}': 2,
    'btcagent_workers{state="working"}': 9,
    "btcagent_missing_machines": 13,
    "btcagent_trouble_hashrate_hashes_per_second": 4.5e15,
    "btcagent_expected_hashrate_hashes_per_second": 2e17,
    "btcagent_nominal_hashrate_hashes_per_second": 2.5e17,
    "btcagent_on_backup": 1,
    "btcagent_on_backup_since_timestamp_seconds": Date.UTC(2026, 11, 1, 3) / 1000 + 0.5,
    "btcagent_outage_today_seconds": 61.5,
    'btcagent_lost_work_ratio{window="hour"}': 0.25,
    'btcagent_lost_work_ratio{window="day"}': 0.008,
  });
});

Deno.test("what is not known has no metric, and a healthy farm has zeros", () => {
  const metrics = metricsOf(HEALTHY);
  for (const name of ["expected_hashrate", "nominal_hashrate", "on_backup_since_timestamp"]) {
    const found = [...metrics.keys()].filter((key) => key.startsWith(`btcagent_${name}_`));
    assert.deepEqual(found, [], name);
  }
  metrics.delete('btcagent_workers{state="working"}');
  assert.equal(metrics.size, 12);
  assert.deepEqual(new Set(metrics.values()), new Set([0]));
});
