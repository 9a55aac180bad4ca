/**
 * Everything that is counted as metrics: text that Prometheus reads, in its own format or as
 * OpenMetrics. Pure.
 *
 * Counters only grow, for as long as the program runs and their labels are there; what may shrink
 * is a gauge. Labels are bounded: states and reasons of ours, the pools of the configuration, at
 * most {@linkcode MAX_ACCOUNTS} sub-accounts, and as many workers as the operator asks for.
 */

import { printable } from "../base/printable.ts";
import { writeAttention } from "./attention_metrics.ts";
import { type Labels, type MetricsFormat, MetricsPage, type Sample } from "./exposition.ts";
import { type TroubledWorker, writeTroubledWorkers } from "./trouble_metrics.ts";
import { type Worker, writeWorkers } from "./worker_metrics.ts";
import type { AccountShape, PoolTotalShape, SharesShape, SummaryShape } from "./status/shapes.ts";

/** Series of sub-accounts: those that are open come first. */
const MAX_ACCOUNTS = 1000;

/** What metrics are made from. */
export interface MetricsInput {
  /** Everything in sum. */
  readonly summary: SummaryShape;
  /** Every pool of the configuration. */
  readonly pools: readonly PoolTotalShape[];
  /** Every sub-account. */
  readonly accounts: Iterable<AccountShape>;
  /** The workers that get series of their own. */
  readonly workers: readonly Worker[];
  /** Those in trouble that are named. */
  readonly troubled: readonly TroubledWorker[];
}

/** The text of all metrics, in steps: there may be thousands of accounts and workers. */
export function* formatMetrics(
  input: MetricsInput,
  format: MetricsFormat,
): Generator<string, void> {
  const page = new MetricsPage(format);
  writeSummary(page, input.summary);
  writeAttention(page, input.summary.attention);
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

/** A sample for each member, its name as the label. */
function each(label: string, values: Readonly<Record<string, number>>): Sample[] {
  return Object.entries(values).map(([name, value]) => [{ [label]: name }, value]);
}

function one(value: number): Sample[] {
  return [[NO_LABELS, value]];
}

/** Where shares ended: one sample for each result and reason. */
function ends(labels: Labels, shares: SharesShape): Sample[] {
  const ofReasons = (result: string, reasons: Readonly<Record<string, number>>): Sample[] =>
    Object.entries(reasons).map(([reason, count]) => [{ ...labels, result, reason }, count]);
  return [
    [{ ...labels, result: "accepted", reason: "" }, shares.accepted],
    ...ofReasons("rejected", shares.rejected),
    ...ofReasons("refused", shares.refused),
    ...ofReasons("unanswered", shares.unanswered),
    [{ ...labels, result: "assumed", reason: "" }, shares.assumed],
    [{ ...labels, result: "kept", reason: "" }, shares.kept],
    [{ ...labels, result: "outage", reason: "" }, shares.outage],
  ];
}

/** Where shares ended, by result alone: for what there may be many of. */
function results(labels: Labels, shares: SharesShape): Sample[] {
  const sum = (reasons: Readonly<Record<string, number>>) =>
    Object.values(reasons).reduce((total, count) => total + count, 0);
  return [
    [{ ...labels, result: "accepted" }, shares.accepted],
    [{ ...labels, result: "rejected" }, sum(shares.rejected)],
    [{ ...labels, result: "refused" }, sum(shares.refused)],
    [{ ...labels, result: "unanswered" }, sum(shares.unanswered)],
    [{ ...labels, result: "assumed" }, shares.assumed],
    [{ ...labels, result: "kept" }, shares.kept],
    [{ ...labels, result: "outage" }, shares.outage],
  ];
}

function writeSummary(page: MetricsPage, summary: SummaryShape): void {
  const { miners, hashrate, shares, process, version, deno } = summary;
  page.gauge("btcagent_build_info", "The versions in use.", [[{ version, deno }, 1]]);
  page.gauge("btcagent_serving", "1 if miners have a pool to work for.", one(+summary.serving));
  const { done, failed, last_at: lastAt, last_went_well: wentWell } = summary.reloads;
  page.counter("btcagent_config_reloads", "How often the configuration was read again.", [
    [{ result: "done" }, done],
    [{ result: "failed" }, failed],
  ]);
  page.gauge(
    "btcagent_config_last_reload_successful",
    "0 if the last reload failed and the configuration before it is in force.",
    one(+wentWell),
  );
  page.gauge(
    "btcagent_config_last_reload_timestamp_seconds",
    "When the configuration was last read, the start included.",
    one(Date.parse(lastAt ?? summary.started_at) / 1000),
  );
  page.gauge("btcagent_miners", "Connected miners by how far they have come.", [
    ...each("state", miners.states),
  ]);
  page.gauge("btcagent_miners_limit", "How many miners are let in.", one(miners.most));
  page.gauge(
    "btcagent_asicboost_miners",
    "Working miners by whether they roll versions; cannot_narrow for those that rolled bits their pool did not allow.",
    [
      ...each("state", miners.asicboost),
    ],
  );
  page.gauge("btcagent_accounts", "Sub-accounts that are open.", one(summary.accounts));
  page.gauge(
    "btcagent_hashrate_hashes_per_second",
    "Estimated from the difficulties of good shares over the window.",
    [
      [{ window: "1m" }, hashrate.minutes_1],
      [{ window: "15m" }, hashrate.minutes_15],
      [{ window: "1h" }, hashrate.minutes_60],
    ],
  );
  page.counter(
    "btcagent_blocks_lost",
    "Blocks that did not reach the pool, or that it never answered; the log has each.",
    one(summary.shares.blocks_lost),
  );
  page.counter(
    "btcagent_credited_difficulty",
    "Difficulties of all shares accepted, assumed or kept. Multiply its rate by 2^32 for the hashrate.",
    one(summary.credited_difficulty),
  );
  page.counter("btcagent_shares_received", "Shares that miners sent.", one(shares.received));
  page.counter("btcagent_shares_submitted", "Shares sent on to pools.", one(shares.submitted));
  page.counter(
    "btcagent_shares_ended",
    "Shares by where and why they ended; kept are good for their miner, below the pool's difficulty: credited, not sent.",
    ends({}, shares),
  );
  page.gauge(
    "btcagent_shares_waiting",
    "Submitted shares whose verdict may still come.",
    one(shares.waiting),
  );
  page.counter("btcagent_stray_verdicts", "Verdicts no miner waited for.", [
    ...each("reason", summary.stray_verdicts),
  ]);
  page.counter(
    "btcagent_silent_connections",
    "Connections that ended without having sent a byte, as health checks do.",
    one(miners.silent_connections),
  );
  page.counter("btcagent_miner_read_bytes", "Payload from miners.", one(miners.bytes_read));
  page.counter("btcagent_miner_written_bytes", "Payload to miners.", one(miners.bytes_written));
  page.counter(
    "btcagent_miner_moves",
    "How often a miner changed from one pool connection to another.",
    one(summary.moves),
  );
  page.counter(
    "btcagent_miners_outgrown",
    "How often a miner had to reconnect, since the pools leave too few bytes for its extranonces.",
    one(summary.outgrown),
  );
  page.counter(
    "btcagent_outage_seconds",
    "How long sub-accounts were open and had no pool, all together.",
    one(summary.outage_seconds),
  );
  page.counter("btcagent_limit_reached", "How often each bound was reached.", [
    ...each("limit", summary.limits),
  ]);
  page.gauge(
    "btcagent_certificate_expiry_timestamp_seconds",
    "When a certificate shown to miners ends, seconds since 1970.",
    summary.certificates.map(({ file, expires_at: end }) => [{ file }, Date.parse(end) / 1000]),
  );
  page.histogram(
    "btcagent_verdict_latency_seconds",
    "From handing a share to the pool's connection to its verdict.",
    summary.verdict_latency,
  );
  page.histogram(
    "btcagent_job_fanout_seconds",
    "From news for miners, a job mostly, until the last of them on one port had its turn.",
    summary.job_fanout,
  );
  page.gauge(
    "process_resident_memory_bytes",
    "Memory of the process.",
    one(process.resident_bytes),
  );
  page.gauge("btcagent_heap_bytes", "Memory of the JavaScript heap.", one(process.heap_bytes));
  page.gauge("btcagent_sockets", "Sockets: miners, pools, listening.", one(process.sockets));
  page.gauge(
    "process_max_fds",
    "Files that may be open.",
    process.open_files_limit === null ? [] : one(process.open_files_limit),
  );
  page.gauge(
    "process_start_time_seconds",
    "When the program started, seconds since 1970.",
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
    "What the pool speaks: agent, stratum, or unknown while that is being found out.",
    labelled.map(({ pool, labels }): Sample => [{ ...labels, kind: pool.kind }, 1]),
  );
  page.gauge(
    "btcagent_pool_accounts",
    "Open sub-accounts by what the pool is to them.",
    labelled.flatMap(({ pool, labels }) =>
      each("state", pool.accounts).map(([state, count]): Sample => [{ ...labels, ...state }, count])
    ),
  );
  page.gauge("btcagent_pool_miners", "Miners that work for the pool.", of(({ miners }) => miners));
  page.gauge(
    "btcagent_pool_worker_connections",
    "Connections for one worker each by state, where workers is connection.",
    labelled.flatMap(({ pool, labels }) =>
      each("state", pool.worker_connections).map(([state, count]): Sample => [
        { ...labels, ...state },
        count,
      ])
    ),
  );
  page.gauge(
    "btcagent_pool_job_age_seconds",
    "Since the last job, on the serving connection where that is longest.",
    labelled.flatMap(({ pool, labels }): Sample[] =>
      pool.job_age_seconds === null ? [] : [[labels, pool.job_age_seconds]]
    ),
  );
  page.gauge(
    "btcagent_pool_extranonce_bytes",
    "Bytes of extranonce2 that the pool leaves; below 8 not every kind of miner has room.",
    labelled.flatMap(({ pool, labels }): Sample[] =>
      pool.extranonce2_bytes === null ? [] : [[labels, pool.extranonce2_bytes]]
    ),
  );
  page.counter("btcagent_pool_connects", "Connections ready.", of(({ connects }) => connects));
  page.counter("btcagent_pool_failures", "Connections never ready.", of((pool) => pool.failures));
  page.counter("btcagent_pool_losses", "Connections lost.", of(({ losses }) => losses));
  page.counter(
    "btcagent_pool_activations",
    "How often a connection began to serve miners.",
    of(({ activations }) => activations),
  );
  page.counter(
    "btcagent_pool_empty_job_seconds",
    "How long its newest job had no transactions but the coinbase, all sub-accounts together.",
    of((pool) => pool.empty_job_seconds),
  );
  page.counter(
    "btcagent_pool_behind_seconds",
    "How long it worked on a block that others had left 30 s before, counted once that is sure, likewise.",
    of((pool) => pool.behind_seconds),
  );
  page.counter(
    "btcagent_pool_payout_changes",
    "How often a job did not pay an output that the pool's earlier jobs paid.",
    of((pool) => pool.payout_changes),
  );
  page.counter("btcagent_pool_read_bytes", "Payload read.", of((p) => p.traffic.bytes_read));
  page.counter(
    "btcagent_pool_written_bytes",
    "Payload written.",
    of((p) => p.traffic.bytes_written),
  );
  page.counter(
    "btcagent_pool_read_frames",
    "Messages read: binary frames of an agent pool, lines of a Stratum pool.",
    of((p) => p.traffic.frames_read),
  );
  page.counter(
    "btcagent_pool_written_frames",
    "Messages given to connections to be written, likewise.",
    of(({ traffic }) => traffic.frames_written),
  );
  page.counter("btcagent_pool_shares_submitted", "Shares sent.", of((p) => p.shares.submitted));
  page.counter(
    "btcagent_pool_shares_ended",
    "Shares on the pool's connections by where and why they ended.",
    labelled.flatMap(({ pool, labels }) => ends(labels, pool.shares)),
  );
  page.counter(
    "btcagent_pool_shares_contradicted",
    "Shares the pool rejected as low difficulty, though good by our own arithmetic, or, with " +
      "verify, accepted though too low.",
    of(({ shares }) => shares.contradicted),
  );
  page.counter(
    "btcagent_pool_blocks",
    "Shares sent that are blocks by our own arithmetic.",
    of(({ shares }) => shares.blocks),
  );
  page.counter(
    "btcagent_pool_blocks_lost",
    "Blocks for the pool that did not reach it, or that it never answered.",
    of(({ shares }) => shares.blocks_lost),
  );
  page.counter(
    "btcagent_pool_credited_difficulty",
    "Difficulties the pool counts for the shares it accepted. Multiply its rate by 2^32 for the hashrate the pool sees.",
    of((pool) => pool.credited_difficulty),
  );
  page.counter(
    "btcagent_pool_brake_lost_difficulty",
    "Work the pool did not count, as difficulty, while its difficulty was far too low for the miners.",
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
    "Miners of the sub-account.",
    accounts,
    of(({ miners }) => miners),
  );
  yield* page.family(
    "gauge",
    "btcagent_account_hashrate_hashes_per_second",
    "Estimated from good shares over 15 minutes.",
    accounts,
    of(({ hashrate }) => hashrate.minutes_15),
  );
  yield* page.family(
    "counter",
    "btcagent_account_outage_seconds",
    "How long it was open and had no pool.",
    accounts,
    of((account) => account.outage_seconds),
  );
  yield* page.family(
    "counter",
    "btcagent_account_shares_ended",
    "Shares of the sub-account by where they ended.",
    accounts,
    ({ account, shares }) => results({ account }, shares),
  );
}

/** The first accounts, with names that also read differently: a scrape has no series twice. */
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
