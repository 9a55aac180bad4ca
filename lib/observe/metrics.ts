/**
 * All counts as metrics, in Prometheus's own text format or as OpenMetrics. Pure.
 *
 * Counters only grow while the program runs and their labels exist; a value that may shrink is a
 * gauge. Labels are bounded: states and reasons of ours, the pools of the configuration, at most
 * {@linkcode MAX_ACCOUNTS} sub-accounts, and as many workers as the operator asks for.
 */

import { printable } from "../base/printable.ts";
import { writeAttention } from "./attention_metrics.ts";
import { type Labels, type MetricsFormat, MetricsPage, type Sample } from "./exposition.ts";
import { writeHistory } from "./history_metrics.ts";
import { writeNotify } from "./notify_metrics.ts";
import { type TroubledWorker, writeTroubledWorkers } from "./trouble_metrics.ts";
import { type Worker, writeWorkers } from "./worker_metrics.ts";
import type { SharesShape } from "./status/count_shapes.ts";
import { unjudgedShares } from "./status/share_sums.ts";
import type { AccountShape, PoolTotalShape } from "./status/pool_shapes.ts";
import type { SummaryShape } from "./status/shapes.ts";

/** The most series of sub-accounts; open sub-accounts come first. */
const MAX_ACCOUNTS = 1000;

/** The data for the metrics. */
export interface MetricsInput {
  /** The totals of the program. */
  readonly summary: SummaryShape;
  /** Every pool of the configuration. */
  readonly pools: readonly PoolTotalShape[];
  /** Every sub-account. */
  readonly accounts: Iterable<AccountShape>;
  /** The workers that get series of their own. */
  readonly workers: readonly Worker[];
  /** Workers in trouble that are listed by name. */
  readonly troubled: readonly TroubledWorker[];
}

/** Yields the text of all metrics in steps: there may be thousands of accounts and workers. */
export function* formatMetrics(
  input: MetricsInput,
  format: MetricsFormat,
): Generator<string, void> {
  const page = new MetricsPage(format);
  writeSummary(page, input.summary);
  writeAttention(page, input.summary.attention);
  writeHistory(page, input.summary.history);
  writeNotify(page, input.summary.notify);
  yield page.take();
  writePools(page, input.pools);
  yield page.take();
  yield* writeAccounts(page, yield* toldApart(input.accounts));
  yield* writeWorkers(page, input.workers);
  yield* writeTroubledWorkers(page, input.troubled);
  page.end();
  yield page.take();
}

const NO_LABELS: Labels = {};

/** Makes a sample for each member of `values`, with its name as the label. */
function each(label: string, values: Readonly<Record<string, number>>): Sample[] {
  return Object.entries(values).map(([name, value]) => [{ [label]: name }, value]);
}

function one(value: number): Sample[] {
  return [[NO_LABELS, value]];
}

/** Returns how shares ended: one sample for each result and reason. */
function ends(labels: Labels, shares: SharesShape): Sample[] {
  const ofReasons = (result: string, reasons: Readonly<Record<string, number>>): Sample[] =>
    Object.entries(reasons).map(([reason, count]) => [{ ...labels, result, reason }, count]);
  return [
    [{ ...labels, result: "accepted", reason: "" }, shares.accepted],
    ...ofReasons("rejected", shares.rejected),
    ...ofReasons("refused", shares.refused),
    ...ofReasons("unanswered", shares.unanswered),
    [{ ...labels, result: "assumed", reason: "" }, unjudgedShares(shares)],
    [{ ...labels, result: "kept", reason: "" }, shares.kept],
    [{ ...labels, result: "outage", reason: "" }, shares.outage],
  ];
}

/** Returns how shares ended, by result alone: for labels that may be many. */
function results(labels: Labels, shares: SharesShape): Sample[] {
  const sum = (reasons: Readonly<Record<string, number>>) =>
    Object.values(reasons).reduce((total, count) => total + count, 0);
  return [
    [{ ...labels, result: "accepted" }, shares.accepted],
    [{ ...labels, result: "rejected" }, sum(shares.rejected)],
    [{ ...labels, result: "refused" }, sum(shares.refused)],
    [{ ...labels, result: "unanswered" }, sum(shares.unanswered)],
    [{ ...labels, result: "assumed" }, unjudgedShares(shares)],
    [{ ...labels, result: "kept" }, shares.kept],
    [{ ...labels, result: "outage" }, shares.outage],
  ];
}

function writeSummary(page: MetricsPage, summary: SummaryShape): void {
  const { miners, hashrate, shares, process, version, deno } = summary;
  page.gauge("btcagent_build_info", "Versions of btcagent and Deno.", [[{ version, deno }, 1]]);
  page.gauge("btcagent_serving", "1 if miners have a pool to work for.", one(+summary.serving));
  const { done, failed, last_at: lastAt, last_went_well: wentWell } = summary.reloads;
  page.counter("btcagent_config_reloads", "Reloads of the configuration, by result.", [
    [{ result: "done" }, done],
    [{ result: "failed" }, failed],
  ]);
  page.gauge(
    "btcagent_config_last_reload_successful",
    "0 if the last reload failed and the previous configuration is still in force.",
    one(+wentWell),
  );
  page.gauge(
    "btcagent_config_last_reload_timestamp_seconds",
    "When the configuration was last read, at the start or by a reload, in seconds since 1970.",
    one(Date.parse(lastAt ?? summary.started_at) / 1000),
  );
  page.gauge("btcagent_miners", "Connected miners by state, from connected to working.", [
    ...each("state", miners.states),
  ]);
  page.gauge(
    "btcagent_miners_limit",
    "The most miners that may be connected at a time.",
    one(miners.most),
  );
  page.gauge(
    "btcagent_asicboost_miners",
    "Working miners by version rolling; cannot_narrow are those that rolled bits their pool did " +
      "not allow.",
    [
      ...each("state", miners.asicboost),
    ],
  );
  page.gauge("btcagent_accounts", "Open sub-accounts.", one(summary.accounts));
  page.gauge(
    "btcagent_hashrate_hashes_per_second",
    "Hashrate of all miners, estimated from the difficulties of good shares over the window.",
    [
      [{ window: "1m" }, hashrate.minutes_1],
      [{ window: "15m" }, hashrate.minutes_15],
      [{ window: "1h" }, hashrate.minutes_60],
    ],
  );
  page.counter(
    "btcagent_blocks_lost",
    "Blocks that did not reach the pool or got no answer; the log has a line for each.",
    one(summary.shares.blocks_lost),
  );
  page.counter(
    "btcagent_credited_difficulty",
    "Sum of the difficulties of all good shares: accepted, kept, or sent to a pool that gives no " +
      "verdicts. Multiply its rate by 2^32 for the hashrate.",
    one(summary.credited_difficulty),
  );
  page.counter("btcagent_shares_received", "Shares received from miners.", one(shares.received));
  page.counter("btcagent_shares_submitted", "Shares sent to pools.", one(shares.submitted));
  page.counter(
    "btcagent_shares_ended",
    "Shares by result and reason. Kept shares are good for their miner but below the pool's " +
      "difficulty: credited, not sent. Assumed shares were sent to a pool that gives no verdicts.",
    ends({}, shares),
  );
  page.gauge(
    "btcagent_shares_waiting",
    "Submitted shares whose miner waits for the verdict.",
    one(shares.waiting),
  );
  page.gauge(
    "btcagent_shares_early_open",
    "Submitted shares that were answered true because their verdict is late, and have none yet.",
    one(shares.early_open),
  );
  page.counter(
    "btcagent_shares_early",
    "Shares that were answered true because their verdict was late.",
    one(shares.early),
  );
  page.counter(
    "btcagent_shares_early_rejected",
    "Shares that the pool rejected after they had been answered true.",
    one(shares.early_rejected),
  );
  page.counter("btcagent_stray_verdicts", "Verdicts for which no share was waiting, by reason.", [
    ...each("reason", summary.stray_verdicts),
  ]);
  page.counter(
    "btcagent_silent_connections",
    "Connections that ended without sending a byte, as those of health checks do.",
    one(miners.silent_connections),
  );
  page.counter(
    "btcagent_health_checks",
    "Connections of load balancers with a PROXY header for no miner, and nothing after it, or " +
      "without a byte.",
    one(miners.health_checks),
  );
  page.counter(
    "btcagent_miner_read_bytes",
    "Payload bytes read from miners.",
    one(miners.bytes_read),
  );
  page.counter(
    "btcagent_miner_written_bytes",
    "Payload bytes written to miners.",
    one(miners.bytes_written),
  );
  page.counter(
    "btcagent_miner_moves",
    "Moves of miners from one pool connection to another.",
    one(summary.moves),
  );
  page.counter(
    "btcagent_miners_outgrown",
    "Miners that had to reconnect because the pools leave too few bytes for their extranonces.",
    one(summary.outgrown),
  );
  page.counter(
    "btcagent_outage_seconds",
    "Time that sub-accounts were open without a pool, summed over all of them.",
    one(summary.outage_seconds),
  );
  page.counter("btcagent_limit_reached", "Times that each bound was reached.", [
    ...each("limit", summary.limits),
  ]);
  page.gauge(
    "btcagent_certificate_expiry_timestamp_seconds",
    "When a certificate shown to miners expires, in seconds since 1970.",
    summary.certificates.map(({ file, expires_at: end }) => [{ file }, Date.parse(end) / 1000]),
  );
  page.histogram(
    "btcagent_verdict_latency_seconds",
    "Time from handing a share to the pool's connection until its verdict.",
    summary.verdict_latency,
  );
  page.histogram(
    "btcagent_job_fanout_seconds",
    "Time from a new message for all miners, usually a job, until the last miner of one port " +
      "had its turn.",
    summary.job_fanout,
  );
  page.gauge(
    "process_resident_memory_bytes",
    "Resident memory of the process.",
    one(process.resident_bytes),
  );
  page.gauge(
    "btcagent_heap_bytes",
    "Memory in use on the JavaScript heap.",
    one(process.heap_bytes),
  );
  page.gauge(
    "btcagent_sockets",
    "Sockets in use: miners, pools and listening ports.",
    one(process.sockets),
  );
  page.gauge(
    "process_max_fds",
    "The most files that may be open.",
    process.open_files_limit === null ? [] : one(process.open_files_limit),
  );
  page.gauge(
    "process_start_time_seconds",
    "When the program started, in seconds since 1970.",
    one(Date.parse(summary.started_at) / 1000),
  );
}

function writePools(page: MetricsPage, pools: readonly PoolTotalShape[]): void {
  const labelled = pools.map((pool) => ({
    pool,
    labels: { pool: pool.address, position: String(pool.position) },
  }));
  const of = (value: (pool: PoolTotalShape) => number): Sample[] =>
    labelled.map(({ pool, labels }) => [labels, value(pool)]);
  page.gauge(
    "btcagent_pool_info",
    "The pool's protocol: agent, stratum, sv2, or unknown until it is found out.",
    labelled.map(({ pool, labels }): Sample => [{ ...labels, kind: pool.kind }, 1]),
  );
  page.gauge(
    "btcagent_pool_accounts",
    "Open sub-accounts by the state of their connections to the pool.",
    labelled.flatMap(({ pool, labels }) =>
      each("state", pool.accounts).map(([state, count]): Sample => [{ ...labels, ...state }, count])
    ),
  );
  page.gauge("btcagent_pool_miners", "Miners working for the pool.", of(({ miners }) => miners));
  page.gauge(
    "btcagent_pool_worker_connections",
    "Connections for one worker each, by state; only where workers is connection.",
    labelled.flatMap(({ pool, labels }) =>
      each("state", pool.worker_connections).map(([state, count]): Sample => [
        { ...labels, ...state },
        count,
      ])
    ),
  );
  page.gauge(
    "btcagent_pool_job_age_seconds",
    "Age of the last job, on the serving connection where it is oldest.",
    labelled.flatMap(({ pool, labels }): Sample[] =>
      pool.job_age_seconds === null ? [] : [[labels, pool.job_age_seconds]]
    ),
  );
  page.gauge(
    "btcagent_pool_extranonce_bytes",
    "Bytes of extranonce2 that the pool leaves; fewer than 8 are not enough for every kind of " +
      "miner.",
    labelled.flatMap(({ pool, labels }): Sample[] =>
      pool.extranonce2_bytes === null ? [] : [[labels, pool.extranonce2_bytes]]
    ),
  );
  page.counter(
    "btcagent_pool_connects",
    "Connections to the pool that became ready.",
    of(({ connects }) => connects),
  );
  page.counter(
    "btcagent_pool_failures",
    "Connections to the pool that failed before they were ready.",
    of((pool) => pool.failures),
  );
  page.counter(
    "btcagent_pool_losses",
    "Connections to the pool that were lost after they were ready.",
    of(({ losses }) => losses),
  );
  page.counter(
    "btcagent_pool_activations",
    "Times that a connection began to serve miners.",
    of(({ activations }) => activations),
  );
  page.counter(
    "btcagent_pool_empty_job_seconds",
    "Time that the pool's newest job had no transactions but the coinbase, summed over " +
      "sub-accounts.",
    of((pool) => pool.empty_job_seconds),
  );
  page.counter(
    "btcagent_pool_behind_seconds",
    "Time that the pool's jobs were on a block that other pools had left over 30 s before, " +
      "counted once that is certain, summed over sub-accounts.",
    of((pool) => pool.behind_seconds),
  );
  page.counter(
    "btcagent_pool_payout_changes",
    "Jobs that did not pay an output that the pool's earlier jobs paid.",
    of((pool) => pool.payout_changes),
  );
  page.counter(
    "btcagent_pool_read_bytes",
    "Payload bytes read from the pool.",
    of((p) => p.traffic.bytes_read),
  );
  page.counter(
    "btcagent_pool_written_bytes",
    "Payload bytes written to the pool.",
    of((p) => p.traffic.bytes_written),
  );
  page.counter(
    "btcagent_pool_read_frames",
    "Messages read from the pool: binary frames of an agent pool, lines of a Stratum pool.",
    of((p) => p.traffic.frames_read),
  );
  page.counter(
    "btcagent_pool_written_frames",
    "Messages queued for the pool: binary frames to an agent pool, lines to a Stratum pool.",
    of(({ traffic }) => traffic.frames_written),
  );
  page.counter(
    "btcagent_pool_ignored_frames",
    "Messages read from a Stratum V2 pool that had no effect: unknown ones, jobs that cannot be " +
      "used, verdicts on no share.",
    of(({ traffic }) => traffic.frames_ignored),
  );
  page.counter(
    "btcagent_pool_shares_submitted",
    "Shares sent to the pool.",
    of((p) => p.shares.submitted),
  );
  page.counter(
    "btcagent_pool_shares_ended",
    "Shares on the pool's connections by result and reason.",
    labelled.flatMap(({ pool, labels }) => ends(labels, pool.shares)),
  );
  page.counter(
    "btcagent_pool_shares_early",
    "Shares that were answered true because the pool's verdict was late.",
    of(({ shares }) => shares.early),
  );
  page.counter(
    "btcagent_pool_shares_early_rejected",
    "Shares that the pool rejected after they had been answered true.",
    of(({ shares }) => shares.early_rejected),
  );
  page.counter(
    "btcagent_pool_shares_contradicted",
    "Shares that the pool rejected as low difficulty although btcagent finds them good, or, " +
      "with verify, accepted although they are too low.",
    of(({ shares }) => shares.contradicted),
  );
  page.counter(
    "btcagent_pool_blocks",
    "Shares sent that are blocks as btcagent calculates it.",
    of(({ shares }) => shares.blocks),
  );
  page.counter(
    "btcagent_pool_blocks_lost",
    "Blocks that did not reach the pool or got no answer.",
    of(({ shares }) => shares.blocks_lost),
  );
  page.counter(
    "btcagent_pool_credited_difficulty",
    "Sum of the difficulties that the pool counts for the shares it accepted. Multiply its rate " +
      "by 2^32 for the hashrate that the pool sees.",
    of((pool) => pool.credited_difficulty),
  );
  page.counter(
    "btcagent_pool_brake_lost_difficulty",
    "Difficulty of the work that the pool did not count while its difficulty was far too low " +
      "for the miners.",
    of((pool) => pool.brake_lost_difficulty),
  );
}

function* writeAccounts(
  page: MetricsPage,
  accounts: readonly AccountShape[],
): Generator<string, void> {
  const of = (value: (account: AccountShape) => number) => (account: AccountShape): Sample[] => [
    [{ account: account.account }, value(account)],
  ];
  yield* page.family(
    "gauge",
    "btcagent_account_miners",
    "Connected miners of the sub-account.",
    accounts,
    of(({ miners }) => miners),
  );
  yield* page.family(
    "gauge",
    "btcagent_account_hashrate_hashes_per_second",
    "Hashrate of the sub-account, estimated from good shares over 15 minutes.",
    accounts,
    of(({ hashrate }) => hashrate.minutes_15),
  );
  yield* page.family(
    "counter",
    "btcagent_account_outage_seconds",
    "Time that the sub-account was open without a pool.",
    accounts,
    of((account) => account.outage_seconds),
  );
  yield* page.family(
    "counter",
    "btcagent_account_shares_ended",
    "Shares of the sub-account by result.",
    accounts,
    ({ account, shares }) => results({ account }, shares),
  );
}

/**
 * Yields the first accounts. Names that are equal after they are made printable are changed,
 * because a scrape must not contain a series twice.
 */
function* toldApart(all: Iterable<AccountShape>): Generator<string, readonly AccountShape[]> {
  const accounts: AccountShape[] = [];
  const seen = new Set<string>();
  for (const account of all) {
    if (accounts.length === MAX_ACCOUNTS) break;
    const name = printable(account.account);
    let told = name;
    for (let count = 2; seen.has(told); count++) told = `${name} #${count}`;
    seen.add(told);
    accounts.push({ ...account, account: told });
    yield "";
  }
  return accounts;
}
