/**
 * What all connected miners have in common: settings, and the parts around them.
 */

import type { AttendedNow, RateClock } from "../base/attended_clock.ts";
import type { Timers } from "../base/clock.ts";
import type { Mux } from "../mux/downstream.ts";
import type { MinerEvents, MinerSockets } from "../net/miners/engine.ts";
import type { AttendanceBook } from "./attendance.ts";
import type { MinerLimits } from "./limits.ts";
import type { OriginBook } from "./origin_book.ts";
import type { ShortenNames } from "./short_names.ts";
import type { WorkerNaming } from "./worker_naming.ts";

/** Settings that may change while miners are connected. */
export interface MinersSettings {
  /** Bounds for every miner. */
  readonly limits: MinerLimits;
  /** How workers that log in from now on are named at the pool. */
  readonly naming: WorkerNaming;
  /** Whether a miner that lost ASICBoost is disconnected, so that it starts over. */
  readonly reconnectsLostAsicboost: boolean;
}

/** Options of {@linkcode Miners}. */
export interface MinersOptions extends MinersSettings {
  /** Starts listening with these events. */
  readonly listen: (events: MinerEvents) => MinerSockets;
  /** Receives shares. */
  readonly mux: Mux;
  /** Shortens names as pools do. */
  readonly shorten: ShortenNames;
  /** Numbers the origins that miners have in common. */
  readonly origins: OriginBook;
  /** The answer to `client.get_version`. */
  readonly version: string;
  /** Records the miners that log in; absent for no record. */
  readonly attendance?: AttendanceBook;
  /** Monotonic time, for judging miners. */
  readonly now: AttendedNow;
  /** The clock for their rates. */
  readonly rateClock: RateClock;
  /** For work on many miners that is done in turns. */
  readonly timers: Timers;
}
