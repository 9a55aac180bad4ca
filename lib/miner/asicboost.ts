/**
 * Detects miners that lose ASICBoost: they sent version bits with every share and suddenly send
 * none, which means less hashrate or more power. A new connection usually repairs it.
 */

import type { Now } from "../base/clock.ts";

/**
 * A miner can lose ASICBoost only after more shares with version bits than this (stratum.md
 * "Shares").
 */
const PROVEN_SHARES = 100;

/** A miner is disconnected for this at most once in this time, in milliseconds. */
export const RECONNECT_PAUSE_MS = 30 * 60_000;

/** How many disconnected miners are remembered; the oldest are forgotten first. */
const MAX_REMEMBERED = 65_536;

/**
 * Whether a miner rolls version bits: `never` so far, `rolling`, `lost` if it did and stopped,
 * `cannot_narrow` if it also rolls bits that are not allowed (narrowing.ts).
 */
export type RollingState = "never" | "rolling" | "lost" | "cannot_narrow";

/** The history of one miner's version rolling; starts as 0. */
export type RollingHistory = number;

/** The history of a miner that lost ASICBoost. */
const LOST: RollingHistory = -1;

/** The history after a share with or without the field for version bits. */
export function noteShare(history: RollingHistory, hasVersionBits: boolean): RollingHistory {
  if (hasVersionBits) return history === LOST ? 1 : Math.min(history + 1, PROVEN_SHARES + 1);
  return history > PROVEN_SHARES ? LOST : history === LOST ? LOST : 0;
}

/** The state that a history stands for. */
export function rollingState(history: RollingHistory): RollingState {
  if (history === LOST) return "lost";
  return history === 0 ? "never" : "rolling";
}

/**
 * Remembers which miners were disconnected lately, so that one that does not recover is not
 * disconnected forever.
 */
export class ReconnectPause {
  readonly #now: Now;
  /** When each miner was disconnected, oldest first. */
  readonly #sentAway = new Map<string, number>();

  /** Remembers no miner yet. */
  constructor(now: Now) {
    this.#now = now;
  }

  /** Whether the miner may be disconnected now; if so, this is noted. */
  take(miner: string): boolean {
    const time = this.#now();
    const last = this.#sentAway.get(miner);
    if (last !== undefined && time - last < RECONNECT_PAUSE_MS) return false;
    this.#sentAway.delete(miner);
    this.#sentAway.set(miner, time);
    if (this.#sentAway.size > MAX_REMEMBERED) {
      this.#sentAway.delete(this.#sentAway.keys().next().value!);
    }
    return true;
  }
}
