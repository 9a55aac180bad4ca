/**
 * The simulated pools of the demo: of the agent protocol, an ordinary Stratum pool, or one of each.
 */

import type { Time } from "../base/clock.ts";
import { formatAddress } from "../base/peer_address.ts";
import type { DemoPools } from "../cli/command.ts";
import { SimPool } from "../sim/sim_pool.ts";
import { SimStratumPool } from "../sim/stratum_pool/sim_stratum_pool.ts";

/**
 * About 4,300 hashes a share: a hundred shares a second on one core, enough to find a weak miner
 * within two minutes.
 */
const AGENT_DIFFICULTY = 0.000001;

/** About 65,000 hashes a share, until the pool has seen how fast the farm is. */
const STRATUM_DIFFICULTY = 2 ** -16;

/** The pool aims at one share of the whole farm in this time; a real ckpool aims at 3.3 s. */
const STRATUM_SHARE_MS = 1_000;

/** How often a pool sends new work. */
const JOB_INTERVAL_MS = 5_000;

/** What a pool has judged. */
export interface Judged {
  /** Shares that came. */
  readonly submits: number;
  /** Of them, accepted. */
  readonly accepted: number;
  /** Of them, rejected. */
  readonly rejected: number;
}

/** One simulated pool. */
export interface DemoPool {
  /** For a sentence: `agent pool` or `Stratum pool`. */
  readonly what: string;
  /** Where it is, and what it speaks; for a line of its own. */
  readonly about: string;
  /** Its address for the configuration. */
  readonly url: string;
  /** What it has judged until now. */
  judged(): Judged;
  /** Stops it. */
  stop(): Promise<void>;
}

/** Starts the pools of a demo, in the order of the failover list. */
export async function startDemoPools(pools: DemoPools, time: Time): Promise<DemoPool[]> {
  switch (pools) {
    case "agent":
      return [await startAgentPool(time)];
    case "stratum":
      return [await startStratumPool(time)];
    case "mixed":
      return [await startAgentPool(time), await startStratumPool(time)];
  }
}

async function startAgentPool(time: Time): Promise<DemoPool> {
  const pool = await SimPool.start({
    difficulty: AGENT_DIFFICULTY,
    jobIntervalMs: JOB_INTERVAL_MS,
    time,
  });
  const address = formatAddress(pool);
  return {
    what: "agent pool",
    about: `a simulated pool on ${address}, over the agent protocol`,
    url: `btcagent+tcp://${address}`,
    judged: () => pool.statistics(),
    stop: () => pool.stop(),
  };
}

async function startStratumPool(time: Time): Promise<DemoPool> {
  const pool = await SimStratumPool.start({
    like: "ckpool",
    difficulty: STRATUM_DIFFICULTY,
    vardiff: { targetMs: STRATUM_SHARE_MS },
    jobIntervalMs: JOB_INTERVAL_MS,
    time,
  });
  const address = formatAddress(pool);
  return {
    what: "Stratum pool",
    about: `a simulated ckpool on ${address}, over Stratum`,
    url: `stratum+tcp://${address}`,
    judged: () => pool.statistics(),
    stop: () => pool.stop(),
  };
}
