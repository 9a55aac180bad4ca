/**
 * Reports of the proxy's parts → the shapes of the status server's answers.
 */

import { formatHex32 } from "../base/hex.ts";
import {
  REFUSE_REASONS,
  REJECT_REASONS,
  type SnakeCase,
  snakeCase,
  UNANSWERED_REASONS,
} from "../base/share_reasons.ts";
import type { MinerReport } from "../miner/report.ts";
import type { AccountReport, PastPool } from "../mux/accounts.ts";
import {
  countOf,
  Ledger,
  type LedgerSnapshot,
  type ShareCounter,
  waitingIn,
} from "../mux/books/ledger.ts";
import type { Occupancy } from "../mux/multiplexer.ts";
import { NO_POOL_COUNTS, type PoolCounts, sumOfPoolCounts } from "../mux/books/pool_counts.ts";
import type { Traffic } from "../mux/books/traffic.ts";
import type { PoolReport } from "../mux/upstreams.ts";
import type { Hashrates } from "../mux/books/work_table.ts";
import type { HistogramSnapshot } from "../observe/histogram.ts";
import type {
  AccountShape,
  HistogramShape,
  MinerShape,
  PoolShape,
  PoolTotalShape,
  SharesShape,
  SummaryShape,
} from "../observe/status/shapes.ts";

/** Where shares ended. */
export function sharesShape(shares: LedgerSnapshot): SharesShape {
  return {
    received: shares.received,
    refused: byReason(REFUSED, shares),
    outage: shares.outage,
    submitted: shares.submitted,
    accepted: shares.accepted,
    rejected: byReason(REJECTED, shares),
    assumed: shares.assumed,
    unanswered: byReason(UNANSWERED, shares),
    waiting: waitingIn(shares),
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
    frames_read: traffic.framesRead,
    frames_written: traffic.framesWritten,
  };
}

/** The same counts with the names of the API. */
export function snakeKeys(counts: Readonly<Record<string, number>>): Record<string, number> {
  return Object.fromEntries(
    Object.entries(counts).map(([key, count]) => [snakeCase(key), count]),
  );
}

/** Now, on both clocks (base/attended_clock.ts): what ages are told by, and hashrates. */
export interface Moment {
  /** Attended time. */
  readonly time: number;
  /** Real time. */
  readonly realTime: number;
}

/** One miner of `account` at that moment. */
export function minerShape(
  report: MinerReport,
  account: string,
  counter: ShareCounter,
  { time, realTime }: Moment,
): MinerShape {
  const { sessionId } = report;
  const connectedAt = realTime - (time - report.connectedAt);
  const rate = (windowMs: number) =>
    counter.minerHashrate(sessionId, windowMs, connectedAt, realTime);
  const since = (moment: number) => Math.max(0, time - moment) / 1000;
  return {
    id: sessionId === undefined ? null : formatHex32(sessionId),
    address: report.address,
    user: report.user,
    account,
    worker: report.workerName,
    client_agent: report.clientAgent,
    state: report.state,
    connected_seconds: since(report.connectedAt),
    silent_seconds: since(report.lastActiveAt),
    last_share_seconds: report.lastShareAt === 0 ? null : since(report.lastShareAt),
    upstream: report.upstreamName ?? null,
    difficulty: report.difficulty ?? null,
    version_mask: formatHex32(report.versionMask),
    asicboost: report.rolling,
    // Worked out when asked for: of ten thousand rows most are only filtered and sorted.
    get hashrate() {
      return { minutes_15: rate(900_000), minutes_60: rate(3_600_000) };
    },
    get shares() {
      return sharesShape(counter.minerShares(sessionId));
    },
  };
}

/** One sub-account with its pools, at `time`. */
export function accountShape(
  { name, open, shares, moves, outageMs }: AccountReport,
  time: number,
): AccountShape {
  const mux = open?.mux;
  return {
    account: name,
    open: open !== undefined,
    miners: mux?.miners ?? 0,
    waiting_miners: mux?.waitingMiners ?? 0,
    moves,
    outage_seconds: outageMs / 1000,
    hashrate: hashrateShape(mux?.hashrates ?? { minute: 0, quarter: 0, hour: 0 }),
    shares: sharesShape(shares),
    // One that was taken from the list is shown for as long as it has connections.
    pools: (open?.upstreams.pools ?? [])
      .filter(({ isListed, connections }) => isListed || connections.length > 0)
      .map((report) => poolShape(report, mux!.occupancies, mux!.sharesAt(report.poolId), time)),
  };
}

/** One pool of an account, at `time`. */
export function poolShape(
  report: PoolReport,
  occupancies: readonly Occupancy[],
  shares: LedgerSnapshot,
  time: number,
): PoolShape {
  const connections = report.connections.map(({ name, role, ageMs, agreed }) => {
    const there = occupancies.find(({ upstream }) => upstream.name === name);
    return {
      name,
      role: role === "active" ? "serving" as const : role,
      age_seconds: ageMs / 1000,
      miners: there?.miners ?? 0,
      job_age_seconds: there?.jobAt === undefined ? null : (time - there.jobAt) / 1000,
      difficulty: agreed?.terms.startingDifficulty ?? null,
      version_mask: agreed === undefined ? null : formatHex32(agreed.versionMask),
      verdicts: agreed === undefined ? null : agreed.terms.verdicts === "given",
    };
  });
  const state = (["serving", "spare", "opening"] as const).find((role) =>
    connections.some((connection) => connection.role === role)
  );
  return {
    address: report.address,
    account: report.account,
    listed: report.isListed,
    state: state ?? "waiting",
    reason: report.trouble ?? "",
    retry_in_seconds: report.retryInMs / 1000,
    connections,
    connects: report.connects,
    failures: report.failures,
    losses: report.losses,
    activations: report.activations,
    traffic: trafficShape(report.traffic),
    shares: sharesShape(shares),
  };
}

/** What one pool of the configuration is to all sub-accounts together, added up one by one. */
export class PoolTotal {
  readonly #pool: Pick<PoolTotalShape, "position" | "address" | "pinned">;
  readonly #states = { serving: 0, spare: 0, opening: 0, waiting: 0 };
  #counts = NO_POOL_COUNTS;
  #miners = 0;
  readonly #shares = new Ledger();
  #jobAge: number | null = null;
  #trouble: PoolReport | undefined;

  /** Begins with what closed sub-accounts have left. */
  constructor(
    pool: Pick<PoolTotalShape, "position" | "address" | "pinned">,
    past: PastPool | undefined,
  ) {
    this.#pool = pool;
    if (past !== undefined) this.#count(past, past.shares);
  }

  /** Adds the pool of one more sub-account at `time`. */
  add(
    report: PoolReport,
    occupancies: readonly Occupancy[],
    shares: LedgerSnapshot,
    time: number,
  ): void {
    const { state, connections } = poolShape(report, occupancies, shares, time);
    this.#states[state]++;
    this.#count(report, shares);
    if (report.trouble !== undefined) this.#trouble ??= report;
    for (const { role, miners, job_age_seconds: age } of connections) {
      this.#miners += miners;
      if (role === "serving" && age !== null) this.#jobAge = Math.max(this.#jobAge ?? 0, age);
    }
  }

  /** All of it. */
  get shape(): PoolTotalShape {
    const { traffic, ...counts } = this.#counts;
    return {
      ...this.#pool,
      accounts: this.#states,
      miners: this.#miners,
      ...counts,
      job_age_seconds: this.#jobAge,
      traffic: trafficShape(traffic),
      shares: sharesShape(this.#shares.snapshot()),
      reason: this.#trouble?.trouble ?? "",
      retry_in_seconds: (this.#trouble?.retryInMs ?? 0) / 1000,
    };
  }

  #count(more: PoolCounts, shares: LedgerSnapshot): void {
    this.#counts = sumOfPoolCounts(this.#counts, more);
    this.#shares.merge(shares);
  }
}
