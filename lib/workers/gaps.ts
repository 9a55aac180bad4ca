/**
 * Pauses of a miner that otherwise sends shares steadily, and whether they come at regular times.
 */

/** Pauses of a miner that sends fewer shares a minute on average say nothing. */
const LEAST_PER_MINUTE = 4;

/** A pause of this many times the average comes by chance once in three thousand shares. */
const LEAST_INTERVALS = 8;

/** Pauses kept of one worker. */
const MOST_GAPS = 8;

/** At least this many in a row, with this part of difference in their distances and lengths. */
const LEAST_IN_A_ROW = 5;
const MOST_SPREAD = 0.1;
const MOST_LENGTH_SPREAD = 0.5;

/** One pause; times in milliseconds. */
export interface Gap {
  /** When the last share before it came. */
  readonly at: number;
  /** How long it was. */
  readonly ms: number;
}

/** Pauses at regular times. */
export interface RegularGaps {
  /** How long they are on average, in milliseconds. */
  readonly ms: number;
  /** From one to the next on average, in milliseconds. */
  readonly everyMs: number;
  /** How many there were. */
  readonly count: number;
}

/** Whether a pause of a miner with this many shares a minute is long, and more than chance. */
export function isGap(ms: number, sharesPerMinute: number, leastMs: number): boolean {
  return sharesPerMinute >= LEAST_PER_MINUTE && ms >= leastMs &&
    ms >= LEAST_INTERVALS * 60_000 / sharesPerMinute;
}

/** `gaps` with one more; the oldest is left out. */
export function withGap(gaps: readonly Gap[], gap: Gap): readonly Gap[] {
  return [...gaps.slice(-(MOST_GAPS - 1)), gap];
}

/** The last of `gaps` in a row that are alike and equally far apart; `undefined` for too few. */
export function regularGaps(gaps: readonly Gap[]): RegularGaps | undefined {
  for (let count = gaps.length; count >= LEAST_IN_A_ROW; count--) {
    const last = gaps.slice(-count);
    const distances = last.slice(1).map(({ at }, i) => at - last[i]!.at);
    const lengths = last.map(({ ms }) => ms);
    if (spread(distances) > MOST_SPREAD || spread(lengths) > MOST_LENGTH_SPREAD) continue;
    return { ms: mean(lengths), everyMs: mean(distances), count };
  }
  return undefined;
}

/** The same in a sentence, with the figures. */
export function aboutGaps({ ms, everyMs, count }: RegularGaps): string {
  const part = (100 * ms / everyMs).toFixed(1);
  return `No share for about ${Math.round(ms / 1000)} s every ${minutes(everyMs)} min, ` +
    `${count} times in a row: this is what a hidden fee or a dying board looks like; ` +
    `it is ${part} % of its time`;
}

function minutes(ms: number): string {
  const value = ms / 60_000;
  return value < 10 ? value.toFixed(1) : String(Math.round(value));
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** How far the greatest and the least are apart, as a part of the mean. */
function spread(values: readonly number[]): number {
  return (Math.max(...values) - Math.min(...values)) / mean(values);
}
