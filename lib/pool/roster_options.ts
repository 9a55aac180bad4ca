/**
 * What the connections of an account are made of, and what they ask of its miners.
 */

import type { AttendedNow, RateClock } from "../base/attended_clock.ts";
import type { Time } from "../base/clock.ts";
import type { Upstream, UpstreamEvents } from "../mux/upstream.ts";
import type { ConnectLimiter } from "../net/pools/connect_limiter.ts";
import type { OpenConnection } from "./connection.ts";
import type { RosterSettings } from "./settings.ts";
import type { PoolTroubleLog } from "./trouble_log.ts";
import type { WorkerQuota } from "./worker_quota.ts";

/** Options of {@linkcode PoolRoster}. */
export interface RosterOptions extends RosterSettings {
  /** Opens one connection. */
  readonly open: OpenConnection;
  /** What a Stratum pool calls a worker, by the configured user and the worker's name. */
  readonly workerUser: (user: string, workerName: string) => string;
  /** The version of btcagent. */
  readonly version: string;
  /** The account's multiplexer. */
  readonly mux: UpstreamEvents;
  /** Monotonic time. */
  readonly now: AttendedNow;
  /** The clock that rates of pools are judged by. */
  readonly rateClock: RateClock;
  /** For randomness, timers and the times of made-up jobs. */
  readonly time: Time;
  /** Shared by everything that connects to pools. */
  readonly connects: ConnectLimiter;
  /** Shared by all accounts: the log lines about pools that fail. */
  readonly troubles: PoolTroubleLog;
  /** Shared by all accounts: how many connections of single workers there may be. */
  readonly quota: WorkerQuota;
  /** What the account's miners need of its connections. */
  readonly need: () => ConnectionNeed;
  /** Whether a warm spare may be opened yet, where one is wanted. */
  readonly maySpare: () => boolean;
}

/** What miners need of their connections. */
export interface ConnectionNeed {
  /** How many of them have no place because no connection has room. */
  readonly roomless: number;
  /** How many work on a connection. */
  readonly minersAt: (upstream: Upstream) => number;
  /** The names of all workers that have a miner. */
  readonly workerNames: () => ReadonlySet<string>;
  /**
   * The hashes a second of the miners at a connection, or of all miners if it has none or there is
   * no connection yet; 0 while that is unknown.
   */
  readonly hashrateFor: (upstream: Upstream | undefined) => number;
  /** The difficulty that suits all of them together; `undefined` if that is unknown, or not wanted. */
  readonly suggestedDifficulty: number | undefined;
}
