/**
 * What the status server shows, taken from the parts of the proxy and put into the shapes of its
 * answers. Counts nothing itself.
 */

import { monotonicNow } from "./base/clock.ts";
import { effectiveConfig } from "./config/effective.ts";
import type { MinerReport } from "./miner/report.ts";
import { sumOfShares } from "./mux/accounts.ts";
import { Ledger } from "./mux/ledger.ts";
import type { PoolReport, Traffic } from "./mux/peers.ts";
import { formatAddress } from "./net/engine.ts";
import { areaLog, logLevels, setLogLevel } from "./observe/log.ts";
import type { LogArea, LogLevel } from "./observe/log_record.ts";
import type { RecentEvents } from "./observe/recent_events.ts";
import { RequestProblem } from "./observe/status/answers.ts";
import type {
  AccountShape,
  EventShape,
  LogLevelsShape,
  MinerShape,
  PoolTotalShape,
  ReloadShape,
  SummaryShape,
} from "./observe/status/shapes.ts";
import type { StatusControl, StatusSource } from "./observe/status/source.ts";
import type { Proxy, ProxyParts } from "./proxy.ts";
import { countChanges, type Reloader } from "./reload.ts";
import {
  accountShape,
  hashrateShape,
  histogramShape,
  minerShape,
  type Moment,
  poolShape,
  sharesShape,
  snakeKeys,
  trafficShape,
} from "./status_shapes.ts";

const DAY_MS = 86_400_000;
const log = areaLog("agent");

/** What is looked at. */
export interface StatusViewOptions {
  /** The running proxy. */
  readonly proxy: Proxy;
  /** Of btcagent. */
  readonly version: string;
  /** What the log said lately. */
  readonly events: RecentEvents;
  /** Reads its configuration again. */
  readonly reloader: Reloader;
}

/** See the head of this file. */
export class StatusView implements StatusSource, StatusControl {
  readonly #options: StatusViewOptions;
  readonly #startedAt = monotonicNow();
  readonly #startedTime = new Date().toISOString();

  /** To be made when the proxy has just started. */
  constructor(options: StatusViewOptions) {
    this.#options = options;
  }

  summary(): SummaryShape {
    const { proxy, version, reloader } = this.#options;
    const { done, failed, lastAt, lastWentWell } = reloader.history;
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
        silent_connections: miners.silentConnections,
        bytes_read: miners.bytesRead,
        bytes_written: miners.bytesWritten,
      },
      accounts: rest.accounts,
      pinned_pool: proxy.pinnedPool === undefined ? null : proxy.pinnedPool + 1,
      reloads: {
        done,
        failed,
        last_at: lastAt === undefined ? null : new Date(lastAt).toISOString(),
        last_went_well: lastWentWell,
      },
      hashrate: hashrateShape(counter.work.hashrates(0, this.#startedAt, time)),
      credited_difficulty: counter.creditedDifficulty,
      shares: sharesShape(rest.shares),
      stray_verdicts: snakeKeys(rest.strayVerdicts),
      traffic: trafficShape(accounts.traffic),
      moves: accounts.moves,
      outage_seconds: accounts.outageMs / 1000,
      limits: { ...rest.limitCounts },
      certificates: proxy.certificates.map(({ file, names, expiresAt }) => ({
        file,
        names,
        expires_at: new Date(expiresAt).toISOString(),
        days_left: (expiresAt - Date.now()) / DAY_MS,
      })),
      verdict_latency: histogramShape(counter.verdictLatency.snapshot()),
      job_fanout: histogramShape(miners.fanout),
      process: {
        resident_bytes: rss,
        heap_bytes: heapUsed,
        sockets: connected + poolSockets + proxy.addresses.length + 1,
        open_files_limit: proxy.openFiles ?? null,
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
    const moment = this.#moment;
    for (const report of this.#parts.miners.reports()) yield this.#minerShape(report, moment);
  }

  miner(id: number): MinerShape | undefined {
    for (const report of this.#parts.miners.reports()) {
      if (report.sessionId === id) return this.#minerShape(report, this.#moment);
    }
    return undefined;
  }

  pools(): PoolTotalShape[] {
    const { time } = this.#moment;
    const { accounts } = this.#parts;
    const open = [...accounts.reports()].flatMap((report) => report.open ?? []);
    const { config, poolNumbers, pinnedPool } = this.#options.proxy;
    return config.pools.map(([host, port], place) => {
      const number = poolNumbers[place]!;
      const past = accounts.pastPools.get(number);
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
      const trouble = open.map(({ upstreams }) => upstreams.pools[place]!)
        .find(({ trouble }) => trouble !== undefined);
      for (const { mux, upstreams } of open) {
        const report = upstreams.pools[place]!;
        const ownShares = mux.sharesAt(number);
        const shape = poolShape(report, mux.occupancies, ownShares, time);
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
        shares = sumOfShares(shares, ownShares);
        for (const { role, miners, job_age_seconds: age } of shape.connections) {
          total.miners += miners;
          if (role === "serving" && age !== null) jobAge = Math.max(jobAge ?? 0, age);
        }
      }
      return {
        position: place + 1,
        address: formatAddress({ hostname: host, port }),
        pinned: place === pinnedPool,
        accounts: states,
        ...total,
        job_age_seconds: jobAge,
        traffic: trafficShape(traffic),
        shares: sharesShape(shares),
        reason: trouble?.trouble ?? "",
        retry_in_seconds: (trouble?.retryInMs ?? 0) / 1000,
      };
    });
  }

  accounts(): AccountShape[] {
    const { time } = this.#moment;
    return [...this.#parts.accounts.reports()].map((report) => accountShape(report, time));
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
    return effectiveConfig(this.#options.proxy.config);
  }

  logLevels(): LogLevelsShape["levels"] {
    return logLevels();
  }

  setLogLevel(area: LogArea | undefined, level: LogLevel): void {
    setLogLevel(area, level);
    log.info("Level of {area} is {level} from now on, until the configuration says otherwise", {
      area: area ?? "all areas",
      level,
    });
  }

  async reload(): Promise<ReloadShape> {
    const result = await this.#options.reloader.reload();
    if (!result.ok) {
      throw new RequestProblem(422, result.reason, {}, {
        problems: result.problems.map(({ path, ...problem }) => ({ ...problem, key: path })),
      });
    }
    const { changes } = result;
    const needsRestart = changes.filter(({ takesEffect }) => takesEffect === "restart");
    return {
      done: `The configuration was read again: ${countChanges(changes.length)}`,
      changes: changes.map(({ takesEffect, ...change }) => ({
        ...change,
        takes_effect: takesEffect,
      })),
      needs_restart: needsRestart.map(({ key }) => key),
    };
  }

  pin(position: number | undefined): string | undefined {
    const { proxy } = this.#options;
    if (position === undefined) {
      proxy.pinPool(undefined);
      return "";
    }
    const pool = proxy.config.pools[position - 1];
    if (pool === undefined) return undefined;
    proxy.pinPool(position - 1);
    return formatAddress({ hostname: pool[0], port: pool[1] });
  }

  disconnect(id: number): boolean {
    return this.#parts.miners.disconnect(id, "asked for over the status server");
  }

  #minerShape(report: MinerReport, moment: Moment): MinerShape {
    const { accounts, counter } = this.#parts;
    return minerShape(report, accounts.keyOf(report.account), counter, moment);
  }

  get #moment(): Moment {
    const { now, realNow } = this.#options.proxy.clock;
    return { time: now(), realTime: realNow() };
  }

  get #parts(): ProxyParts {
    return this.#options.proxy.parts;
  }
}
