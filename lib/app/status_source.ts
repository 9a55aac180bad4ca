/**
 * What the status server shows, taken from the parts of the proxy and put into the shapes of its
 * answers. Counts nothing itself.
 */

import { monotonicNow } from "../base/clock.ts";
import { effectiveConfig } from "../config/effective.ts";
import type { MinerReport } from "../miner/report.ts";
import type { Account } from "../mux/accounts.ts";
import { formatAddress } from "../base/peer_address.ts";
import { areaLog, logLevels, setLogLevel } from "../observe/log.ts";
import type { LogArea, LogLevel } from "../observe/log_record.ts";
import type { RecentEvents } from "../observe/recent_events.ts";
import { RequestProblem } from "../observe/status/answers.ts";
import type {
  AccountShape,
  EventShape,
  LogLevelsShape,
  MinerShape,
  PoolTotalShape,
  ReloadShape,
  SummaryShape,
} from "../observe/status/shapes.ts";
import type { StatusControl, StatusSource } from "../observe/status/source.ts";
import type { Proxy, ProxyParts } from "./proxy.ts";
import { countChanges, type Reloader } from "./reload.ts";
import {
  accountShape,
  hashrateShape,
  histogramShape,
  minerShape,
  type Moment,
  PoolTotal,
  sharesShape,
  snakeKeys,
  trafficShape,
} from "./status_shapes.ts";

const DAY_MS = 86_400_000;

/** With no pool at all, why is looked for only this often, in milliseconds. */
const HEALTH_MS = 1_000;

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
  /** Found lately, if no pool served then. */
  #noPool: { readonly seenAt: number; readonly reason: string } | undefined;

  /** To be made when the proxy has just started. */
  constructor(options: StatusViewOptions) {
    this.#options = options;
  }

  *summary(): Generator<void, SummaryShape> {
    const { proxy, version, reloader } = this.#options;
    const { done, failed, lastAt, lastWentWell } = reloader.history;
    const { miners, accounts, counter } = this.#parts;
    const { states, rolling } = yield* miners.census();
    const poolSockets = yield* this.#poolSockets();
    const { traffic } = accounts;
    yield;
    const { moves, outageMs } = accounts;
    yield;
    const { strayVerdicts } = accounts;
    yield;
    // From here on all is of one moment.
    const connected = Object.values(states).reduce((sum, count) => sum + count, 0);
    const time = monotonicNow();
    const { rss, heapUsed } = Deno.memoryUsage();
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
      accounts: accounts.count,
      pinned_pool: proxy.pinnedPool === undefined ? null : proxy.pinnedPool + 1,
      reloads: {
        done,
        failed,
        last_at: lastAt === undefined ? null : new Date(lastAt).toISOString(),
        last_went_well: lastWentWell,
      },
      hashrate: hashrateShape(counter.work.hashrates(0, this.#startedAt, time)),
      credited_difficulty: counter.creditedDifficulty,
      shares: sharesShape(counter.total.snapshot()),
      stray_verdicts: snakeKeys(strayVerdicts),
      traffic: trafficShape(traffic),
      moves,
      outage_seconds: outageMs / 1000,
      limits: { ...proxy.limitCounts },
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
    if (isAnyServed(accounts.opened)) {
      this.#noPool = undefined;
      return { serving: true, reason: "" };
    }
    // With many sub-accounts it takes a while to find that none is served: once a second will do.
    const time = monotonicNow();
    if (this.#noPool === undefined || time - this.#noPool.seenAt >= HEALTH_MS) {
      this.#noPool = { seenAt: time, reason: whyNoneServes(accounts.opened) };
    }
    return { serving: false, reason: this.#noPool.reason };
  }

  /** Connections to pools, whatever they are about. */
  *#poolSockets(): Generator<void, number> {
    let count = 0;
    for (const { upstreams } of this.#parts.accounts.opened) {
      for (const { connections } of upstreams.pools) count += connections.length;
      yield;
    }
    return count;
  }

  *miners(): Generator<MinerShape> {
    const moment = this.#moment;
    for (const report of this.#parts.miners.reports()) yield this.#minerShape(report, moment);
  }

  miner(id: number): MinerShape | undefined {
    const report = this.#parts.miners.reportOf(id);
    return report === undefined ? undefined : this.#minerShape(report, this.#moment);
  }

  *pools(): Generator<void, PoolTotalShape[]> {
    const { time } = this.#moment;
    const { accounts } = this.#parts;
    const { config, poolIds, pinnedPool } = this.#options.proxy;
    const ids = [...poolIds];
    const totals = config.pools.map(([host, port], place) =>
      new PoolTotal(
        {
          position: place + 1,
          address: formatAddress({ hostname: host, port }),
          pinned: place === pinnedPool,
        },
        accounts.pastPools.get(ids[place]!),
      )
    );
    for (const { mux, upstreams } of accounts.opened) {
      const { occupancies } = mux;
      const reports = upstreams.pools;
      for (const [place, total] of totals.entries()) {
        // A list that was changed meanwhile: what is gone from it is left out.
        const report = reports.find(({ poolId }) => poolId === ids[place]);
        if (report !== undefined) total.add(report, occupancies, mux.sharesAt(report.poolId), time);
      }
      yield;
    }
    return totals.map((total) => total.shape);
  }

  *accounts(): Generator<AccountShape> {
    const { time } = this.#moment;
    const seen = new Set<string>();
    for (const report of this.#parts.accounts.reports()) {
      // One that is closed while this is written would come again, as a closed one.
      if (!seen.has(report.name)) yield accountShape(report, time);
      seen.add(report.name);
    }
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

function isAnyServed(open: Iterable<Account>): boolean {
  let isNoneOpen = true;
  for (const { upstreams } of open) {
    isNoneOpen = false;
    for (const { connections } of upstreams.pools) {
      if (connections.some(({ role }) => role === "active")) return true;
    }
  }
  // In multi-user mode there are no connections before the first miner: all is well.
  return isNoneOpen;
}

function whyNoneServes(open: Iterable<Account>): string {
  for (const { upstreams } of open) {
    for (const { address, trouble } of upstreams.pools) {
      if (trouble !== undefined) return `No pool answers; ${address}: ${trouble}`;
    }
  }
  return "No pool answers yet";
}
