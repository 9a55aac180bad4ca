/**
 * Decides from a miner's shares whether its difficulty is right; pure.
 *
 * Shares come by chance, so a few of them prove little: with a simple bound on the rate, luck would
 * change a miner's difficulty many times a day. So both questions are sequential tests of two rates
 * against each other (Wald's). Watching goes on until the evidence is strong; the nearer a rate is
 * to the edge of the band, the longer that takes.
 */

/** With fewer shares, or less time in milliseconds, only a far too high rate counts. */
const FEW_SHARES = 50;
const SHORT_MS = 300_000;

/**
 * The two rates tested for "too high", relative to the aim: this one and twice this one. Both are
 * equally likely at 2.04 times the aim, which is the upper end of the band.
 */
const RATE_GOOD = Math.SQRT2;
const RATE_HIGH = 2 * Math.SQRT2;
/** The same for "too low"; the lower end of the band is at 0.51 times the aim. */
const RATE_FAIR = Math.SQRT1_2;
const RATE_LOW = Math.SQRT1_2 / 2;

/**
 * A miner within the band is judged wrongly at most once in e^8 = 3,000 watches, which take more
 * than a week.
 */
const EVIDENCE = 8;

/** A rate this many times the aim is far too high. */
const FAR = 8;

/**
 * The evidence for a rate of {@linkcode FAR} times the aim against one at the edge of the band:
 * wrong less than once in a million watches, which take four years.
 */
const FAR_EVIDENCE = Math.log(1e6);
const EDGE = 2;
const FAR_PER_SHARE = Math.log(FAR / EDGE);

/**
 * Shares added to those that came, so that a small number does not lower the difficulty too far.
 */
const CAUTION = 3;

/** The difficulty is right: watching starts again. */
export const RIGHT = 0;

/**
 * By how many powers of two a miner's difficulty is too low (above 0) or too high (below 0), or
 * {@linkcode RIGHT}; `undefined` while nothing is certain.
 *
 * @param shares that came; shares easier than the difficulty in question count less.
 * @param expected the number of shares expected at the aim.
 * @param ms how long the miner was watched.
 */
export function stepsWanted(shares: number, expected: number, ms: number): number | undefined {
  if (isFarTooMany(shares, expected)) return stepsUp(shares, expected);
  if (shares < FEW_SHARES && ms < SHORT_MS) return undefined;
  const forHigh = shares * Math.LN2 - expected * (RATE_HIGH - RATE_GOOD);
  if (forHigh >= EVIDENCE) return stepsUp(shares, expected);
  const forLow = expected * (RATE_FAIR - RATE_LOW) - shares * Math.LN2;
  if (forLow >= EVIDENCE) {
    return -Math.max(1, Math.round(Math.log2(expected / (shares + CAUTION))));
  }
  // Evidence that supports neither is dropped, so that a change is seen early.
  return forHigh > 0 || forLow > 0 ? undefined : RIGHT;
}

/** Whether shares come too fast to be luck. Arguments as for {@linkcode stepsWanted}. */
export function isFarTooMany(shares: number, expected: number): boolean {
  return shares >= FAR * expected &&
    shares * FAR_PER_SHARE - expected * (FAR - EDGE) >= FAR_EVIDENCE;
}

function stepsUp(shares: number, expected: number): number {
  return Math.max(1, Math.round(Math.log2(shares / expected)));
}
