/**
 * How public-pool follows the speed of a client: looked at once a minute, over the last thirty
 * shares, in powers of two; without shares it sinks to a sixth each time.
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

  /** A share was credited so much. */
  accepted(difficulty: number, nowMs: number): void {
    this.#shares.push({ atMs: nowMs, difficulty });
    if (this.#shares.length > KEPT_SHARES) this.#shares.shift();
  }

  /** What the difficulty should be, if not what it is. */
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

/** The nearest power of two; of a fraction, times a power of ten: 0.0032 is one. */
export function nearestPower(value: number, least: number): number {
  if (value < least) return least;
  let scale = 1;
  while (value * scale < 10) scale *= 10;
  return 2 ** Math.round(Math.log2(value * scale)) / scale;
}
