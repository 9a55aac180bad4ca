/**
 * What the status server shows, taken from the parts of the proxy and put into the shapes of its
 * answers. Counts nothing itself.
 */

import { monotonicNow } from "./base/clock.ts";
import { formatHex32 } from "./base/hex.ts";
import type { Config } from "./config/schema.ts";
import type { MinerReport } from "./miner/session.ts";
import { type AccountReport, sumOfShares } from "./mux/accounts.ts";
import { Ledger, type LedgerSnapshot, type ShareCounter, waitingIn } from "./mux/ledger.ts";
import type { Occupancy } from "./mux/multiplexer.ts";
import type { PoolReport, Traffic } from "./mux/peers.ts";
import type { Hashrates } from "./mux/work_table.ts";
import { openFileLimit } from "./net/open_files.ts";
import type { HistogramSnapshot } from "./observe/histogram.ts";
import type { RecentEvents } from "./observe/recent_events.ts";
import type {
  AccountShape,
  EventShape,
  HistogramShape,
  MinerShape,
  PoolShape,
  PoolTotalShape,
  SharesShape,
  SummaryShape,
} from "./observe/status/shapes.ts";
import type { StatusControl, StatusSource } from "./observe/status/source.ts";
import type { Proxy, ProxyParts } from "./proxy.ts";

/** What is looked at. */
export interface StatusViewOptions {
  /** The running proxy. */
  readonly proxy: Proxy;
  /** Its settings. */
  readonly config: Config;
  /** Of btcagent. */
  readonly version: string;
  /** What the log said lately. */
  readonly events: RecentEvents;
}

/** See the head of this file. */
export class StatusView implements StatusSource, StatusControl {
  readonly #options: StatusViewOptions;
  readonly #startedAt = monotonicNow();
  readonly #startedTime = new Date().toISOString();
  readonly #openFiles = openFileLimit();

  /** To be made when the proxy has just started. */
  constructor(options: StatusViewOptions) {
    this.#options = options;
  }

  summary(): SummaryShape {
    const { proxy, version } = this.#options;
    const { miners, accounts, counter } = this.#parts;
    const { connected, working: _, ...rest } = proxy.statistics();
    const { states, rolling } = miners.census;
    const time = monotonicNow();
    const { rss, heapUsed } = Deno.memoryUsage();
    const pools = [...accounts.reports()].flatMap(({ open }) => open?.upstreams.pools ?? []);
    const poolSockets = pools.reduce((sum, { connections }) => sum + connections.length, 0);
    return {
      version,
      deno: Deno.version.deno,
      started_at: this.#startedTime,
      uptime_seconds: (time - this.#startedAt) / 1000,
      ...this.health(),
      miners: {
        connected,
        most: miners.most,
        states,
        asicboost: rolling,
        bytes_read: miners.bytesRead,
      },
      accounts: rest.accounts,
      hashrate: hashrateShape(counter.work.hashrates(0, this.#startedAt, time)),
      credited_difficulty: counter.creditedDifficulty,
      shares: sharesShape(rest.shares),
      stray_verdicts: snakeKeys(rest.strayVerdicts),
      traffic: trafficShape(accounts.traffic),
      moves: accounts.moves,
      outage_seconds: accounts.outageMs / 1000,
      limits: { ...rest.limitCounts },
      verdict_latency: histogramShape(counter.verdictLatency.snapshot()),
      job_fanout: histogramShape(miners.fanout),
      process: {
        resident_bytes: rss,
        heap_bytes: heapUsed,
        sockets: connected + poolSockets + proxy.addresses.length + 1,
        open_files_limit: this.#openFiles ?? null,
      },
    };
  }

  health(): { serving: boolean; reason: string } {
    const { miners, accounts } = this.#parts;
    if (miners.isDraining) return { serving: false, reason: "btcagent is stopping" };
    const open = [...accounts.reports()].flatMap((report) => report.open ?? []);
    const pools = open.flatMap(({ upstreams }) => upstreams.pools);
    const serves = ({ connections }: PoolReport) =>
      connections.some(({ role }) => role === "active");
    // In multi-user mode there are no connections before the first miner: all is well.
    if (open.length === 0 || pools.some(serves)) return { serving: true, reason: "" };
    const trouble = pools.flatMap(({ address, trouble }) =>
      trouble === undefined ? [] : [`${address}: ${trouble}`]
    );
    const [first] = trouble;
    return {
      serving: false,
      reason: `No pool answers${first === undefined ? " yet" : `; ${first}`}`,
    };
  }

  *miners(): Generator<MinerShape> {
    const time = monotonicNow();
    const { miners, counter } = this.#parts;
    for (const report of miners.reports()) yield minerShape(report, counter, time);
  }

  miner(id: number): MinerShape | undefined {
    const { miners, counter } = this.#parts;
    for (const report of miners.reports()) {
      if (report.sessionId === id) return minerShape(report, counter, monotonicNow());
    }
    return undefined;
  }

  pools(): PoolTotalShape[] {
    const { accounts } = this.#parts;
    const open = [...accounts.reports()].flatMap((report) => report.open ?? []);
    return this.#options.config.pools.map(([host, port], place) => {
      const past = accounts.pastPools[place];
      const states = { serving: 0, spare: 0, opening: 0, waiting: 0 };
      const total = {
        miners: 0,
        connects: past?.connects ?? 0,
        failures: past?.failures ?? 0,
        losses: past?.losses ?? 0,
        activations: past?.activations ?? 0,
      };
      let traffic: Traffic = past ??
        { bytesRead: 0, bytesWritten: 0, framesRead: 0, framesWritten: 0 };
      let shares = past?.shares ?? new Ledger().snapshot();
      let jobAge: number | null = null;
      for (const { mux, upstreams } of open) {
        const report = upstreams.pools[place]!;
        const shape = poolShape(report, mux.occupancies, mux.sharesAt(place));
        states[shape.state]++;
        total.connects += report.connects;
        total.failures += report.failures;
        total.losses += report.losses;
        total.activations += report.activations;
        traffic = {
          bytesRead: traffic.bytesRead + report.bytesRead,
          bytesWritten: traffic.bytesWritten + report.bytesWritten,
          framesRead: traffic.framesRead + report.framesRead,
          framesWritten: traffic.framesWritten + report.framesWritten,
        };
        shares = sumOfShares(shares, mux.sharesAt(place));
        for (const { role, miners, job_age_seconds: age } of shape.connections) {
          total.miners += miners;
          if (role === "serving" && age !== null) jobAge = Math.max(jobAge ?? 0, age);
        }
      }
      return {
        position: place + 1,
        address: host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`,
        accounts: states,
        ...total,
        job_age_seconds: jobAge,
        traffic: trafficShape(traffic),
        shares: sharesShape(shares),
      };
    });
  }

  accounts(): AccountShape[] {
    return [...this.#parts.accounts.reports()].map(accountShape);
  }

  events(): EventShape[] {
    return this.#options.events.list().map(({ number, timestamp, level, area, message }) => ({
      number,
      time: new Date(timestamp).toISOString(),
      level,
      area,
      message,
    }));
  }

  config(): Readonly<Record<string, unknown>> {
    const { config } = this.#options;
    return {
      ...config,
      // An address may hold a user and a password.
      proxy: config.proxy.map((address) => address.replace(/^([a-z0-9]*:\/\/)?.*@/i, "$1***@")),
      status: { ...config.status, token: config.status.token === "" ? "" : "***" },
    };
  }

  disconnect(id: number): boolean {
    return this.#parts.miners.disconnect(id, "asked for over the status server");
  }

  get #parts(): ProxyParts {
    return this.#options.proxy.parts;
  }
}

function sharesShape(shares: LedgerSnapshot): SharesShape {
  return {
    received: shares.received,
    refused: {
      illegal: shares.refusedIllegal,
      unauthorized: shares.refusedUnauthorized,
      stale: shares.refusedStale,
      version_mask: shares.refusedVersionMask,
      too_many: shares.refusedTooMany,
    },
    outage: shares.outage,
    submitted: shares.submitted,
    accepted: shares.accepted,
    rejected: {
      stale: shares.rejectedStale,
      duplicate: shares.rejectedDuplicate,
      low_difficulty: shares.rejectedLowDifficulty,
      time_too_old: shares.rejectedTimeTooOld,
      time_too_new: shares.rejectedTimeTooNew,
      version_mask: shares.rejectedVersionMask,
      other: shares.rejectedOther,
    },
    assumed: shares.assumed,
    unanswered: {
      connection_lost: shares.unansweredConnectionLost,
      miner_gone: shares.unansweredMinerGone,
      timed_out: shares.unansweredTimedOut,
    },
    waiting: waitingIn(shares),
  };
}

function hashrateShape({ minute, quarter, hour }: Hashrates): SummaryShape["hashrate"] {
  return { minutes_1: minute, minutes_15: quarter, minutes_60: hour };
}

function histogramShape({ boundsMs, counts, sumMs }: HistogramSnapshot): HistogramShape {
  return {
    bounds_seconds: boundsMs.map((ms) => ms / 1000),
    counts: [...counts],
    sum_seconds: sumMs / 1000,
  };
}

function trafficShape(traffic: Traffic): SummaryShape["traffic"] {
  return {
    bytes_read: traffic.bytesRead,
    bytes_written: traffic.bytesWritten,
    frames_read: traffic.framesRead,
    frames_written: traffic.framesWritten,
  };
}

function snakeKeys(counts: Readonly<Record<string, number>>): Record<string, number> {
  return Object.fromEntries(
    Object.entries(counts).map(([key, count]) => [
      key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
      count,
    ]),
  );
}

function minerShape(report: MinerReport, counter: ShareCounter, time: number): MinerShape {
  const { sessionId } = report;
  const rate = (windowMs: number) =>
    sessionId === undefined
      ? 0
      : counter.minerWork.hashrate(sessionId, windowMs, report.connectedAt, time);
  const since = (moment: number) => Math.max(0, time - moment) / 1000;
  return {
    id: sessionId === undefined ? null : formatHex32(sessionId),
    address: report.address,
    user: report.user,
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
      return sharesShape(
        sessionId === undefined ? new Ledger().snapshot() : counter.miners.snapshot(sessionId),
      );
    },
  };
}

function accountShape({ name, open, shares, moves, outageMs }: AccountReport): AccountShape {
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
    pools: (open?.upstreams.pools ?? []).map((report, place) =>
      poolShape(report, mux!.occupancies, mux!.sharesAt(place))
    ),
  };
}

function poolShape(
  report: PoolReport,
  occupancies: readonly Occupancy[],
  shares: LedgerSnapshot,
): PoolShape {
  const time = monotonicNow();
  const connections = report.connections.map(({ name, role, ageMs, agreed }) => {
    const there = occupancies.find(({ upstream }) => upstream.name === name);
    return {
      name,
      role: role === "active" ? "serving" as const : role,
      age_seconds: ageMs / 1000,
      miners: there?.miners ?? 0,
      job_age_seconds: there?.jobAt === undefined ? null : (time - there.jobAt) / 1000,
      difficulty: agreed?.startingDifficulty ?? null,
      version_mask: agreed === undefined ? null : formatHex32(agreed.versionMask),
      verdicts: agreed === undefined ? null : agreed.shareFate === "judged",
    };
  });
  const state = (["serving", "spare", "opening"] as const).find((role) =>
    connections.some((connection) => connection.role === role)
  );
  return {
    address: report.address,
    account: report.account,
    state: state ?? "waiting",
    reason: report.trouble ?? "",
    retry_in_seconds: report.retryInMs / 1000,
    connections,
    connects: report.connects,
    failures: report.failures,
    losses: report.losses,
    activations: report.activations,
    traffic: trafficShape(report),
    shares: sharesShape(shares),
  };
}
