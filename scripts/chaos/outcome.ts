/**
 * The settings and the outcome of a chaos run.
 */

import type { MinerStatistics } from "../../lib/sim/miner_ledger.ts";
import type { PoolStatistics } from "../../lib/sim/pool_ledger.ts";
import type { RunEnd } from "./agent.ts";
import type { AgentLog } from "./agent_log.ts";
import type { AgentBooks } from "./books.ts";
import type { Kinds } from "./kinds.ts";
import type { StratumPoolBooks } from "./stratum_pool.ts";
import type { Sv2PoolBooks } from "./sv2_pool.ts";

/** The settings of a run. */
export interface ChaosOptions {
  /** The seed of all random choices. */
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

/** The outcome of a run. */
export interface ChaosOutcome extends Books {
  readonly mishaps: number;
  readonly strangers: number;
  /** Faults that miners found in what they were sent. */
  readonly dialectFaults: readonly string[];
  readonly log: AgentLog;
  readonly unhandled: readonly string[];
  /**
   * How long after the last mishap all miners worked again, in milliseconds; `undefined` for never.
   */
  readonly recoveredAfterMs: number | undefined;
  /** How many miners had the pool's next job one second later. */
  readonly rollCall: number;
  /** How each run of the agent ended, the last one included. */
  readonly ends: readonly RunEnd[];
  /** Connections of good miners that ended because the agent was stopped. */
  readonly lostByStops: number;
  /** Whether the agent's clock was set, which takes libfaketime. */
  readonly hasSetClock: boolean;
}

/** The counts of a pool of the agent protocol. */
export interface JudgingAgentPool extends PoolStatistics {
  /** `host:port`. */
  readonly address: string;
}

/** The counts of agent, pools and miners at one moment. */
export interface Books {
  readonly options: ChaosOptions;
  readonly agent: AgentBooks;
  /** Pools of the agent protocol. */
  readonly pools: readonly JudgingAgentPool[];
  /** Ordinary Stratum pools. */
  readonly stratumPools: readonly StratumPoolBooks[];
  /** Stratum V2 pools. */
  readonly sv2Pools: readonly Sv2PoolBooks[];
  /** Miners that keep the rules: some hash, the others submit at a rate. */
  readonly good: MinerStatistics;
  readonly hashing: MinerStatistics;
  /** Miners that sometimes break the rules. */
  readonly unruly: MinerStatistics;
}
