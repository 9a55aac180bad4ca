/**
 * A Stratum V2 pool in a chaos run, with its faults and the bad behaviour that they may cause.
 */

import type { Random } from "../../lib/base/clock.ts";
import { formatAddress } from "../../lib/base/peer_address.ts";
import { difficultyOfTarget } from "../../lib/bitcoin/target.ts";
import { randomBelow, seededRandom } from "../../lib/sim/seeded_random.ts";
import { NO_SV2_FAULTS, type Sv2PoolFaults } from "../../lib/sim/sv2_pool/faults.ts";
import type { Sv2PoolStatistics } from "../../lib/sim/sv2_pool/ledger.ts";
import type { Sv2Like } from "../../lib/sim/sv2_pool/personality.ts";
import { SimSv2Pool } from "../../lib/sim/sv2_pool/sim_sv2_pool.ts";
import { type ChaosPool, entryFor } from "./chaos_pool.ts";
import type { PoolAct, PoolFault } from "./schedule.ts";

/** The difficulty: about 16,000 hashes a share. */
const DIFFICULTY = 2 ** -18;
const MILLION = 1e6;

/** The lowest difficulty: a share takes one hash. */
const LEAST_DIFFICULTY = 2 ** -32;

/** The highest difficulty of an act: all miners together still find a share sometimes. */
const MOST_DIFFICULTY = 2 ** -13;

/** Pools with this many bytes or more have room for every layout. */
const ROOMY_BYTES = 8;

/** Certificates are valid this long both ways: the agent's clock is set up to ten years wrong. */
const CERTIFICATE_MS = 20 * 365 * 86_400_000;

/** A frame longer than any that is accepted. */
const OVERSIZED_BYTES = 300_000;

/** The type of NewExtendedMiningJob, whose fields are not there. */
const JOB_MESSAGE = 0x1f;
const CHANNEL_BIT = 0x8000;

/** An extension and a message that nobody knows. */
const UNKNOWN_EXTENSION = 0x7777;
const UNKNOWN_MESSAGE = 0x42;

/** A lasting fault of such a pool. */
interface Fault {
  /** The switches it sets. */
  readonly switches?: Partial<Sv2PoolFaults>;
  /** Only new connections meet it. */
  readonly resets?: true;
  /** Messages left out are not sent later, so connections are reset at its end. */
  readonly resetsAtEnd?: true;
  /** Every channel's difficulty is multiplied by this. */
  readonly factor?: number;
}

const FAULTS: Readonly<Record<PoolFault<"sv2">, Fault>> = {
  refuse: { switches: { refuseConnections: true }, resets: true },
  silent: { switches: { isSilent: true }, resetsAtEnd: true },
  stopReading: { switches: { stopReading: true } },
  dribble: { switches: { dribbleMs: 1 } },
  garbledHandshake: { switches: { act2: "garbled" }, resets: true },
  silentSetup: { switches: { silentFrom: "setup" }, resets: true },
  refuseUser: { switches: { openError: "unknown-user" }, resets: true },
  flippedBit: { switches: { flippedBit: { frame: 6, byte: -1 } }, resets: true },
  refusesAll: { switches: { refuseShares: "overloaded" } },
  neverAcknowledge: { switches: { neverAcknowledge: true }, resetsAtEnd: true },
  lateVerdicts: { switches: { verdictDelayMs: 2_000 } },
  lateErrors: { switches: { lateErrors: true } },
  difficultyFalls: { factor: 1 / MILLION },
  difficultyRises: { factor: MILLION },
};

type Act = (pool: SimSv2Pool, random: Random) => void;

const ACTS: Readonly<Record<PoolAct<"sv2">, Act>> = {
  reset: (pool) => pool.resetConnections(),
  finish: (pool) => pool.finishConnections(),
  rawBytes: (pool) => pool.sendRaw(new Uint8Array(100).fill(0x5a)),
  oversizedFrame: (pool) => pool.sendFrame(0, UNKNOWN_MESSAGE, new Uint8Array(OVERSIZED_BYTES)),
  brokenMessage: (pool) => pool.sendFrame(CHANNEL_BIT, JOB_MESSAGE, new Uint8Array(9)),
  unknownFrames: (pool) => {
    for (let i = 0; i < 20; i++) {
      pool.sendFrame(UNKNOWN_EXTENSION, UNKNOWN_MESSAGE, new Uint8Array(i));
    }
  },
  newBlock: (pool) => pool.newBlock(),
  newJob: (pool) => pool.newJob(),
  newFuture: (pool) => pool.newFuture(),
  badJob: (pool) => pool.newJob("scriptLength"),
  unknownPrevHash: (pool) => {
    pool.sendUnknownPrevHash();
    pool.newBlock();
  },
  newDifficulty: (pool, random) => {
    for (const { number, channels: [channel] } of pool.clients()) {
      if (channel === undefined) continue;
      const wanted = channel.difficulty * 2 ** (randomBelow(random, 7) - 3);
      pool.setDifficulty(Math.min(MOST_DIFFICULTY, Math.max(DIFFICULTY / 4, wanted)), number);
    }
    pool.newJob();
  },
  newPrefix: (pool, random) => {
    for (const { number, channels: [channel] } of pool.clients()) {
      if (channel === undefined || channel.prefix === "") continue;
      const bytes = Uint8Array.fromHex(channel.prefix);
      pool.setExtranoncePrefix(bytes.map(() => randomBelow(random, 256)), number);
    }
    pool.newJob();
  },
  newGroup: (pool, random) => pool.setGroupChannel(0x70000000 + randomBelow(random, 1000)),
  closeChannels: (pool) => pool.closeChannels(),
  askToReconnect: (pool) => pool.askToReconnect(),
  jobFlood: (pool) => {
    for (let i = 0; i < 50; i++) pool.newJob();
  },
};

/** The counts of such a pool, with what they need to be judged by. */
export interface Sv2PoolBooks extends Sv2PoolStatistics {
  readonly address: string;
  readonly like: Sv2Like;
  /** The highest difficulty that an accepted share had to reach. */
  readonly highestDifficulty: number;
}

/** Made by {@linkcode Sv2Pool.start}. */
export class Sv2Pool implements ChaosPool {
  readonly address: string;
  readonly url: string;
  readonly narrowBytes: number | undefined;
  readonly #pool: SimSv2Pool;
  readonly #random: Random;
  #fault: Fault | undefined;

  private constructor(pool: SimSv2Pool, seed: number) {
    this.#pool = pool;
    this.#random = seededRandom(seed);
    this.address = formatAddress(pool);
    this.url = pool.url;
    this.narrowBytes = pool.extranonceSize < ROOMY_BYTES ? pool.extranonceSize : undefined;
  }

  /** Starts a pool that listens and has work, and plays a real one. */
  static async start(like: Sv2Like, seed: number): Promise<Sv2Pool> {
    const pool = await SimSv2Pool.start({
      like,
      asksAddress: false,
      difficulty: DIFFICULTY,
      minDifficulty: LEAST_DIFFICULTY,
      sharesPerMinute: 0,
      jobIntervalMs: 2_000,
      blockIntervalMs: 15_000,
      certificateAgeMs: CERTIFICATE_MS,
      certificateLifeMs: CERTIFICATE_MS,
    });
    return new Sv2Pool(pool, seed);
  }

  /** Returns its counts. */
  books(): Sv2PoolBooks {
    const statistics = this.#pool.statistics();
    const difficulties = [...statistics.acceptedByTarget.keys()]
      .map((target) => difficultyOfTarget(BigInt(`0x${target}`)));
    return {
      ...statistics,
      address: this.address,
      like: this.#pool.like,
      highestDifficulty: Math.max(0, ...difficulties),
    };
  }

  act(what: PoolAct): void {
    entryFor(ACTS, what)(this.#pool, this.#random);
  }

  async beginFault(name: PoolFault): Promise<void> {
    const fault = entryFor(FAULTS, name);
    this.#fault = fault;
    if (fault.switches !== undefined) await this.#pool.setFaults(fault.switches);
    if (fault.factor !== undefined) {
      this.#setDifficulty((difficulty) => difficulty * fault.factor!);
    }
    if (fault.resets) this.#pool.resetConnections();
  }

  async endFaults(): Promise<void> {
    const fault = this.#fault;
    if (fault === undefined) return;
    this.#fault = undefined;
    await this.#pool.setFaults(NO_SV2_FAULTS);
    if (fault.factor !== undefined) this.#setDifficulty(() => DIFFICULTY);
    if (fault.resetsAtEnd) this.#pool.resetConnections();
  }

  /** Jobs keep their difficulty, so that late lines change no verdict. */
  linesAreLate(): void {}

  newBlock(): void {
    this.#pool.newBlock();
  }

  async stop(): Promise<void> {
    await this.#pool.stop();
  }

  #setDifficulty(of: (difficulty: number) => number): void {
    for (const { number, channels: [channel] } of this.#pool.clients()) {
      if (channel === undefined) continue;
      this.#pool.setDifficulty(Math.max(LEAST_DIFFICULTY, of(channel.difficulty)), number);
    }
    this.#pool.newJob();
  }
}
