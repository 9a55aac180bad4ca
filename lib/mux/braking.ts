/**
 * The brakes of an account's connections: set by the known hashrate of the miners and by the shares
 * that come, told to miners with a job, and logged when they start and end.
 */

import { Allowance } from "../base/allowance.ts";
import type { Now } from "../base/clock.ts";
import { areaLog } from "../observe/log.ts";
import type { Fanout } from "./downstream.ts";
import type { LocalDifficulty } from "./local_difficulty.ts";
import { powerOf } from "./powers_of_two.ts";
import type { MinerSeat } from "./seat.ts";
import type { Slot } from "./slot.ts";

/** Hashes that a share of difficulty 1 stands for. */
const HASHES_PER_DIFFICULTY = 2 ** 32;

/** How often the hashrate is looked up, in milliseconds. */
const LOOK_EVERY_MS = 1_000;

/** How often a brake is logged, in milliseconds, and how many times at once. */
const SAY_EVERY_MS = 60_000;
const SAY_BURST = 5;

/** The parts that {@linkcode Braking} needs. */
export interface BrakingParts {
  /** Sets the difficulties of miners. */
  readonly local: Pick<LocalDifficulty, "atJob">;
  /** The hashrate of all miners of the account, in hashes a second; `undefined` if unknown. */
  readonly hashrate: () => number | undefined;
  /** The number of the next job. */
  readonly nextJobNumber: () => number;
  /** Has miners fetch their news. */
  readonly fanout: Fanout;
  /** Monotonic time. */
  readonly now: Now;
  /** Real time, for what miners see. */
  readonly realNow: Now;
}

/** Numbers of miners. */
export interface Crowds {
  /** Miners about to come to the connection, not counting those there. */
  readonly coming: number;
  /** All miners of the account. */
  readonly all: number;
}

/** A brake that is on. */
interface Braked {
  readonly since: number;
  readonly lossBefore: number;
  readonly isSaid: boolean;
}

const log = areaLog("mux");

/** The brakes of an account. */
export class Braking {
  readonly #parts: BrakingParts;
  readonly #braked = new WeakMap<Slot<MinerSeat>, Braked>();
  readonly #sayings = new Allowance(SAY_EVERY_MS, SAY_BURST);
  #hashrate: number | undefined;
  #lookedAt = -Infinity;

  /** Starts with no brake on. */
  constructor(parts: BrakingParts) {
    this.#parts = parts;
  }

  /** Sets the brake of a connection by the known hashrate of its miners and of those that come. */
  foresee(slot: Slot<MinerSeat>, { coming, all }: Crowds): void {
    const { brake, ceiling, miners } = slot;
    const time = this.#parts.now();
    if (brake === undefined || all === 0) return;
    if (time - this.#lookedAt >= LOOK_EVERY_MS) {
      this.#lookedAt = time;
      this.#hashrate = this.#parts.hashrate();
    }
    if (this.#hashrate === undefined) return;
    const part = Math.min(1, (miners + coming) / all);
    brake.foresee(time, this.#hashrate / HASHES_PER_DIFFICULTY * part, ceiling);
    this.#say(slot, time);
  }

  /**
   * Sets the brake by the shares that came, and has miners told of it. Call it several times a
   * second.
   */
  tick(slot: Slot<MinerSeat>): void {
    const { brake, upstream, ceiling, work, seats } = slot;
    if (brake === undefined) return;
    const { now, realNow, local, nextJobNumber, fanout } = this.#parts;
    const time = now();
    brake.check(time, upstream.queued, ceiling);
    this.#say(slot, time);
    const { untold } = brake;
    if (untold === undefined || work.job === undefined || seats.size === 0) return;
    const isHarder = untold === "harder";
    const isTime = isHarder ? brake.takeTelling(time) : work.isRested(realNow());
    if (!isTime) return;
    local.atJob(slot, time);
    slot.setDifficultiesAgain(nextJobNumber(), isHarder);
    if (!work.announce(realNow())) return;
    brake.told(time);
    fanout.tell(slot);
  }

  /** A connection is gone. If its brake was on, its cost is still logged. */
  lost(slot: Slot<MinerSeat>): void {
    const braked = this.#braked.get(slot);
    this.#braked.delete(slot);
    if (braked?.isSaid !== true) return;
    const { upstream: { name }, brakeLoss } = slot;
    log.info(
      "Pool {pool} disconnected after {seconds} s with the brake on. The brake cost work of " +
        "difficulty {lost}",
      { pool: name, ...costOf(braked, brakeLoss, this.#parts.now()) },
    );
  }

  /** Logs that a brake is on, or off again. */
  #say(slot: Slot<MinerSeat>, time: number): void {
    const { upstream: { name }, brake, ceiling, brakeLoss, miners } = slot;
    const level = brake!.level;
    const before = this.#braked.get(slot);
    if ((level === undefined) === (before === undefined)) return;
    if (before === undefined) {
      const isSaid = this.#sayings.take(time);
      this.#braked.set(slot, { since: time, lossBefore: brakeLoss, isSaid });
      if (!isSaid) return;
      log.warn(
        "Pool {pool} has difficulty {difficulty}, far too low for {miners|miner}: braking them " +
          "at {braked} until the pool raises its own. If it does not, ask it for a higher one: " +
          "set vardiff.suggest_to_pool, or see which passwords it accepts",
        { pool: name, difficulty: ceiling, miners, braked: powerOf(level!) },
      );
      return;
    }
    this.#braked.delete(slot);
    if (!before.isSaid) return;
    log.info(
      "Pool {pool} has difficulty {difficulty} now: released the brake after {seconds} s. The " +
        "brake cost work of difficulty {lost}",
      { pool: name, difficulty: ceiling, ...costOf(before, brakeLoss, time) },
    );
  }
}

/** How long a brake was on, and the work it cost. */
function costOf({ since, lossBefore }: Braked, brakeLoss: number, time: number) {
  return {
    seconds: Math.round((time - since) / 1000),
    lost: Math.round(brakeLoss - lossBefore),
  };
}
