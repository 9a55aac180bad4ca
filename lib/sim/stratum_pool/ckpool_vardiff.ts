/**
 * How ckpool follows the speed of a client: after 72 shares or four minutes, whichever comes first,
 * and only when a share comes.
 */

import type { StratumVardiff } from "./settings.ts";

/** Inside of these parts of the rate aimed at nothing changes. */
const SLOW = 0.5;
const FAST = 4 / 3;

/** The measurement of one client. */
export class CkpoolVardiff {
  readonly #vardiff: StratumVardiff;
  #sinceMs: number;
  #shares = 0;
  #work = 0;

  /** Begins at `nowMs`. */
  constructor(vardiff: StratumVardiff, nowMs: number) {
    this.#vardiff = vardiff;
    this.#sinceMs = nowMs;
  }

  /** A share was credited `credited`; the difficulty to go to from `difficulty`, if any. */
  accepted(credited: number, difficulty: number, nowMs: number): number | undefined {
    const { targetMs, everyMs, shares } = this.#vardiff;
    if (this.#shares === 0) this.#sinceMs = Math.min(nowMs, this.#sinceMs + everyMs);
    this.#shares++;
    this.#work += credited;
    const elapsedMs = Math.max(1, nowMs - this.#sinceMs);
    if (this.#shares < shares && elapsedMs < everyMs) return undefined;
    const optimal = this.#work / elapsedMs * targetMs;
    this.restart(nowMs);
    const ratio = optimal / difficulty;
    return ratio > SLOW && ratio < FAST ? undefined : Number(optimal.toPrecision(2));
  }

  /** Measures from now on. */
  restart(nowMs: number): void {
    this.#sinceMs = nowMs;
    this.#shares = 0;
    this.#work = 0;
  }
}
