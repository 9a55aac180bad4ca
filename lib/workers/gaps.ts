/**
 * Finds gaps: long pauses of a miner that otherwise sends shares steadily. Tells whether they come
 * at regular intervals.
 */

/** A miner that sends fewer shares a minute pauses this long by chance. */
const LEAST_PER_MINUTE = 4;

/** A pause this many times the average happens by chance once in three thousand shares. */
const LEAST_INTERVALS = 8;

/** The most gaps kept for one worker. */
const MOST_GAPS = 8;

/** Gaps are regular if there are at least this many in a row. */
const LEAST_IN_A_ROW = 5;

/** The most that distances between regular gaps differ, as a part of their mean. */
const MOST_SPREAD = 0.1;

/** The most that lengths of regular gaps differ, as a part of their mean. */
const MOST_LENGTH_SPREAD = 0.5;

/** One gap; times in milliseconds. */
export interface Gap {
  /** When the last share before it came. */
  readonly at: number;
  /** How long it lasted. */
  readonly ms: number;
}

/** Gaps at regular intervals. */
export interface RegularGaps {
  /** Their average length, in milliseconds. */
  readonly ms: number;
  /** The average time from one to the next, in milliseconds. */
  readonly everyMs: number;
  /** The number of gaps. */
  readonly count: number;
}

/**
 * Whether a pause is at least `leastMs` and too long to be chance, for a miner that sends this many
 * shares a minute.
 */
export function isGap(ms: number, sharesPerMinute: number, leastMs: number): boolean {
  return sharesPerMinute >= LEAST_PER_MINUTE && ms >= leastMs &&
    ms >= LEAST_INTERVALS * 60_000 / sharesPerMinute;
}

/** Adds a gap to a copy of `gaps`, without the oldest if there are too many. */
export function withGap(gaps: readonly Gap[], gap: Gap): readonly Gap[] {
  return [...gaps.slice(-(MOST_GAPS - 1)), gap];
}

/**
 * The longest run of newest gaps of about the same length and distance; `undefined` if it is too
 * short.
 */
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

/** Describes regular gaps in a sentence. */
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

/** The difference between the greatest and the least, as a part of the mean. */
function spread(values: readonly number[]): number {
  return (Math.max(...values) - Math.min(...values)) / mean(values);
}
