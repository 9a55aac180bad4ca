/**
 * Detects pools whose difficulty is so high that their miners hardly ever find a share: until they
 * do, their work earns nothing, and nothing else would show it, because shares that are not sent
 * are neither rejected nor late.
 */

import { Allowance } from "../base/allowance.ts";
import { areaLog } from "../observe/log.ts";

/** Shares are rare if one comes in this time, in milliseconds: most pools aim at seconds. */
const RARE_MS = 3_600_000;

/** How often connections are checked, in milliseconds. */
const LOOK_EVERY_MS = 60_000;

/** How often this is logged for all connections of an account, in milliseconds. */
const SAY_EVERY_MS = 3_600_000;
const SAY_BURST = 3;

/** Hashes that a share of difficulty 1 stands for. */
const HASHES_PER_DIFFICULTY = 2 ** 32;

/** A connection; a `Slot` already fits. */
export interface SteepPlace {
  /** The connection itself. */
  readonly upstream: { readonly name: string };
  /** The pool's own difficulty. */
  readonly ceiling: number;
  /** How many miners sit there. */
  readonly miners: number;
}

const log = areaLog("mux");

/** Checks the connections of one account. Times are monotonic, in milliseconds. */
export class RareShares {
  readonly #said = new WeakSet<SteepPlace>();
  readonly #sayings = new Allowance(SAY_EVERY_MS, SAY_BURST);
  #lookedAt = -Infinity;

  /** Whether it is time to check the connections. */
  isTime(time: number): boolean {
    if (time - this.#lookedAt < LOOK_EVERY_MS) return false;
    this.#lookedAt = time;
    return true;
  }

  /**
   * Checks a connection and logs once if shares are rare; `hashrate` is that of its miners, in
   * hashes a second.
   */
  look(place: SteepPlace, hashrate: number, time: number): void {
    const { upstream: { name }, ceiling, miners } = place;
    const everyMs = ceiling * HASHES_PER_DIFFICULTY / hashrate * 1000;
    // Without miners at work, nothing is lost.
    if (!(hashrate > 0) || everyMs < RARE_MS) return void this.#said.delete(place);
    if (this.#said.has(place) || !this.#sayings.take(time)) return;
    this.#said.add(place);
    log.warn(
      "Pool {pool} has difficulty {difficulty}, far too high for {miners|miner}: a share for it is " +
        "found about once in {hours} h, and all other work earns nothing. Ask the pool " +
        "for a lower difficulty (set vardiff.suggest_to_pool, or see which passwords it " +
        "accepts), or use another pool",
      { pool: name, difficulty: ceiling, miners, hours: Math.round(everyMs / 3_600_000) },
    );
  }
}
