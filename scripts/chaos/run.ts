/**
 * One chaos run: the agent between three simulated pools and a farm, while everything that a
 * schedule says goes wrong; then all is let be good again, and the books are closed.
 */

import { readConfig } from "../../lib/config/read.ts";
import { openFileLimit } from "../../lib/net/open_files.ts";
import { receiveLog } from "../../lib/observe/log.ts";
import { Proxy, type ProxyStatistics } from "../../lib/proxy.ts";
import { type MinerStatistics, sumOf } from "../../lib/sim/miner_ledger.ts";
import type { PoolStatistics } from "../../lib/sim/pool_ledger.ts";
import { randomBelow, seededRandom } from "../../lib/sim/seeded_random.ts";
import { SimFarm } from "../../lib/sim/sim_farm.ts";
import type { SimMiner } from "../../lib/sim/sim_miner.ts";
import { SimPool } from "../../lib/sim/sim_pool.ts";
import { Stopwatch } from "../../lib/sim/stopwatch.ts";
import { AgentLog, UNRULY } from "./agent_log.ts";
import { isSettled } from "./invariants.ts";
import { act, beginFault, endFaults } from "./pool_mishaps.ts";
import { drawSchedule, type MinerAct, type Mishap } from "./schedule.ts";
import { Strangers } from "./strangers.ts";

const POOLS = 3;

/** Low enough that a few miners find shares by hashing. */
const DIFFICULTY = 0.00001;

/** In the end all miners must be at work again within this time, in milliseconds. */
const RECOVERY_MS = 60_000;

/** When all is quiet, what is still on its way arrives within this time, in milliseconds. */
const ARRIVAL_MS = 30_000;

/** What a run is to be. */
export interface ChaosOptions {
  /** Of everything that is by chance. */
  readonly seed: number;
  /** How long things go wrong, in milliseconds. */
  readonly durationMs: number;
  /** How many miners there are. */
  readonly miners: number;
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
  readonly residentBytes: number;
}

/** What agent, pools and miners have counted at one moment. */
export interface Books {
  readonly options: ChaosOptions;
  readonly proxy: ProxyStatistics;
  /** Shares assumed on connections that have ended: whether the pool got them, nobody knows. */
  readonly assumedOnEnded: number;
  readonly pools: readonly PoolStatistics[];
  /** Miners that keep the rules: some hash, the others submit at a rate. */
  readonly good: MinerStatistics;
  readonly hashing: MinerStatistics;
  /** Miners that are made to break the rules now and then. */
  readonly unruly: MinerStatistics;
}

/** Runs chaos and settles with what it came to. */
export async function runChaos(options: ChaosOptions): Promise<ChaosOutcome> {
  const log = new AgentLog();
  receiveLog((record) => log.receive(record));
  const unhandled: string[] = [];
  const onUnhandled = (event: PromiseRejectionEvent) => {
    event.preventDefault();
    unhandled.push(event.reason instanceof Error ? event.reason.stack! : String(event.reason));
  };
  globalThis.addEventListener("unhandledrejection", onUnhandled);
  try {
    const run = await ChaosRun.start(options);
    try {
      const mishaps = drawSchedule({ ...options, pools: POOLS });
      await run.goThrough(mishaps);
      return { ...await run.settle(), mishaps: mishaps.length, log, unhandled };
    } finally {
      await run.stop();
    }
  } finally {
    globalThis.removeEventListener("unhandledrejection", onUnhandled);
    receiveLog(undefined);
  }
}

/** Everything that runs. */
class ChaosRun {
  readonly #options: ChaosOptions;
  readonly #pools: readonly SimPool[];
  readonly #proxy: Proxy;
  /** Those that hash, those that submit at a rate, and those that break rules as well. */
  readonly #hashing: SimFarm;
  readonly #steady: SimFarm;
  readonly #unruly: SimFarm;
  readonly #strangers: Strangers;
  readonly #timers: ReturnType<typeof setTimeout>[] = [];
  /** What each mishap decides by itself. */
  readonly #random;

  private constructor(
    options: ChaosOptions,
    pools: readonly SimPool[],
    openFiles: number | undefined,
  ) {
    this.#options = options;
    this.#pools = pools;
    this.#random = seededRandom(options.seed + 1);
    const result = readConfig(JSON.stringify({
      agent_listen_ip: "127.0.0.1",
      pools: pools.map((pool) => [pool.hostname, pool.port, "demo"]),
      advanced: {
        pool_connection_dial_timeout_seconds: 2,
        pool_connection_read_timeout_seconds: 3,
      },
      failover: { return_after_seconds: 5 },
      // Pools come back; what is to be shown is that no miner is cut off meanwhile.
      outage: { grace_seconds: 3600 },
      // Nor is one that comes late to log in because all of this shares a processor.
      limits: { login_timeout_seconds: 600 },
    }));
    if (!result.ok) throw new Error(`Cannot configure the agent: ${JSON.stringify(result)}`);
    this.#proxy = new Proxy({
      config: { ...result.config, agent_listen_port: 0 },
      version: "0.0.0-chaos",
      openFiles,
    });
    const { port } = this.#proxy.addresses[0]!;
    const { seed, miners } = options;
    const hashing = Math.ceil(miners * 0.04);
    const unruly = Math.ceil(miners * 0.1);
    const farm = { port, reconnects: true, connectsPerSecond: 500 };
    this.#hashing = SimFarm.start({
      ...farm,
      seed,
      count: hashing,
      namePrefix: "hash",
      mode: { kind: "hash" },
    });
    this.#steady = SimFarm.start({
      ...farm,
      seed: seed + 1,
      count: miners - hashing - unruly,
      mode: { kind: "rate", sharesPerSecond: 0.5 },
    });
    this.#unruly = SimFarm.start({
      ...farm,
      seed: seed + 2,
      count: unruly,
      namePrefix: UNRULY,
      mode: { kind: "rate", sharesPerSecond: 0.5 },
    });
    this.#strangers = new Strangers(port, this.#random);
  }

  static async start(options: ChaosOptions): Promise<ChaosRun> {
    const pools = await Promise.all(
      Array.from({ length: POOLS }, (_, i) =>
        SimPool.start({
          difficulty: DIFFICULTY,
          serverNumber: i + 1,
          jobIntervalMs: 2_000,
          blockIntervalMs: 15_000,
          verdictDelayMs: 50,
          seed: options.seed + i,
        })),
    );
    return new ChaosRun(options, pools, await openFileLimit());
  }

  /** Lets everything happen in its time. */
  async goThrough(mishaps: readonly Mishap[]): Promise<void> {
    const startedAt = performance.now();
    for (const mishap of mishaps) {
      await until(startedAt + mishap.atMs);
      await this.#happen(mishap);
    }
    await until(startedAt + this.#options.durationMs);
  }

  /** Ends all that is wrong, waits until everybody is at work, and closes the books. */
  async settle(): Promise<Omit<ChaosOutcome, "mishaps" | "log" | "unhandled">> {
    for (const timer of this.#timers) clearTimeout(timer);
    await Promise.all(this.#pools.map(endFaults));
    await this.#strangers.gone();
    const settledAt = performance.now();
    const isAtWork = await passes(
      () => this.#workingMiners() === this.#options.miners,
      RECOVERY_MS,
    );
    const recoveredAfterMs = isAtWork ? performance.now() - settledAt : undefined;
    // A short run on a slow machine may not have come to it yet.
    await passes(() => this.#hashing.statistics().accepted > 0, RECOVERY_MS);

    for (const farm of this.#farms) farm.setMode({ kind: "idle" });
    const answered = () => this.#farms.every((farm) => farm.statistics().waitingNow === 0);
    await passes(
      () => answered() && this.#proxy.statistics().waitingShares === 0,
      this.#options.settleMs,
    );
    const rollCall = await this.#callRoll();
    await passes(() => isSettled(this.#books()), ARRIVAL_MS);
    return {
      ...this.#books(),
      strangers: this.#strangers.came,
      dialectFaults: [...this.#hashing.faults, ...this.#steady.faults],
      recoveredAfterMs,
      rollCall,
      residentBytes: Deno.memoryUsage().rss,
    };
  }

  async stop(): Promise<void> {
    for (const timer of this.#timers) clearTimeout(timer);
    await Promise.all(this.#farms.map((farm) => farm.stop()));
    await this.#proxy.stop(0);
    await Promise.all(this.#pools.map((pool) => pool.stop()));
  }

  #books(): Books {
    const good = [this.#hashing.statistics(), this.#steady.statistics()];
    const proxy = this.#proxy.statistics();
    return {
      options: this.#options,
      proxy,
      assumedOnEnded: proxy.shares.assumed - this.#assumedOnOpen(),
      pools: this.#pools.map((pool) => pool.statistics()),
      good: sumOf(good),
      hashing: good[0]!,
      unruly: this.#unruly.statistics(),
    };
  }

  /** Shares assumed on connections that are open: the pools get every one of them. */
  #assumedOnOpen(): number {
    let assumed = 0;
    for (const { open } of this.#proxy.parts.accounts.reports()) {
      for (const { upstream } of open?.mux.occupancies ?? []) {
        assumed += open!.mux.sharesOf(upstream)!.assumed;
      }
    }
    return assumed;
  }

  get #farms(): readonly SimFarm[] {
    return [this.#hashing, this.#steady, this.#unruly];
  }

  #workingMiners(): number {
    return this.#farms.reduce((total, farm) => total + farm.statistics().workingNow, 0);
  }

  /** How many miners have a new block's job within a second. */
  async #callRoll(): Promise<number> {
    const miners = this.#farms.flatMap((farm) => farm.miners);
    const previous = new Map(miners.map((miner) => [miner, miner.work?.job.prevHash]));
    for (const pool of this.#pools) pool.newBlock();
    const present = () =>
      miners.filter((miner) =>
        miner.work !== undefined && miner.work.job.prevHash !== previous.get(miner)
      ).length;
    await passes(() => present() === miners.length, 1_000);
    return present();
  }

  async #happen(mishap: Mishap): Promise<void> {
    switch (mishap.kind) {
      case "poolAct": {
        // Hashing miners keep a difficulty at which they find something.
        const name = this.#steady.miners[randomBelow(this.#random, this.#steady.miners.length)];
        return act(this.#pools[mishap.pool]!, mishap.act, name?.workerName ?? "none");
      }
      case "poolFault": {
        const pool = this.#pools[mishap.pool]!;
        await beginFault(pool, mishap.fault);
        this.#timers.push(setTimeout(() => void endFaults(pool), mishap.forMs));
        return;
      }
      case "minerAct":
        return this.#disturb(mishap.act, mishap.pick);
      default:
        mishap satisfies never;
    }
  }

  #disturb(what: MinerAct, pick: number): void {
    const all = this.#farms.flatMap((farm) => farm.miners);
    const unruly = this.#unruly.miners[pick % Math.max(1, this.#unruly.miners.length)];
    switch (what) {
      case "disconnect":
        return disconnect(all[pick % Math.max(1, all.length)]);
      case "disconnectMany":
        for (let i = 0; i < 30; i++) disconnect(all[(pick + i * 7) % Math.max(1, all.length)]);
        return;
      case "burst":
        for (let i = 0; i < 80 && unruly !== undefined; i++) submitAnything(unruly, pick + i);
        return;
      case "garbage":
        return unruly?.send(pick % 2 === 0 ? '{"id":1,"method":' : "x".repeat(9_000));
      case "shareForNoJob":
        return unruly?.send(
          '{"id":"wild","method":"mining.submit","params":["a","zz","0","0","0"]}',
        );
      case "halfHandshakes":
        for (let i = 0; i < 5; i++) this.#strangers.halfHandshake();
        return;
      case "strangers":
        for (let i = 0; i < 5; i++) this.#strangers.strange();
        return;
      case "openAndClose":
        for (let i = 0; i < 20; i++) this.#strangers.openAndClose();
        return;
      default:
        what satisfies never;
    }
  }
}

function disconnect(miner: SimMiner | undefined): void {
  miner?.disconnect().catch(() => {
    // It was going anyway.
  });
}

/** A share for the miner's job without any work behind it. */
function submitAnything(miner: SimMiner, nonce: number): void {
  const { work } = miner;
  if (work === undefined) return;
  miner.submit({
    jobId: work.job.id,
    extranonce2: nonce.toString(16).padStart(8, "0").slice(-8),
    ntime: parseInt(work.job.ntime, 16),
    nonce,
    versionBits: 0,
  });
}

/** Waits for a moment of the monotonic clock. */
function until(atMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, Math.max(0, atMs - performance.now())));
}

/** Whether `condition` comes true in time, not counting what the machine is late. */
async function passes(condition: () => boolean, timeoutMs: number): Promise<boolean> {
  using stopwatch = new Stopwatch();
  while (!condition()) {
    if (stopwatch.ms() > timeoutMs) return false;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return true;
}
