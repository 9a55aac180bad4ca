/**
 * How public-pool follows the speed of a client: checked once a minute over the last thirty shares,
 * in powers of two; without shares the difficulty drops to a sixth each time.
 */

import type { StratumVardiff } from "./settings.ts";

const KEPT_SHARES = 30;
const FEWEST_SHARES = 5;
const IDLE_DIVISOR = 6;

/** The measurement of one client. */
export class PublicVardiff {
  readonly #vardiff: StratumVardiff;
  #shares: { readonly atMs: number; readonly difficulty: number }[] = [];
  readonly #sinceMs: number;

  /** Begins at `nowMs`. */
  constructor(vardiff: StratumVardiff, nowMs: number) {
    this.#vardiff = vardiff;
    this.#sinceMs = nowMs;
  }

  /** Notes a share with its credit. */
  accepted(difficulty: number, nowMs: number): void {
    this.#shares.push({ atMs: nowMs, difficulty });
    if (this.#shares.length > KEPT_SHARES) this.#shares.shift();
  }

  /** Returns the wanted difficulty, if it differs from the current one. */
  wanted(difficulty: number, least: number, nowMs: number): number | undefined {
    const { targetMs, everyMs } = this.#vardiff;
    const first = this.#shares[0];
    const last = this.#shares.at(-1);
    if (first === undefined || last === undefined || this.#shares.length < FEWEST_SHARES) {
      return nowMs - this.#sinceMs >= everyMs
        ? nearestPower(difficulty / IDLE_DIVISOR, least)
        : undefined;
    }
    const sum = this.#shares.reduce((work, share) => work + share.difficulty, 0);
    const target = sum / Math.max(1, last.atMs - first.atMs) * targetMs;
    return difficulty * 2 < target || difficulty / 2 > target
      ? nearestPower(target, least)
      : undefined;
  }
}

/**
 * Returns the nearest power of two; for a fraction, a power of two times a power of ten, such as
 * 0.0032.
 */
export function nearestPower(value: number, least: number): number {
  if (value < least) return least;
  let scale = 1;
  while (value * scale < 10) scale *= 10;
  return 2 ** Math.round(Math.log2(value * scale)) / scale;
}
