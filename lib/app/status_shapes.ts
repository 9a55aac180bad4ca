/**
 * Values of the farm's view → the shapes of the status server's answers.
 */

import { formatHex32 } from "../base/hex.ts";
import type { KindOfPool } from "../base/pool_kind.ts";
import {
  REFUSE_REASONS,
  REJECT_REASONS,
  type SnakeCase,
  snakeCase,
  UNANSWERED_REASONS,
} from "../base/share_reasons.ts";
import { countOf, Ledger, type LedgerSnapshot, waitingIn } from "../mux/books/ledger.ts";
import { NO_POOL_COUNTS, type PoolCounts, sumOfPoolCounts } from "../mux/books/pool_counts.ts";
import type { Traffic } from "../mux/books/traffic.ts";
import type { Hashrates } from "../mux/books/work_table.ts";
import type { HistogramSnapshot } from "../observe/histogram.ts";
import type { HistogramShape, SharesShape } from "../observe/status/count_shapes.ts";
import type { MinerShape } from "../observe/status/miner_shapes.ts";
import type { ChannelShape } from "../observe/status/notify_shapes.ts";
import type { AccountShape, PoolShape, PoolTotalShape } from "../observe/status/pool_shapes.ts";
import type { SummaryShape } from "../observe/status/shapes.ts";
import type {
  CausesShape,
  ConditionShape,
  LossesShape,
  WorkerShape,
} from "../observe/status/worker_shapes.ts";
import type { StatusSource } from "../observe/status/source.ts";
import { type Dimension, DIMENSIONS, partLost, worstOf } from "../workers/causes.ts";
import { OTHERS } from "../workers/origins.ts";
import type { Condition } from "../workers/worker_state.ts";
import type { WorkerView } from "../workers/worker_view.ts";
import type { ReloadHistory } from "./reload.ts";
import type {
  AccountView,
  CausesReport,
  FarmHealth,
  FarmSummary,
  FarmView,
  LossReport,
  MinerView,
  Moment,
  PoolOfList,
  PoolView,
} from "./farm_view.ts";

const DAY_MS = 86_400_000;

/** Hashes that a share of difficulty 1 stands for. */
const HASHES_PER_DIFFICULTY = 2 ** 32;

/** Where shares ended. */
export function sharesShape(shares: LedgerSnapshot): SharesShape {
  return {
    received: shares.received,
    refused: byReason(REFUSED, shares),
    outage: shares.outage,
    kept: shares.kept,
    submitted: shares.submitted,
    accepted: shares.accepted,
    rejected: byReason(REJECTED, shares),
    contradicted: shares.contradicted,
    assumed: shares.assumed,
    early: shares.early,
    early_open: shares.earlyOpen,
    early_rejected: shares.earlyRejected,
    unanswered: byReason(UNANSWERED, shares),
    waiting: waitingIn(shares),
    blocks: shares.blocks,
    blocks_lost: shares.blocksLost,
  };
}

type Ending = "refused" | "rejected" | "unanswered";

type Names<Ended extends Ending, Reason extends string> = readonly (readonly [
  inApi: SnakeCase<Reason>,
  inLedger: `${Ended}${Capitalize<Reason>}`,
])[];

/** What API and ledger call shares that `ended` so for each reason; worked out once. */
function namesOf<Ended extends Ending, Reason extends string>(
  ended: Ended,
  reasons: readonly Reason[],
): Names<Ended, Reason> {
  return reasons.map((reason) => [snakeCase(reason), countOf(ended, reason)]);
}

const REFUSED = namesOf("refused", REFUSE_REASONS);
const REJECTED = namesOf("rejected", REJECT_REASONS);
const UNANSWERED = namesOf("unanswered", UNANSWERED_REASONS);

function byReason<Ended extends Ending, Reason extends string>(
  names: Names<Ended, Reason>,
  shares: Readonly<Record<`${Ended}${Capitalize<Reason>}`, number>>,
): Record<SnakeCase<Reason>, number> {
  const counts: Partial<Record<SnakeCase<Reason>, number>> = {};
  for (const [inApi, inLedger] of names) counts[inApi] = shares[inLedger];
  return counts as Record<SnakeCase<Reason>, number>;
}

/** Estimated hashes a second. */
export function hashrateShape({ minute, quarter, hour }: Hashrates): SummaryShape["hashrate"] {
  return { minutes_1: minute, minutes_15: quarter, minutes_60: hour };
}

/** A histogram, in seconds. */
export function histogramShape({ boundsMs, counts, sumMs }: HistogramSnapshot): HistogramShape {
  return {
    bounds_seconds: boundsMs.map((ms) => ms / 1000),
    counts: [...counts],
    sum_seconds: sumMs / 1000,
  };
}

/** What passed between us and a pool. */
export function trafficShape(traffic: Traffic): SummaryShape["traffic"] {
  return {
    bytes_read: traffic.bytesRead,
    bytes_written: traffic.bytesWritten,
    frames_read: traffic.messagesRead,
    frames_written: traffic.messagesWritten,
    frames_ignored: traffic.messagesIgnored ?? 0,
  };
}

/** The same counts with the names of the API. */
export function snakeKeys(counts: Readonly<Record<string, number>>): Record<string, number> {
  return Object.fromEntries(
    Object.entries(counts).map(([key, count]) => [snakeCase(key), count]),
  );
}

/** Whether miners have a pool to work for, in words. */
export function healthShape(health: FarmHealth): ReturnType<StatusSource["health"]> {
  switch (health.kind) {
    case "served":
      return { serving: true, reason: "" };
    case "stopping":
      return { serving: false, reason: "btcagent is stopping" };
    case "outage": {
      const { trouble } = health;
      const reason = trouble === undefined
        ? "No pool answers yet"
        : `No pool answers; ${trouble.address}: ${trouble.reason}`;
      return { serving: false, reason };
    }
  }
}

/** Whether anything is wrong. */
function attentionShape(
  { workers, nominalHashrate, attention, losses }: Pick<
    FarmSummary,
    "workers" | "nominalHashrate" | "attention" | "losses"
  >,
): SummaryShape["attention"] {
  const { backup, outageSince, outageTodayMs, usualHashrate } = attention;
  return {
    workers: { ...workers.states },
    missing_machines: workers.missingMachines,
    trouble_hashrate: workers.troubleHashrate,
    backup: backup === undefined ? null : {
      pool: backup.pool,
      since: new Date(backup.since).toISOString(),
      instead_of: backup.insteadOf,
      reason: backup.reason,
    },
    outage: {
      since: outageSince === undefined ? null : new Date(outageSince).toISOString(),
      today_seconds: outageTodayMs / 1000,
    },
    expected_hashrate: usualHashrate ?? null,
    nominal_hashrate: nominalHashrate ?? null,
    losses: { hour: lossesShape(losses.hour), day: lossesShape(losses.day) },
  };
}

/** What is the matter with a worker or a miner. */
function conditionShape({ state, reason, part, about }: Condition): ConditionShape {
  return { state, reason, part: part ?? null, about };
}

/** One worker. What takes long to make is made when it is asked for. */
export function workerShape(worker: WorkerView): WorkerShape {
  const seconds = (ms: number | undefined) => ms === undefined ? null : ms / 1000;
  return {
    id: String(worker.id),
    account: worker.account,
    worker: worker.name,
    condition: conditionShape(worker.condition),
    connections: worker.connections,
    usual_connections: worker.usualConnections,
    missing_machines: worker.missingMachines,
    get miners() {
      return worker.sessionIds.map(formatHex32);
    },
    client_agent: worker.clientAgent,
    address: worker.address,
    subnet: worker.subnet,
    first_seen_seconds: worker.firstSeenMs / 1000,
    gone_seconds: seconds(worker.goneMs),
    went: worker.went,
    last_share_seconds: seconds(worker.lastShareMs),
    connects_hour: worker.connectsHour,
    hashrate: { minutes_15: worker.hashrateQuarter, minutes_60: worker.hashrateHour },
    usual_hashrate: worker.usualHashrate ?? null,
    kind_hashrate: worker.kindHashrate ?? null,
    hour: { good: worker.good, lost: worker.lost },
    observations: [...worker.observations],
  };
}

function lossesShape({ sentence, ...work }: LossReport): LossesShape {
  const { good, lost, lostWork } = work;
  return {
    good,
    lost,
    part: partLost(work),
    lost_hashes: lostWork * HASHES_PER_DIFFICULTY,
    sentence,
  };
}

/** What was lost in one stretch of time with its causes, at most `most` along each line. */
export function causesShape(report: CausesReport, most: number): CausesShape["hour"] {
  const all = report.goodWork + report.lostWork;
  const list = (dimension: Dimension) =>
    worstOf(report.by[dimension], most, OTHERS).map((cause) => ({
      name: cause.name,
      good: cause.good,
      lost: cause.lost,
      // A reason is a part of all.
      part: partLost(
        dimension === "reasons" ? { ...cause, goodWork: all - cause.lostWork } : cause,
      ),
      lost_hashes: cause.lostWork * HASHES_PER_DIFFICULTY,
      reasons: cause.reasons,
    }));
  const { reasons, pools, software, subnets, accounts } = Object.fromEntries(
    DIMENSIONS.map((dimension) => [dimension, list(dimension)]),
  ) as Record<Dimension, ReturnType<typeof list>>;
  return { ...lossesShape(report), reasons, pools, software, subnets, accounts };
}

/** Everything in sum, with what the program says of itself. */
export function summaryShape(
  farm: FarmSummary,
  { version, reloads, history, notify }: {
    readonly version: string;
    readonly reloads: ReloadHistory;
    readonly history: SummaryShape["history"];
    /** Channels that alarms are sent to. */
    readonly notify: readonly ChannelShape[];
  },
): SummaryShape {
  const { miners } = farm;
  const { rss, heapUsed } = Deno.memoryUsage();
  return {
    version,
    deno: Deno.version.deno,
    started_at: new Date(farm.startedAt).toISOString(),
    uptime_seconds: farm.uptimeMs / 1000,
    ...healthShape(farm.health),
    miners: {
      connected: miners.connected,
      most: miners.most,
      states: miners.states,
      asicboost: miners.rolling,
      silent_connections: miners.silentConnections,
      health_checks: miners.healthChecks,
      bytes_read: miners.bytesRead,
      bytes_written: miners.bytesWritten,
    },
    attention: attentionShape(farm),
    accounts: farm.accounts,
    pinned_pool: farm.pinnedPool === undefined ? null : farm.pinnedPool + 1,
    reloads: {
      done: reloads.done,
      failed: reloads.failed,
      last_at: reloads.lastAt === undefined ? null : new Date(reloads.lastAt).toISOString(),
      last_went_well: reloads.lastWentWell,
    },
    hashrate: hashrateShape(farm.hashrates),
    credited_difficulty: farm.creditedDifficulty,
    brake_lost_difficulty: farm.brakeLoss,
    shares: sharesShape(farm.shares),
    stray_verdicts: snakeKeys(farm.strayVerdicts),
    traffic: trafficShape(farm.traffic),
    moves: farm.moves,
    outgrown: farm.outgrown,
    outage_seconds: farm.outageMs / 1000,
    history,
    limits: { ...farm.limitCounts },
    certificates: farm.certificates.map(({ file, names, expiresAt }) => ({
      file,
      names,
      expires_at: new Date(expiresAt).toISOString(),
      days_left: (expiresAt - farm.wallTime) / DAY_MS,
    })),
    notify: notify.map((channel) => ({ ...channel })),
    verdict_latency: histogramShape(farm.verdictLatency),
    job_fanout: histogramShape(miners.fanout),
    process: {
      resident_bytes: rss,
      heap_bytes: heapUsed,
      // The status server listens on one, too.
      sockets: farm.sockets + 1,
      open_files_limit: farm.openFilesLimit ?? null,
    },
  };
}

/** One miner at that moment. `counts` has its shares and hashrates, which are asked for late. */
export function minerShape(
  miner: MinerView,
  counts: Pick<FarmView, "minerShares" | "minerHashrate" | "minerCondition">,
  { time, realTime }: Moment,
): MinerShape {
  const { sessionId } = miner;
  const connectedAt = realTime - (time - miner.connectedAt);
  const rate = (windowMs: number) =>
    counts.minerHashrate(sessionId, windowMs, connectedAt, realTime);
  const since = (moment: number) => Math.max(0, time - moment) / 1000;
  return {
    id: sessionId === undefined ? null : formatHex32(sessionId),
    address: miner.address,
    user: miner.user,
    account: miner.account,
    worker: miner.workerName,
    client_agent: miner.clientAgent,
    state: miner.state,
    worker_id: miner.workerId === undefined ? null : String(miner.workerId),
    connected_seconds: since(miner.connectedAt),
    silent_seconds: since(miner.lastActiveAt),
    last_share_seconds: miner.lastShareAt === 0 ? null : since(miner.lastShareAt),
    upstream: miner.upstreamName ?? null,
    difficulty: miner.difficulty ?? null,
    version_mask: formatHex32(miner.versionMask),
    asicboost: miner.rolling,
    // Worked out when asked for: of ten thousand rows most are only filtered and sorted.
    get condition() {
      const condition = counts.minerCondition(miner.attendance, time);
      return condition === undefined ? null : conditionShape(condition);
    },
    get hashrate() {
      return { minutes_15: rate(900_000), minutes_60: rate(3_600_000) };
    },
    get shares() {
      return sharesShape(counts.minerShares(sessionId));
    },
  };
}

/** One sub-account with its pools, at `time`. */
export function accountShape(
  { name, open, shares, moves, outageMs }: AccountView,
  time: number,
): AccountShape {
  return {
    account: name,
    open: open !== undefined,
    miners: open?.miners ?? 0,
    waiting_miners: open?.waitingMiners ?? 0,
    moves,
    outage_seconds: outageMs / 1000,
    hashrate: hashrateShape(open?.hashrates ?? { minute: 0, quarter: 0, hour: 0 }),
    shares: sharesShape(shares),
    // One that was taken from the list is shown for as long as it has connections.
    pools: (open?.pools ?? [])
      .filter(({ isListed, connections }) => isListed || connections.length > 0)
      .map((pool) => poolShape(pool, time)),
  };
}

/** What the jobs of a pool were like. */
function jobCountsShape({ emptyMs, behindMs, payoutChanges }: PoolCounts): Pick<
  PoolShape,
  "empty_job_seconds" | "behind_seconds" | "payout_changes"
> {
  return {
    empty_job_seconds: emptyMs / 1000,
    behind_seconds: behindMs / 1000,
    payout_changes: payoutChanges,
  };
}

/** One pool of an account, at `time`. */
export function poolShape(pool: PoolView, time: number): PoolShape {
  const connections = pool.connections.map((
    { name, kind, role, ageMs, agreed, miners, jobAt, poolDifficulty },
  ) => ({
    name,
    kind,
    role: role === "active" ? "serving" as const : role,
    age_seconds: ageMs / 1000,
    miners,
    job_age_seconds: jobAt === undefined ? null : (time - jobAt) / 1000,
    difficulty: poolDifficulty ?? null,
    version_mask: agreed === undefined ? null : formatHex32(agreed.versionMask),
    verdicts: agreed === undefined ? null : agreed.terms.verdicts === "given",
    extranonce2_bytes: agreed === undefined ? null : agreed.terms.extranonce.bytes,
  }));
  const state = (["serving", "spare", "opening"] as const).find((role) =>
    connections.some((connection) => connection.role === role)
  );
  return {
    address: pool.address,
    kind: pool.kind,
    account: pool.account,
    listed: pool.isListed,
    state: state ?? (pool.isCold ? "cold" : "waiting"),
    reason: pool.trouble ?? "",
    retry_in_seconds: pool.retryInMs / 1000,
    connections,
    worker_connections: { ...pool.workerConnections, miners: pool.minersOnOwn },
    connects: pool.connects,
    failures: pool.failures,
    losses: pool.losses,
    activations: pool.activations,
    ...jobCountsShape(pool),
    traffic: trafficShape(pool.traffic),
    shares: sharesShape(pool.shares),
    credited_difficulty: pool.credited,
    brake_lost_difficulty: pool.brakeLoss,
  };
}

/** What one pool of the configuration is to all sub-accounts together, added up one by one. */
export class PoolTotal {
  /** Which pool it is, whatever its place in the list. */
  readonly poolId: number;
  readonly #pool: Pick<PoolTotalShape, "position" | "address" | "pinned">;
  #kind: KindOfPool;
  readonly #states = { serving: 0, spare: 0, opening: 0, cold: 0, waiting: 0 };
  #counts = NO_POOL_COUNTS;
  #miners = 0;
  readonly #workerConnections = { ready: 0, opening: 0 };
  readonly #shares = new Ledger();
  #credited = 0;
  #brakeLoss = 0;
  #jobAge: number | null = null;
  #extranonce2Bytes: number | null = null;
  #trouble: { readonly reason: string; readonly retryInMs: number } | undefined;

  /** Begins with what closed sub-accounts have left; `position` is its place, from 1. */
  constructor({ poolId, address, kind, isPinned, past }: PoolOfList, position: number) {
    this.poolId = poolId;
    this.#kind = kind;
    this.#pool = { position, address, pinned: isPinned };
    if (past !== undefined) this.#count(past, past);
  }

  /** Adds the pool of one more sub-account at `time`. */
  add(pool: PoolView, time: number): void {
    const { state, connections } = poolShape(pool, time);
    this.#states[state]++;
    if (pool.kind !== "unknown") this.#kind = pool.kind;
    this.#count(pool, pool);
    const { trouble: reason, retryInMs, workerConnections: { ready, opening } } = pool;
    this.#miners += pool.minersOnOwn;
    this.#workerConnections.ready += ready;
    this.#workerConnections.opening += opening;
    if (reason !== undefined) this.#trouble ??= { reason, retryInMs };
    for (const { role, miners, job_age_seconds: age, extranonce2_bytes: bytes } of connections) {
      this.#miners += miners;
      if (bytes !== null) this.#extranonce2Bytes = Math.min(this.#extranonce2Bytes ?? bytes, bytes);
      if (role === "serving" && age !== null) this.#jobAge = Math.max(this.#jobAge ?? 0, age);
    }
  }

  /** All of it. */
  get shape(): PoolTotalShape {
    const { traffic, connects, failures, losses, activations } = this.#counts;
    return {
      ...this.#pool,
      kind: this.#kind,
      accounts: this.#states,
      miners: this.#miners,
      worker_connections: { ...this.#workerConnections },
      connects,
      failures,
      losses,
      activations,
      ...jobCountsShape(this.#counts),
      job_age_seconds: this.#jobAge,
      extranonce2_bytes: this.#extranonce2Bytes,
      traffic: trafficShape(traffic),
      shares: sharesShape(this.#shares.snapshot()),
      credited_difficulty: this.#credited,
      brake_lost_difficulty: this.#brakeLoss,
      reason: this.#trouble?.reason ?? "",
      retry_in_seconds: (this.#trouble?.retryInMs ?? 0) / 1000,
    };
  }

  #count(
    more: PoolCounts,
    { shares, credited, brakeLoss }: Pick<PoolView, "shares" | "credited" | "brakeLoss">,
  ): void {
    this.#counts = sumOfPoolCounts(this.#counts, more);
    this.#shares.merge(shares);
    this.#credited += credited;
    this.#brakeLoss += brakeLoss;
  }
}
