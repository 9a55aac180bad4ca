/**
 * The simulated pools of the demo: of the agent protocol, of Stratum V1 or V2, or one of each.
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

/** The same for the Stratum V2 pool, which knows the farm's hashrate; real ones aim at 6. */
const SV2_SHARES_PER_MINUTE = 60;

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
  /** For a sentence, such as `agent pool`. */
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
    case "sv2":
      return [await startSv2Pool(time)];
    case "mixed":
      return [await startAgentPool(time), await startStratumPool(time), await startSv2Pool(time)];
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

async function startSv2Pool(time: Time): Promise<DemoPool> {
  // Only here, because it loads the libraries of the handshake.
  const { SimSv2Pool } = await import("../sim/sv2_pool/sim_sv2_pool.ts");
  const pool = await SimSv2Pool.start({
    like: "sri",
    // Shares that wait for an acknowledgement at the end would look like a loss.
    acksEvery: 1,
    difficulty: STRATUM_DIFFICULTY,
    sharesPerMinute: SV2_SHARES_PER_MINUTE,
    jobIntervalMs: JOB_INTERVAL_MS,
    time,
  });
  return {
    what: "Stratum V2 pool",
    about: `a simulated SRI pool on ${formatAddress(pool)}, over Stratum V2`,
    url: pool.url,
    judged: () => pool.statistics(),
    stop: () => pool.stop(),
  };
}
