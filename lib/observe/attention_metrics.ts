/**
 * Whether anything is wrong, as metrics: what the first screen of the live page says. Pure.
 */

import { type MetricsPage, type Sample } from "./exposition.ts";
import type { SummaryShape } from "./status/shapes.ts";

/** Writes it. What is not known, or is not so now, has no sample: a 0 would be a figure. */
export function writeAttention(page: MetricsPage, attention: SummaryShape["attention"]): void {
  const { workers, backup, outage, losses } = attention;
  page.gauge(
    "btcagent_workers",
    "Workers seen in the last day, connected or not, each counted under the worst of what is wrong with it.",
    Object.entries(workers).map(([state, count]): Sample => [{ state }, count]),
  );
  page.gauge(
    "btcagent_missing_machines",
    "Machines that are gone: connections of missing workers, and those that others have fewer than usual.",
    known(attention.missing_machines),
  );
  page.gauge(
    "btcagent_trouble_hashrate_hashes_per_second",
    "What workers in trouble did before and do not do now, estimated.",
    known(attention.trouble_hashrate),
  );
  page.gauge(
    "btcagent_expected_hashrate_hashes_per_second",
    "The farm's own median of the last 24 hours; absent in the first hour.",
    known(attention.expected_hashrate),
  );
  page.gauge(
    "btcagent_nominal_hashrate_hashes_per_second",
    "What the operator says the farm should have; absent if that is not set.",
    known(attention.nominal_hashrate),
  );
  page.gauge(
    "btcagent_on_backup",
    "1 while miners work for another pool than the first of the list, or the pinned one.",
    known(backup === null ? 0 : 1),
  );
  page.gauge(
    "btcagent_on_backup_since_seconds",
    "When that began, seconds since 1970; absent while they work for the pool they should.",
    known(backup === null ? null : Date.parse(backup.since) / 1000),
  );
  page.gauge(
    "btcagent_outage_today_seconds",
    "How long no pool served any miner since midnight, local time of the agent.",
    known(outage.today_seconds),
  );
  page.gauge(
    "btcagent_lost_work_ratio",
    "Of the work of all shares, the part refused here, rejected by a pool or never answered.",
    Object.entries(losses).map(([window, { part }]): Sample => [{ window }, part]),
  );
}

function known(value: number | null): Sample[] {
  return value === null ? [] : [[{}, value]];
}
