/**
 * How NOMP follows the speed of a client: the mean time between the last shares, looked at when one
 * comes, at most once in a while.
 */

import type { StratumVardiff } from "./settings.ts";

/** Part of the time aimed at that the mean may be off before anything changes. */
const VARIANCE = 0.3;
/** It keeps as many gaps as should come in this many looks. */
const LOOKS_KEPT = 4;

/** The measurement of one client. */
export class NompVardiff {
  readonly #vardiff: StratumVardiff;
  readonly #kept: number;
  #lookedAtMs: number | undefined;
  #lastMs = 0;
  #gapsMs: number[] = [];

  /** Begins with the first share. */
  constructor(vardiff: StratumVardiff) {
    this.#vardiff = vardiff;
    this.#kept = Math.max(1, Math.floor(vardiff.everyMs / vardiff.targetMs * LOOKS_KEPT));
  }

  /** A share came, good or bad; by what the difficulty should be multiplied, if at all. */
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
