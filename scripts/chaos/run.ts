/**
 * One chaos run: the agent between several simulated pools and a farm of all kinds of miners, while
 * things go wrong by a schedule; then all faults end, and the books are compared.
 */

import { sumOf } from "../../lib/sim/miner_ledger.ts";
import { randomBelow, seededRandom } from "../../lib/sim/seeded_random.ts";
import { SimFarm } from "../../lib/sim/sim_farm.ts";
import type { SimMiner } from "../../lib/sim/sim_miner.ts";
import { FIRMWARE_NAMES } from "../../lib/sim/firmware.ts";
import { Stopwatch } from "../../lib/sim/stopwatch.ts";
import { type AgentConfig, ChaosAgent } from "./agent.ts";
import { UNRULY } from "./agent_log.ts";
import { AgentPool } from "./agent_pool.ts";
import { isSettled } from "./invariants.ts";
import { isSv2, kindOf, POOLS } from "./kinds.ts";
import { type AgentAct, drawSchedule, type MinerAct, type Mishap } from "./schedule.ts";
import type { Books, ChaosOptions, ChaosOutcome } from "./outcome.ts";
import { StratumPool } from "./stratum_pool.ts";
import { Sv2Pool } from "./sv2_pool.ts";
import { Strangers } from "./strangers.ts";

/** The difficulty, low enough that a few miners find shares by hashing. */
const DIFFICULTY = 0.00001;

/** The most miners that hash: for more there is not enough processor time. */
const MOST_HASHING = 40;

/** At the end all miners must be working again within this time, in milliseconds. */
const RECOVERY_MS = 60_000;

/** When all faults have ended, everything in flight arrives within this time, in milliseconds. */
const ARRIVAL_MS = 30_000;

/** Miners notice within this time that the agent has ended, in milliseconds. */
const NOTICE_MS = 2_000;

/** How often the agent is asked for its books, in milliseconds. */
const ASK_EVERY_MS = 250;

/** How many times sooner than real miners, some of which take half a minute, these reconnect. */
const HASTE = 20;

/** The fault that miners report for the answer to a line sent in their name. */
const ANSWER_TO_UNRULY = `an answer to no request of this miner: id "${UNRULY}"`;

/** The difficulty settings for miners of Stratum pools, which hash in JavaScript. */
const VARDIFF = { minimum: 2 ** -20 };

/** A pool with fewer bytes leaves miners fewer bytes than NiceHash accepts. */
const NICEHASH_BYTES = 6;

/** How far the agent's clock is set from the right one, in seconds: as batteries and routers do. */
const CLOCKS = [0, -86_400, 3_600, 315_360_000, -1_500_000_000, -60, 7];

/** Runs chaos and settles with the outcome. */
export async function runChaos(options: ChaosOptions): Promise<ChaosOutcome> {
  const unhandled: string[] = [];
  const onUnhandled = (event: PromiseRejectionEvent) => {
    event.preventDefault();
    unhandled.push(event.reason instanceof Error ? event.reason.stack! : String(event.reason));
  };
  globalThis.addEventListener("unhandledrejection", onUnhandled);
  try {
    const run = await ChaosRun.start(options);
    try {
      const mishaps = drawSchedule({ ...options, pools: POOLS[options.kinds].map(kindOf) });
      await run.goThrough(mishaps);
      return { ...await run.settle(), mishaps: mishaps.length, unhandled };
    } finally {
      await run.stop();
    }
  } finally {
    globalThis.removeEventListener("unhandledrejection", onUnhandled);
  }
}

/** A pool of any kind. */
type AnyPool = AgentPool | StratumPool | Sv2Pool;

/** The settings of the agent; `variant` chooses among those that a reload brings. */
function configFor(pools: readonly AnyPool[], variant: number): AgentConfig {
  const first = variant % pools.length;
  const inOrder = [...pools.slice(first), ...pools.slice(0, first)];
  const batchWindowMs = [50, 10, 200][variant % 3];
  return {
    pools: inOrder.map(({ url }) => ({ url, user: "demo" })),
    vardiff: VARDIFF,
    advanced: {
      pool_connection_dial_timeout_seconds: 2,
      pool_connection_read_timeout_seconds: 3,
      share_batch_window_ms: batchWindowMs,
      ...variant % 4 === 3 && { pool_connection_number_per_subaccount: 2 },
    },
    failover: {
      return_after_seconds: 5,
      no_job_seconds: 6,
      all_refused_seconds: 3,
      no_verdict_seconds: 3,
    },
    // Pools come back; the run must show that no miner is disconnected meanwhile.
    outage: { grace_seconds: 3600 },
    // The same for a miner whose login is late because everything here shares a processor.
    limits: { login_timeout_seconds: 600 },
  };
}

/** All parts of a run. */
class ChaosRun {
  readonly #options: ChaosOptions;
  readonly #pools: readonly AnyPool[];
  readonly #agent: ChaosAgent;
  /** Miners that hash, miners that submit at a rate, and miners that also break rules. */
  readonly #hashing: SimFarm;
  readonly #steady: SimFarm;
  readonly #unruly: SimFarm;
  readonly #strangers: Strangers;
  readonly #timers: ReturnType<typeof setTimeout>[] = [];
  /** What each mishap decides by itself. */
  readonly #random;
  /** The mishaps of the agent, one after the other. */
  #agentActs: Promise<void> = Promise.resolve();
  #lostByStops = 0;

  private constructor(options: ChaosOptions, pools: readonly AnyPool[], agent: ChaosAgent) {
    this.#options = options;
    this.#pools = pools;
    this.#agent = agent;
    this.#random = seededRandom(options.seed + 1);
    const { port } = agent;
    const { seed, miners } = options;
    const hashing = Math.min(MOST_HASHING, Math.ceil(miners * 0.04));
    const unruly = Math.ceil(miners * 0.1);
    const isNarrow = pools.some(({ narrowBytes = Infinity }) => narrowBytes < NICEHASH_BYTES);
    const farm = {
      port,
      reconnects: true,
      haste: HASTE,
      connectsPerSecond: 500,
      // Where difficulties fall by a million none is too low.
      ...options.kinds === "agent" && { difficultyUnit: DIFFICULTY },
      ...isNarrow && { firmware: FIRMWARE_NAMES.filter((name) => name !== "nicehash") },
      mindsPace: () => !agent.isOutOfStep,
    };
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
    const pools = await Promise.all(POOLS[options.kinds].map((manners, i) => {
      const seed = options.seed + i;
      if (manners === "agent") {
        return AgentPool.start({ seed, serverNumber: i + 1, difficulty: DIFFICULTY });
      }
      return isSv2(manners) ? Sv2Pool.start(manners, seed) : StratumPool.start(manners, seed);
    }));
    const sizes = pools.flatMap(({ address, narrowBytes }) =>
      narrowBytes === undefined ? [] : [[address, narrowBytes] as const]
    );
    const agent = await ChaosAgent.start(configFor(pools, 0), Object.fromEntries(sizes));
    return new ChaosRun(options, pools, agent);
  }

  /** Lets every mishap happen at its time. */
  async goThrough(mishaps: readonly Mishap[]): Promise<void> {
    const startedAt = performance.now();
    for (const mishap of mishaps) {
      await until(startedAt + mishap.atMs);
      await this.#happen(mishap);
    }
    await until(startedAt + this.#options.durationMs);
  }

  /** Ends all faults, waits until all miners work, and compares the books. */
  async settle(): Promise<Omit<ChaosOutcome, "mishaps" | "unhandled">> {
    for (const timer of this.#timers) clearTimeout(timer);
    await Promise.all(this.#pools.map((pool) => pool.endFaults()));
    await this.#agentActs;
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
      async () => answered() && (await this.#agent.books()).waiting === 0,
      this.#options.settleMs,
      ASK_EVERY_MS,
    );
    const rollCall = await this.#callRoll();
    await passes(async () => isSettled(await this.#books()), ARRIVAL_MS, ASK_EVERY_MS);
    const books = await this.#books();
    const dialectFaults = this.#farms.flatMap((farm) => farm.faults)
      .filter((fault) => !fault.endsWith(ANSWER_TO_UNRULY));
    const { lostConnections } = books.good;
    await this.#agent.stop();
    return {
      ...books,
      good: { ...books.good, lostConnections },
      strangers: this.#strangers.came,
      dialectFaults,
      log: this.#agent.log,
      recoveredAfterMs,
      rollCall,
      ends: this.#agent.ends,
      lostByStops: this.#lostByStops,
      hasSetClock: this.#agent.canStepClock,
    };
  }

  async stop(): Promise<void> {
    for (const timer of this.#timers) clearTimeout(timer);
    await Promise.all(this.#farms.map((farm) => farm.stop()));
    await this.#agent.dispose();
    await Promise.all(this.#pools.map((pool) => pool.stop()));
  }

  async #books(): Promise<Books> {
    const agent = await this.#agent.books();
    const good = [this.#hashing.statistics(), this.#steady.statistics()];
    return {
      options: this.#options,
      agent,
      pools: this.#pools.flatMap((pool) =>
        pool instanceof AgentPool ? [{ ...pool.statistics(), address: pool.address }] : []
      ),
      stratumPools: this.#pools.flatMap((pool) =>
        pool instanceof StratumPool ? [pool.books()] : []
      ),
      sv2Pools: this.#pools.flatMap((pool) => pool instanceof Sv2Pool ? [pool.books()] : []),
      good: sumOf(good),
      hashing: good[0]!,
      unruly: this.#unruly.statistics(),
    };
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
        return this.#pools[mishap.pool]!.act(mishap.act, name?.workerName ?? "none");
      }
      case "poolFault": {
        const pool = this.#pools[mishap.pool]!;
        await pool.beginFault(mishap.fault);
        this.#timers.push(setTimeout(() => void pool.endFaults(), mishap.forMs));
        return;
      }
      case "minerAct":
        return this.#disturb(mishap.act, mishap.pick);
      case "agentAct": {
        const { act, pick, forMs } = mishap;
        this.#agentActs = this.#agentActs.then(() => this.#befall(act, pick, forMs));
        return;
      }
      default:
        mishap satisfies never;
    }
  }

  async #befall(what: AgentAct, pick: number, forMs: number): Promise<void> {
    switch (what) {
      case "pause":
        for (const pool of this.#pools) pool.linesAreLate(true);
        await this.#agent.pause(forMs);
        for (const pool of this.#pools) pool.linesAreLate(false);
        return;
      case "reload":
        return await this.#agent.reload(configFor(this.#pools, pick));
      case "clockStep":
        return await this.#agent.stepClock(CLOCKS[pick % CLOCKS.length]!);
      case "restart": {
        const lost = () =>
          this.#hashing.statistics().lostConnections + this.#steady.statistics().lostConnections;
        const before = lost();
        await this.#agent.stop();
        // Miners notice a little later that the agent has ended.
        await passes(
          () => this.#farms.every((farm) => farm.statistics().connectedNow === 0),
          NOTICE_MS,
        );
        this.#lostByStops += lost() - before;
        return this.#agent.startAgain();
      }
      default:
        what satisfies never;
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
          `{"id":"${UNRULY}","method":"mining.submit","params":["a","zz","0","0","0"]}`,
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
      case "probes":
        return this.#strangers.openAndClose();
      case "tlsFirst":
        for (let i = 0; i < 5; i++) this.#strangers.tlsFirst();
        return;
      default:
        what satisfies never;
    }
  }
}

function disconnect(miner: SimMiner | undefined): void {
  miner?.disconnect().catch(() => {
    // It was disconnecting anyway.
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

/** Whether `condition` becomes true in time. Delays of the machine itself do not count. */
async function passes(
  condition: () => boolean | Promise<boolean>,
  timeoutMs: number,
  everyMs = 20,
): Promise<boolean> {
  using stopwatch = new Stopwatch();
  while (!await condition()) {
    if (stopwatch.ms() > timeoutMs) return false;
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
  return true;
}
