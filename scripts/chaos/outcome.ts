/**
 * What a chaos run is to be, and what it came to.
 */

import type { MinerStatistics } from "../../lib/sim/miner_ledger.ts";
import type { PoolStatistics } from "../../lib/sim/pool_ledger.ts";
import type { RunEnd } from "./agent.ts";
import type { AgentLog } from "./agent_log.ts";
import type { AgentBooks } from "./books.ts";
import type { Kinds } from "./kinds.ts";
import type { StratumPoolBooks } from "./stratum_pool.ts";

/** What a run is to be. */
export interface ChaosOptions {
  /** Of everything that is by chance. */
  readonly seed: number;
  /** How long things go wrong, in milliseconds. */
  readonly durationMs: number;
  /** How many miners there are. */
  readonly miners: number;
  /** Which pools there are. */
  readonly kinds: Kinds;
  /** The longest wait for verdicts in the end, in milliseconds; the agent's own time-out is 60 s. */
  readonly settleMs: number;
}

/** What a run came to. */
export interface ChaosOutcome extends Books {
  readonly mishaps: number;
  readonly strangers: number;
  /** What miners found wrong with what they were sent. */
  readonly dialectFaults: readonly string[];
  readonly log: AgentLog;
  readonly unhandled: readonly string[];
  /** How long after the last mishap all miners were at work, in milliseconds; or never. */
  readonly recoveredAfterMs: number | undefined;
  /** How many miners had the pool's next job a second after it, and how many there are. */
  readonly rollCall: number;
  /** How each run of the agent ended, the last one included. */
  readonly ends: readonly RunEnd[];
  /** Connections of good miners that ended because the agent was stopped. */
  readonly lostByStops: number;
  /** Whether the agent's clock was set, which takes libfaketime. */
  readonly hasSetClock: boolean;
}

/** What a pool of the agent protocol has counted. */
export interface JudgingAgentPool extends PoolStatistics {
  /** `host:port`. */
  readonly address: string;
}

/** What agent, pools and miners have counted at one moment. */
export interface Books {
  readonly options: ChaosOptions;
  readonly agent: AgentBooks;
  /** Pools of the agent protocol. */
  readonly pools: readonly JudgingAgentPool[];
  /** Ordinary Stratum pools. */
  readonly stratumPools: readonly StratumPoolBooks[];
  /** Miners that keep the rules: some hash, the others submit at a rate. */
  readonly good: MinerStatistics;
  readonly hashing: MinerStatistics;
  /** Miners that are made to break the rules now and then. */
  readonly unruly: MinerStatistics;
}
