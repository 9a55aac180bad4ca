/**
 * How NOMP follows the speed of a client: by the mean time between the last shares, checked when a
 * share arrives, at most once in an interval.
 */

import type { StratumVardiff } from "./settings.ts";

/** The part of the target time by which the mean may differ before anything changes. */
const VARIANCE = 0.3;
/** It keeps the gaps expected in this number of checks. */
const LOOKS_KEPT = 4;

/** The measurement of one client. */
export class NompVardiff {
  readonly #vardiff: StratumVardiff;
  readonly #kept: number;
  #lookedAtMs: number | undefined;
  #lastMs = 0;
  #gapsMs: number[] = [];

  /** Starts measuring at the first share. */
  constructor(vardiff: StratumVardiff) {
    this.#vardiff = vardiff;
    this.#kept = Math.max(1, Math.floor(vardiff.everyMs / vardiff.targetMs * LOOKS_KEPT));
  }

  /** Notes a share, good or bad. Returns the factor for the difficulty, if it should change. */
  submitted(nowMs: number): number | undefined {
    const { targetMs, everyMs } = this.#vardiff;
    if (this.#lookedAtMs === undefined) {
      this.#lookedAtMs = nowMs - everyMs / 2;
      this.#lastMs = nowMs;
      return undefined;
    }
    this.#gapsMs.push(nowMs - this.#lastMs);
    if (this.#gapsMs.length > this.#kept) this.#gapsMs.shift();
    this.#lastMs = nowMs;
    if (nowMs - this.#lookedAtMs < everyMs) return undefined;
    this.#lookedAtMs = nowMs;
    const mean = this.#gapsMs.reduce((sum, gap) => sum + gap, 0) / this.#gapsMs.length;
    if (Math.abs(mean - targetMs) <= VARIANCE * targetMs) return undefined;
    this.#gapsMs = [];
    return targetMs / Math.max(1, mean);
  }
}
