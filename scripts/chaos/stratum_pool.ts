/**
 * An ordinary Stratum pool in a chaos run, with its faults and the bad behaviour that they may
 * cause.
 */

import type { Random } from "../../lib/base/clock.ts";
import { systemTime } from "../../lib/base/system_time.ts";
import { formatHex32 } from "../../lib/base/hex.ts";
import { formatAddress } from "../../lib/base/peer_address.ts";
import { BROKEN_BYTES } from "../../lib/sim/pool_faults.ts";
import { randomBelow, seededRandom } from "../../lib/sim/seeded_random.ts";
import { NO_STRATUM_FAULTS, type StratumPoolFaults } from "../../lib/sim/stratum_pool/faults.ts";
import type { BadBehaviour, StratumPoolStatistics } from "../../lib/sim/stratum_pool/ledger.ts";
import { type Like, VERSION_MASK } from "../../lib/sim/stratum_pool/settings.ts";
import { SimStratumPool } from "../../lib/sim/stratum_pool/sim_stratum_pool.ts";
import { type ChaosPool, entryFor } from "./chaos_pool.ts";
import { DifficultyRefusals } from "./difficulty_refusals.ts";
import type { PoolAct, PoolFault } from "./schedule.ts";

/** The difficulty: about 16,000 hashes a share. */
const DIFFICULTY = 2 ** -18;
const MILLION = 1e6;

/** The lowest difficulty: a share takes one hash. */
const LEAST_DIFFICULTY = 2 ** -32;

/** The highest difficulty: all miners together still find a share sometimes. */
const MOST_DIFFICULTY = 2 ** -13;

/** Fewer bits than there were, and more than none. */
const NARROW_MASK = 0x00ffe000;

/** Pools with this many bytes or more have room for every layout. */
const ROOMY_BYTES = 8;

const HALF_LINE = new TextEncoder().encode('{"id":null,"method":"mining.not');

/** A lasting fault of such a pool. */
interface Fault {
  /** The switches it sets. */
  readonly switches?: Partial<StratumPoolFaults>;
  /** Only new connections meet it. */
  readonly resets?: true;
  /** Messages left out are not sent later, so connections are reset at its end. */
  readonly resetsAtEnd?: true;
  /** Every connection's difficulty is multiplied by this. */
  readonly factor?: number;
  /** Shares and difficulties cross each other for longer than pools allow. */
  readonly delaysLines?: true;
  /** Bad behaviour that the fault causes. */
  readonly excuses?: readonly BadBehaviour[];
}

const FAULTS: Readonly<Record<PoolFault<"stratum">, Fault>> = {
  refuse: { switches: { refuseConnections: true }, resets: true },
  silent: { switches: { isSilent: true }, resetsAtEnd: true, delaysLines: true },
  // Then it reads more at once than some servers take.
  stopReading: { switches: { stopReading: true }, delaysLines: true, excuses: ["flood"] },
  dribble: { switches: { dribbleMs: 1 }, delaysLines: true },
  refuseAuthorize: {
    switches: { refuseAuthorize: true },
    resets: true,
    excuses: ["refusedName"],
  },
  refusesAll: { switches: { refuseShares: true }, excuses: ["badShares"] },
  nodeGone: { switches: { isNodeGone: true } },
  // Of a hundred shares a second many cross each block, and each step by which the pool follows.
  difficultyFalls: {
    factor: 1 / MILLION,
    delaysLines: true,
    excuses: ["badShares", "flood"],
  },
  difficultyRises: { factor: MILLION },
};

type Act = (pool: SimStratumPool, random: Random) => void;

const ACTS: Readonly<Record<PoolAct<"stratum">, Act>> = {
  reset: (pool) => pool.resetConnections(),
  finish: (pool) => pool.finishConnections(),
  finishInLine: (pool) => pool.finishConnections(HALF_LINE),
  garbageLine: (pool) => pool.send(BROKEN_BYTES.garbageLine()),
  oversizedLine: (pool) => pool.send(BROKEN_BYTES.oversizedLine()),
  unknownRequests: (pool) => {
    for (let id = 1; id <= 20; id++) {
      pool.sendLine(`{"id":${id},"method":"mining.foo","params":[]}`);
    }
  },
  ping: (pool) => pool.ping(),
  showMessage: (pool) => pool.showMessage("Maintenance at noon"),
  askToReconnect: (pool) => pool.askToReconnect(),
  newBlock: (pool) => pool.newBlock(),
  newJob: (pool) => pool.newJob(),
  newDifficulty: (pool, random) => {
    for (const { number, difficulty } of pool.clients()) {
      const wanted = difficulty * 2 ** (randomBelow(random, 7) - 3);
      pool.setDifficulty(Math.min(MOST_DIFFICULTY, Math.max(DIFFICULTY / 4, wanted)), number);
    }
  },
  newExtranonce1: (pool, random) => {
    for (const { number, extranonce1, extranonce2Size } of pool.clients()) {
      // Of the same length, but never one that the pool gives by itself.
      const another = "ee" + formatHex32(randomBelow(random, 2 ** 24)).slice(2);
      if (extranonce1.length === 8) pool.setExtranonce(another, extranonce2Size, number);
    }
    pool.newJob();
  },
  maskFlips: (pool) => flipMask(pool, 4),
  maskFlood: (pool) => flipMask(pool, 220),
  jobFlood: (pool) => {
    // Each is a second ahead of the one before: more of them, and shares come from the future.
    for (let i = 0; i < 50; i++) pool.newJob();
  },
};

function flipMask(pool: SimStratumPool, times: number): void {
  // That server knows no version rolling.
  if (pool.like === "nomp") return;
  for (let i = 1; i <= times; i++) pool.setVersionMask(i % 2 === 0 ? VERSION_MASK : NARROW_MASK);
  pool.newJob();
}

/** The counts of such a pool, with those that say nothing about the agent. */
export interface StratumPoolBooks extends StratumPoolStatistics {
  readonly address: string;
  readonly like: Like;
  /** Bad behaviour that its faults caused. */
  readonly excused: ReadonlySet<BadBehaviour>;
  /** Shares refused as too low while lines were late. */
  readonly lowWhileLate: number;
}

/** Made by {@linkcode StratumPool.start}. */
export class StratumPool implements ChaosPool {
  readonly address: string;
  readonly url: string;
  readonly narrowBytes: number | undefined;
  readonly #pool: SimStratumPool;
  readonly #random: Random;
  readonly #excused = new Set<BadBehaviour>();
  readonly #refusals = new DifficultyRefusals(
    () => this.#pool.statistics().rejectedBy.get("lowDifficulty") ?? 0,
    systemTime,
  );
  #fault: Fault | undefined;

  private constructor(pool: SimStratumPool, bytes: number, seed: number) {
    this.#pool = pool;
    this.#random = seededRandom(seed);
    this.address = formatAddress(pool);
    this.url = `stratum+tcp://${this.address}`;
    this.narrowBytes = bytes < ROOMY_BYTES ? bytes : undefined;
  }

  /** Starts a pool that listens and has work, and plays a real server. */
  static async start(like: Like, seed: number): Promise<StratumPool> {
    const pool = await SimStratumPool.start({
      like,
      asksAddress: false,
      difficulty: DIFFICULTY,
      minDifficulty: LEAST_DIFFICULTY,
      vardiff: { targetMs: 200, everyMs: 5_000 },
      jobIntervalMs: 2_000,
      blockIntervalMs: 15_000,
      answerDelayMs: 50,
      banMs: 3_000,
    });
    return new StratumPool(pool, pool.extranonce2Size, seed);
  }

  /** Returns its counts. */
  books(): StratumPoolBooks {
    return {
      ...this.#pool.statistics(),
      address: this.address,
      like: this.#pool.like,
      excused: this.#excused,
      lowWhileLate: this.#refusals.whileLate,
    };
  }

  act(what: PoolAct): void {
    entryFor(ACTS, what)(this.#pool, this.#random);
  }

  async beginFault(name: PoolFault): Promise<void> {
    const fault = entryFor(FAULTS, name);
    const { switches, resets, factor, delaysLines, excuses = [] } = fault;
    this.#fault = fault;
    for (const kind of excuses) this.#excused.add(kind);
    if (delaysLines) this.linesAreLate(true);
    if (switches !== undefined) await this.#pool.setFaults(switches);
    if (factor !== undefined) this.#setDifficulty((difficulty) => difficulty * factor);
    if (resets) this.#pool.resetConnections();
  }

  async endFaults(): Promise<void> {
    const fault = this.#fault;
    if (fault === undefined) return;
    this.#fault = undefined;
    await this.#pool.setFaults(NO_STRATUM_FAULTS);
    if (fault.factor !== undefined) this.#setDifficulty(() => DIFFICULTY);
    if (fault.resetsAtEnd) this.#pool.resetConnections();
    if (fault.delaysLines) this.linesAreLate(false);
  }

  linesAreLate(areLate: boolean): void {
    this.#refusals.linesAreLate(areLate);
  }

  newBlock(): void {
    this.#pool.newBlock();
  }

  async stop(): Promise<void> {
    this.#refusals.stop();
    await this.#pool.stop();
  }

  #setDifficulty(of: (difficulty: number) => number): void {
    for (const { number, difficulty } of this.#pool.clients()) {
      this.#pool.setDifficulty(Math.max(LEAST_DIFFICULTY, of(difficulty)), number);
    }
    // Some servers send it only right before a job.
    this.#pool.newJob();
  }
}
