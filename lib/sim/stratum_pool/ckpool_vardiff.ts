/**
 * How ckpool follows the speed of a client: after 72 shares or four minutes, whichever comes first,
 * and only when a share comes.
 */

import type { StratumVardiff } from "./settings.ts";

/** Between these parts of the target rate nothing changes. */
const SLOW = 0.5;
const FAST = 4 / 3;

/** The measurement of one client. */
export class CkpoolVardiff {
  readonly #vardiff: StratumVardiff;
  #sinceMs: number | undefined;
  #shares = 0;
  #work = 0;

  /** Starts measuring at the first share. */
  constructor(vardiff: StratumVardiff) {
    this.#vardiff = vardiff;
  }

  /**
   * Notes a share with its credit. Returns the new difficulty instead of `difficulty`, if it
   * changes.
   */
  accepted(credited: number, difficulty: number, nowMs: number): number | undefined {
    const { targetMs, everyMs, shares } = this.#vardiff;
    this.#shares++;
    if (this.#sinceMs === undefined) {
      this.#sinceMs = nowMs;
      return undefined;
    }
    this.#work += credited;
    const elapsedMs = Math.max(1, nowMs - this.#sinceMs);
    if (this.#shares < shares && elapsedMs < everyMs) return undefined;
    const optimal = this.#work / elapsedMs * targetMs;
    this.restart(nowMs);
    const ratio = optimal / difficulty;
    return ratio > SLOW && ratio < FAST ? undefined : Number(optimal.toPrecision(2));
  }

  /** Restarts the measurement, if it has started. */
  restart(nowMs: number): void {
    if (this.#sinceMs !== undefined) this.#sinceMs = nowMs;
    this.#shares = 0;
    this.#work = 0;
  }
}
