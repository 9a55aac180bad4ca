/**
 * A farm of simulated miners, of mixed kinds, counted together.
 */

import type { Time, Timer } from "../base/clock.ts";
import { systemTime } from "../base/system_time.ts";
import { FIRMWARE_NAMES, type FirmwareName } from "./firmware.ts";
import { type MinerStatistics, sumOf } from "./miner_ledger.ts";
import { assertNone, type MinerMode, SimMiner, type SimMinerOptions } from "./sim_miner.ts";
import { Watch } from "./watch.ts";

/** What a farm is to be: how many miners, and what each of them is to do. */
export interface SimFarmOptions extends Omit<SimMinerOptions, "user" | "firmware" | "watch"> {
  /** How many miners. */
  readonly count: number;
  /** The sub-account before the dot of every user name; `user` if not given. */
  readonly account?: string;
  /** What the first miners authorize as; the others as `account` and `namePrefix` say. */
  readonly users?: readonly string[];
  /** Worker names begin with this; `rig` if not given, for `rig001`, `rig002` and so on. */
  readonly namePrefix?: string;
  /** The kinds of miners, in turn; every kind there is if not given. */
  readonly firmware?: readonly FirmwareName[];
  /** So many connect in a second; all at once if not given. */
  readonly connectsPerSecond?: number;
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

  /** Starts the miners: all at once, or as fast as `connectsPerSecond` says. */
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

  /** The names a pool should know the miners by. */
  get workerNames(): ReadonlySet<string> {
    return new Set(this.#miners.map(({ workerName }) => workerName));
  }

  /** What servers did wrong, each with the miner's name and kind. */
  get faults(): readonly string[] {
    return this.#miners.flatMap((miner) => miner.faults.map((fault) => miner.named(fault)));
  }

  /** Counts of this moment, of all miners together. */
  statistics(): MinerStatistics {
    return sumOf(this.#miners.map((miner) => miner.statistics()));
  }

  /** All miners come by their shares another way from now on, those still to start included. */
  setMode(mode: MinerMode): void {
    this.#mode = mode;
    for (const miner of this.#miners) miner.setMode(mode);
  }

  /**
   * Settles as soon as `condition`, asked after everything that happens here, is true.
   *
   * @throws Error (rejects) when it is still false after `timeoutMs`, 60,000 if not given.
   */
  until(condition: () => boolean, timeoutMs?: number): Promise<void> {
    return this.#watch.until(condition, timeoutMs);
  }

  /** Ends all miners and settles when nothing of them runs any more. */
  async stop(): Promise<void> {
    this.#time.clear(this.#timer);
    await Promise.all(this.#miners.map((miner) => miner.stop()));
  }

  /**
   * As `stop()`.
   *
   * @throws Error (rejects) if there are faults that nobody has looked at.
   */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    assertNone(this.#miners.flatMap((miner) => miner.unseenFaults));
  }

  #startMiner(): void {
    const {
      account = "user",
      namePrefix = "rig",
      firmware = FIRMWARE_NAMES,
      seed = 1,
      users = [],
    } = this.#options;
    const number = this.#miners.length + 1;
    this.#miners.push(SimMiner.start({
      ...this.#options,
      mode: this.#mode,
      user: users[number - 1] ?? `${account}.${namePrefix}${String(number).padStart(3, "0")}`,
      firmware: firmware[(number - 1) % firmware.length]!,
      // Far enough apart that no two miners of two farms roll alike.
      seed: Math.imul(seed, 1_000_003) + number,
      time: this.#time,
      watch: this.#watch,
    }));
  }
}
