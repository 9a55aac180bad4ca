/**
 * Hashrates as operators write them: `1.2 EH/s`, `850 PH`, `95TH/s`.
 */

/** Powers of ten of the letters before H. */
const EXPONENTS: Readonly<Record<string, number>> = {
  "": 0,
  k: 3,
  m: 6,
  g: 9,
  t: 12,
  p: 15,
  e: 18,
  z: 21,
};

/** Far more than all miners of the world together. */
export const HIGHEST_HASHRATE = 1e27;

/** What a hashrate has to look like, in words. */
export const WANTED_HASHRATE = 'a number of hashes a second, or a text such as "1.2 EH/s"';

/** A number that is not 0, a letter for a power of a thousand, and H or H/s. */
export const HASHRATE_PATTERN: RegExp =
  /^(?=[0.]*[1-9])\d{1,6}(?:\.\d{1,6})? ?[kKmMgGtTpPeEzZ]?[hH](?:\/[sS])?$/;

/** Hashes a second of a text that fits {@linkcode HASHRATE_PATTERN}. */
export function hashrateOf(text: string): number {
  const [, number, letter] = /^([\d.]+) ?([a-z]?)h/.exec(text.toLowerCase())!;
  return Number(`${number}e${EXPONENTS[letter!]!}`);
}
