/**
 * Metrics that say whether anything is wrong, as the first screen of the live page does. Pure.
 */

import { type MetricsPage, type Sample } from "./exposition.ts";
import type { SummaryShape } from "./status/shapes.ts";

/**
 * Writes these metrics. A value that is not known or does not apply now has no sample: a 0 would be
 * read as a figure.
 */
export function writeAttention(page: MetricsPage, attention: SummaryShape["attention"]): void {
  const { workers, backup, outage, losses } = attention;
  page.gauge(
    "btcagent_workers",
    "Workers seen in the last day, connected or not, each counted under the worst of what is wrong with it.",
    Object.entries(workers).map(([state, count]): Sample => [{ state }, count]),
  );
  page.gauge(
    "btcagent_missing_machines",
    "Missing machines: the usual connections of missing workers, plus those that other workers " +
      "have fewer of than usual.",
    known(attention.missing_machines),
  );
  page.gauge(
    "btcagent_trouble_hashrate_hashes_per_second",
    "Hashrate that workers in trouble had before and do not have now, estimated.",
    known(attention.trouble_hashrate),
  );
  page.gauge(
    "btcagent_expected_hashrate_hashes_per_second",
    "Median hashrate of the farm over the last 24 hours; absent in the first hour.",
    known(attention.expected_hashrate),
  );
  page.gauge(
    "btcagent_nominal_hashrate_hashes_per_second",
    "Hashrate the farm should have by workers.nominal_hashrate; absent if that is not set.",
    known(attention.nominal_hashrate),
  );
  page.gauge(
    "btcagent_on_backup",
    "1 while miners work for a backup pool instead of the preferred one: the pinned pool, else " +
      "the first of the list.",
    known(backup === null ? 0 : 1),
  );
  page.gauge(
    "btcagent_on_backup_since_timestamp_seconds",
    "When miners began to work for a backup pool, in seconds since 1970; absent while they work " +
      "for the preferred pool.",
    known(backup === null ? null : Date.parse(backup.since) / 1000),
  );
  page.gauge(
    "btcagent_outage_today_seconds",
    "How long no pool served any miner since midnight, in the agent's local time.",
    known(outage.today_seconds),
  );
  page.gauge(
    "btcagent_lost_work_ratio",
    "Part of the work of all shares that was refused here, rejected by a pool or never answered.",
    Object.entries(losses).map(([window, { part }]): Sample => [{ window }, part]),
  );
}

function known(value: number | null): Sample[] {
  return value === null ? [] : [[{}, value]];
}
