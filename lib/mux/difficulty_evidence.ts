/**
 * What the shares of a miner say about its difficulty; pure.
 *
 * Shares come by chance, so a few of them say little, and a bound on their rate alone would have a
 * miner's luck change its difficulty many times a day. Both questions are therefore sequential
 * tests of two rates against each other (Wald's). Until the evidence is strong, watching goes on;
 * the nearer a rate is to the edge of the band, the longer that takes.
 */

/** Before that many shares, or that much time in milliseconds, only a far too high rate counts. */
const FEW_SHARES = 50;
const SHORT_MS = 300_000;

/**
 * A rate as good as the band allows, as a part of the aim, and one that is twice that. A miner that
 * has one is as likely to have the other once it is at 2.04 times the aim: what the band ends with.
 */
const RATE_GOOD = Math.SQRT2;
const RATE_HIGH = 2 * Math.SQRT2;
/** The same downwards; the band ends at 0.51 times the aim. */
const RATE_FAIR = Math.SQRT1_2;
const RATE_LOW = Math.SQRT1_2 / 2;

/**
 * A miner within the band is judged to be out of it once in e^8 = 3,000 times of watching it, at
 * most: once in a week and more.
 */
const EVIDENCE = 8;

/** Far too high is this many times the aim. */
const FAR = 8;

/**
 * The same for a rate of {@linkcode FAR} times the aim against one that is at the edge of the band:
 * less than once in a million times of watching, and those are four years.
 */
const FAR_EVIDENCE = Math.log(1e6);
const EDGE = 2;
const FAR_PER_SHARE = Math.log(FAR / EDGE);

/** Shares that are added to those that came, so that few of them do not lower too far. */
const CAUTION = 3;

/** Watching begins again, the difficulty is right. */
export const RIGHT = 0;

/**
 * Says by how many powers of two the difficulty of a miner is too low (above 0) or too high (below
 * 0), or that it is {@linkcode RIGHT}; `undefined` as long as nothing is certain.
 *
 * @param shares that came, less for those easier than the difficulty in question.
 * @param expected how many would have come at the aim.
 * @param ms how long it was watched.
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
  // What speaks neither for one nor for the other is forgotten, so that a change is seen early.
  return forHigh > 0 || forLow > 0 ? undefined : RIGHT;
}

/** Whether shares come so fast that it cannot be luck. Arguments as above. */
export function isFarTooMany(shares: number, expected: number): boolean {
  return shares >= FAR * expected &&
    shares * FAR_PER_SHARE - expected * (FAR - EDGE) >= FAR_EVIDENCE;
}

function stepsUp(shares: number, expected: number): number {
  return Math.max(1, Math.round(Math.log2(shares / expected)));
}
