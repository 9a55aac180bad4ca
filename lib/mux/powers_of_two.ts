/**
 * Difficulties that are powers of two, given by their exponents; pure.
 *
 * Firmware handles powers of two best: some accepts only whole numbers, some rounds all other
 * difficulties down.
 */

/** The smallest exponent: the lowest difficulty at which a share can be checked is 2^-32. */
export const LEAST_EXPONENT: number = -32;

/** The largest exponent: the highest difficulty at which a share can be checked is 2^63. */
export const MOST_EXPONENT: number = 63;

/** The powers by exponent, from {@linkcode LEAST_EXPONENT}. */
const POWERS = Float64Array.from(
  { length: MOST_EXPONENT - LEAST_EXPONENT + 1 },
  (_, i) => 2 ** (i + LEAST_EXPONENT),
);

/** 2^`exponent`, for {@linkcode LEAST_EXPONENT}..{@linkcode MOST_EXPONENT}. */
export function powerOf(exponent: number): number {
  return POWERS[exponent - LEAST_EXPONENT]!;
}

/**
 * The exponent of the largest power of two that is not above `difficulty`, a positive number;
 * limited to the range.
 */
export function exponentAtMost(difficulty: number): number {
  const guess = inRange(Math.floor(Math.log2(difficulty)));
  // A logarithm may be rounded up or down past a whole number.
  if (powerOf(guess) > difficulty) return inRange(guess - 1);
  if (2 * powerOf(guess) <= difficulty) return inRange(guess + 1);
  return guess;
}

/** The exponent of the smallest power of two that is not below `difficulty`, as above. */
export function exponentAtLeast(difficulty: number): number {
  const exponent = exponentAtMost(difficulty);
  return powerOf(exponent) < difficulty ? inRange(exponent + 1) : exponent;
}

function inRange(exponent: number): number {
  return Math.max(LEAST_EXPONENT, Math.min(MOST_EXPONENT, exponent));
}
