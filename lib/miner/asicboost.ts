/**
 * Miners that lose ASICBoost on the way: they sent version bits with every share and suddenly send
 * none, at less hashrate or more power. A new connection usually cures them.
 */

import type { Now } from "../base/clock.ts";

/** More shares than this with version bits make a miner one that can lose it (stratum.md "Shares"). */
const PROVEN_SHARES = 100;

/** A miner is sent away at most once in this time, in milliseconds. */
export const RECONNECT_PAUSE_MS = 30 * 60_000;

/** Miners remembered as sent away; the oldest are forgotten first. */
const MAX_REMEMBERED = 65_536;

/**
 * Whether a miner rolls version bits: not so far, it does, it did and stopped, it does and cannot
 * keep to those that are allowed (narrowing.ts).
 */
export type RollingState = "never" | "rolling" | "lost" | "cannot_narrow";

/** What is known of one miner's version rolling; starts as 0. */
export type RollingHistory = number;

/** History of a miner that lost it. */
const LOST: RollingHistory = -1;

/** The history after a share with or without the field for version bits. */
export function noteShare(history: RollingHistory, hasVersionBits: boolean): RollingHistory {
  if (hasVersionBits) return history === LOST ? 1 : Math.min(history + 1, PROVEN_SHARES + 1);
  return history > PROVEN_SHARES ? LOST : history === LOST ? LOST : 0;
}

/** The state a history stands for. */
export function rollingState(history: RollingHistory): RollingState {
  if (history === LOST) return "lost";
  return history === 0 ? "never" : "rolling";
}

/** Remembers which miners were sent away lately, so that one that stays lost is not for ever. */
export class ReconnectPause {
  readonly #now: Now;
  /** When each miner was sent away, oldest first. */
  readonly #sentAway = new Map<string, number>();

  /** Nobody was sent away yet. */
  constructor(now: Now) {
    this.#now = now;
  }

  /** Whether the miner may be sent away now; if so that is noted. */
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
