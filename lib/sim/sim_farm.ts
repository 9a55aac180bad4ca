/**
 * A farm of simulated miners, of mixed kinds, counted together.
 */

import type { Time, Timer } from "../base/clock.ts";
import { systemTime } from "../base/system_time.ts";
import { CONFIGURE, FIRMWARE, FIRMWARE_NAMES, type FirmwareName } from "./firmware.ts";
import { type MinerStatistics, sumOf } from "./miner_ledger.ts";
import { assertNone } from "./server_faults.ts";
import type { MinerMode } from "./share_source.ts";
import { SimMiner } from "./sim_miner.ts";
import type { SimMinerOptions } from "./sim_miner_options.ts";
import { seededRandom } from "./seeded_random.ts";
import {
  type Conduct,
  conductOf,
  HEALTHY,
  type Trouble,
  troubleAt,
  type TroubledMiners,
  type TroubleTimes,
} from "./trouble.ts";
import { Watch } from "./watch.ts";

/** How many miners a farm has, and what each of them does. */
export interface SimFarmOptions
  extends Omit<SimMinerOptions, "user" | "firmware" | "watch" | "conduct"> {
  /** How many miners. */
  readonly count: number;
  /** The sub-account before the dot of every user name; `user` if not given. */
  readonly account?: string;
  /** User names of the first miners; the others get names from `account` and `namePrefix`. */
  readonly users?: readonly string[];
  /** Worker names begin with this; `rig` if not given, for `rig001`, `rig002` and so on. */
  readonly namePrefix?: string;
  /** The kinds of miners, in turn; every kind there is if not given. */
  readonly firmware?: readonly FirmwareName[];
  /** How many miners connect in a second; all at once if not given. */
  readonly connectsPerSecond?: number;
  /** How many miners have which trouble: the first ones, in this order; none if not given. */
  readonly troubled?: readonly TroubledMiners[];
  /** Times of the troubles that differ from the usual ones. */
  readonly troubleTimes?: Partial<TroubleTimes>;
}

/** Miners started together. Made by {@linkcode SimFarm.start}, ended by `stop()`. */
export class SimFarm {
  readonly #time: Time;
  readonly #watch: Watch;
  readonly #miners: SimMiner[] = [];
  readonly #options: SimFarmOptions;
  #mode: MinerMode;
  #timer: Timer | undefined;

  private constructor(options: SimFarmOptions) {
    this.#options = options;
    this.#time = options.time ?? systemTime;
    this.#watch = new Watch(this.#time);
    this.#mode = options.mode ?? { kind: "idle" };
  }

  /** Starts the miners: all at once, or at the rate of `connectsPerSecond`. */
  static start(options: SimFarmOptions): SimFarm {
    const farm = new SimFarm(options);
    const { count, connectsPerSecond } = options;
    if (connectsPerSecond === undefined) {
      while (farm.#miners.length < count) farm.#startMiner();
    } else {
      const time = farm.#time;
      const startedAtMs = time.now();
      farm.#timer = time.every(Math.max(5, 1000 / connectsPerSecond), () => {
        const due = Math.floor((time.now() - startedAtMs) / 1000 * connectsPerSecond);
        while (farm.#miners.length < Math.min(due, count)) farm.#startMiner();
        if (farm.#miners.length === count) time.clear(farm.#timer);
      });
    }
    return farm;
  }

  /** The miners started so far, in order. */
  get miners(): readonly SimMiner[] {
    return this.#miners;
  }

  /** The names under which a pool should know the miners. */
  get workerNames(): ReadonlySet<string> {
    return new Set(this.#miners.map(({ workerName }) => workerName));
  }

  /** What servers did wrong, each with the miner's name and kind. */
  get faults(): readonly string[] {
    return this.#miners.flatMap((miner) => miner.faults.map((fault) => miner.named(fault)));
  }

  /** Returns the current counts of all miners together. */
  statistics(): MinerStatistics {
    return sumOf(this.#miners.map((miner) => miner.statistics()));
  }

  /** Returns the counts of the miners without a trouble. */
  healthyStatistics(): MinerStatistics {
    const { troubled = [] } = this.#options;
    const healthy = this.#miners.filter((_, index) => troubleAt(troubled, index) === undefined);
    return sumOf(healthy.map((miner) => miner.statistics()));
  }

  /** User names of the miners with each trouble, including those still to start. */
  get troubledUsers(): ReadonlyMap<Trouble, readonly string[]> {
    const { troubled = [], count } = this.#options;
    const users = new Map<Trouble, string[]>();
    for (let index = 0; index < count; index++) {
      const found = troubleAt(troubled, index);
      if (found === undefined) break;
      const others = users.get(found.trouble);
      if (others === undefined) users.set(found.trouble, [this.#userAt(index)]);
      else others.push(this.#userAt(index));
    }
    return users;
  }

  /** Changes how all miners get their shares, including those still to start. */
  setMode(mode: MinerMode): void {
    this.#mode = mode;
    for (const miner of this.#miners) miner.setMode(mode);
  }

  /**
   * Settles as soon as `condition`, which is checked after each event here, is true.
   *
   * @throws Error (rejects) when it is still false after `timeoutMs`, 60,000 if not given.
   */
  until(condition: () => boolean, timeoutMs?: number): Promise<void> {
    return this.#watch.until(condition, timeoutMs);
  }

  /** Stops all miners, and settles when nothing of them runs any more. */
  async stop(): Promise<void> {
    this.#time.clear(this.#timer);
    await Promise.all(this.#miners.map((miner) => miner.stop()));
  }

  /**
   * Like `stop()`.
   * @throws Error (rejects) if there are faults that were not read.
   */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    assertNone(this.#miners.flatMap((miner) => miner.unseenFaults));
  }

  #startMiner(): void {
    const { firmware = FIRMWARE_NAMES, seed = 1 } = this.#options;
    const index = this.#miners.length;
    const kind = firmware[index % firmware.length]!;
    // Far enough apart that no two miners of two farms roll alike.
    const ownSeed = Math.imul(seed, 1_000_003) + index + 1;
    this.#miners.push(SimMiner.start({
      ...this.#options,
      mode: this.#mode,
      conduct: this.#conductAt(index, kind, ownSeed),
      user: this.#userAt(index),
      firmware: kind,
      seed: ownSeed,
      time: this.#time,
      watch: this.#watch,
    }));
  }

  #userAt(index: number): string {
    const { account = "user", namePrefix = "rig", users = [] } = this.#options;
    return users[index] ?? `${account}.${namePrefix}${String(index + 1).padStart(3, "0")}`;
  }

  #conductAt(index: number, firmware: FirmwareName, seed: number): Conduct {
    const { troubled = [], troubleTimes: times = {} } = this.#options;
    const found = troubleAt(troubled, index);
    if (found === undefined) return HEALTHY;
    return conductOf(found.trouble, {
      place: found.place,
      rollsVersions: FIRMWARE[firmware].messages.some(({ method }) => method === CONFIGURE),
      isHashing: this.#mode.kind === "hash",
      times,
      random: seededRandom(seed),
    });
  }
}
