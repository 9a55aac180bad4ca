/**
 * How DATUM follows the speed of a client: in powers of two, once a minute, or after a burst of
 * shares that asks for four times as much; without shares it halves.
 */

import type { StratumVardiff } from "./settings.ts";

const BURST_FACTOR = 4;

/** A change, and whether it cannot wait for the next job. */
export interface DatumChange {
  /** The difficulty to go to. */
  readonly difficulty: number;
  /** Whether a job is to be sent for it at once. */
  readonly isBurst: boolean;
}

/** The measurement of one client. */
export class DatumVardiff {
  readonly #vardiff: StratumVardiff;
  #sinceMs: number;
  #shares = 0;
  #work = 0;

  /** Begins at `nowMs`. */
  constructor(vardiff: StratumVardiff, nowMs: number) {
    this.#vardiff = vardiff;
    this.#sinceMs = nowMs;
  }

  /** Notes a share with its credit. */
  accepted(credited: number, difficulty: number, nowMs: number): DatumChange | undefined {
    this.#shares++;
    this.#work += credited;
    if (this.#shares % this.#vardiff.shares !== 0) return undefined;
    const wanted = this.#wanted(nowMs);
    if (wanted < difficulty * BURST_FACTOR) return undefined;
    this.#restart(nowMs);
    return { difficulty: wanted, isBurst: true };
  }

  /** Checks the time. */
  tick(difficulty: number, nowMs: number): DatumChange | undefined {
    if (nowMs - this.#sinceMs < this.#vardiff.everyMs) return undefined;
    const wanted = this.#work === 0 ? difficulty / 2 : this.#wanted(nowMs);
    this.#restart(nowMs);
    if (wanted < difficulty) return { difficulty: difficulty / 2, isBurst: false };
    return wanted > difficulty ? { difficulty: wanted, isBurst: false } : undefined;
  }

  /** The highest power of two at which shares come often enough. */
  #wanted(nowMs: number): number {
    const optimal = this.#work / Math.max(1, nowMs - this.#sinceMs) * this.#vardiff.targetMs;
    return 2 ** Math.floor(Math.log2(optimal));
  }

  #restart(nowMs: number): void {
    this.#sinceMs = nowMs;
    this.#shares = 0;
    this.#work = 0;
  }
}
