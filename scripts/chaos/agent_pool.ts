/**
 * A pool of the agent protocol in a chaos run, with its faults.
 */

import { formatAddress } from "../../lib/base/peer_address.ts";
import { BROKEN_BYTES, NO_FAULTS, type PoolFaults } from "../../lib/sim/pool_faults.ts";
import type { PoolStatistics } from "../../lib/sim/pool_ledger.ts";
import { SimPool } from "../../lib/sim/sim_pool.ts";
import { type ChaosPool, entryFor } from "./chaos_pool.ts";
import type { PoolAct, PoolFault } from "./schedule.ts";

const HALF_FRAME = Uint8Array.of(0x7f, 0x10, 0x0a, 0x00, 0x01);

/** How a lasting fault is switched on, and whether only new connections meet it. */
const FAULTS: Readonly<
  Record<PoolFault<"agent">, Partial<PoolFaults> & { readonly resets?: true }>
> = {
  refuse: { refuseConnections: true, resets: true },
  silent: { isSilent: true },
  stopReading: { stopReading: true },
  dribble: { dribbleMs: 1 },
  silentInHandshake: { maxAnswers: 3, resets: true },
  lateAuthorize: { authorizeDelayMs: 1_500, resets: true },
  refuseAuthorize: { refuseAuthorize: true, resets: true },
  wrongExtranonce2: { extranonce2Size: 4, resets: true },
  garbageGreeting: { greeting: BROKEN_BYTES.garbageLine(), resets: true },
  noVerdictsOffered: { hasNoSubres: true, resets: true },
  noVersionRolling: { hasNoVerrol: true, resets: true },
  dropsVerdicts: { dropEveryNthVerdict: 1 },
  dropsSomeVerdicts: { dropEveryNthVerdict: 7 },
  repeatsVerdicts: { repeatEveryNthVerdict: 3 },
  strayVerdicts: { strayEveryNthVerdict: 5 },
  refusesAllAsStale: { everyVerdict: 37 },
  hiddenMinimum: { everyVerdict: 23 },
  noNewJob: { sendsNoNewJob: true },
};

const ACTS: Readonly<Record<PoolAct<"agent">, (pool: SimPool, workerName: string) => void>> = {
  reset: (pool) => pool.resetConnections(),
  finish: (pool) => pool.finishConnections(),
  finishInFrame: (pool) => pool.finishConnections(HALF_FRAME),
  garbageLine: (pool) => pool.send(BROKEN_BYTES.garbageLine()),
  oversizedLine: (pool) => pool.send(BROKEN_BYTES.oversizedLine()),
  frameOfLength0: (pool) => pool.send(BROKEN_BYTES.frameOfLength(0)),
  frameOfLength3: (pool) => pool.send(BROKEN_BYTES.frameOfLength(3)),
  unknownFrames: (pool) => {
    for (let i = 0; i < 20; i++) pool.send(BROKEN_BYTES.unknownFrame());
  },
  newBlock: (pool) => pool.newBlock(),
  newJob: (pool) => pool.newJob(),
  flood: (pool) => {
    for (let i = 0; i < 50; i++) {
      pool.newJob();
      pool.sendVerdict(40_000, 23);
    }
  },
  newDifficulty: (pool, workerName) => {
    pool.setWorkerDifficulty(workerName, pool.statistics().connections % 20);
    pool.newJob();
  },
  maskFlips: (pool) => pool.flipMask(4),
  maskFlood: (pool) => pool.flipMask(220),
  jobFlood: (pool) => {
    // Fewer than a pool has ids: beyond that the pool itself cannot tell which job a share in
    // flight is for.
    for (let i = 0; i < 200; i++) pool.resendJob();
  },
  oversizedJob: (pool) => pool.sendOversizedJob(),
};

/** Settings of such a pool. */
export interface AgentPoolOptions {
  /** The seed of all its random choices. */
  readonly seed: number;
  /** Different for each pool of a run. */
  readonly serverNumber: number;
  /** The difficulty of every worker. */
  readonly difficulty: number;
}

/** Made by {@linkcode AgentPool.start}. */
export class AgentPool implements ChaosPool {
  readonly address: string;
  readonly url: string;
  readonly narrowBytes = undefined;
  readonly #pool: SimPool;

  private constructor(pool: SimPool) {
    this.#pool = pool;
    this.address = formatAddress(pool);
    this.url = `btcagent+tcp://${this.address}`;
  }

  /** Starts one that listens and has work. */
  static async start(options: AgentPoolOptions): Promise<AgentPool> {
    return new AgentPool(
      await SimPool.start({
        ...options,
        jobIntervalMs: 2_000,
        blockIntervalMs: 15_000,
        verdictDelayMs: 50,
      }),
    );
  }

  /** Returns its counts. */
  statistics(): PoolStatistics {
    return this.#pool.statistics();
  }

  act(what: PoolAct, workerName: string): void {
    entryFor(ACTS, what)(this.#pool, workerName);
  }

  async beginFault(fault: PoolFault): Promise<void> {
    const { resets, ...faults } = entryFor(FAULTS, fault);
    await this.#pool.setFaults(faults);
    if (resets) this.#pool.resetConnections();
  }

  endFaults(): Promise<void> {
    return this.#pool.setFaults(NO_FAULTS);
  }

  linesAreLate(): void {}

  newBlock(): void {
    this.#pool.newBlock();
  }

  stop(): Promise<void> {
    return this.#pool.stop();
  }
}
