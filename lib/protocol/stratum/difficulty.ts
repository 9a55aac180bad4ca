/**
 * Difficulties as numbers and as the text miners are told.
 *
 * Frames carry powers of two up to 2^63, which a double holds exactly but prints inexactly; a
 * pool in development mode announces a fraction such as 0.005 (agent.md "Difficulty").
 */

/** The largest difficulty taken from a pool. */
export const MAX_DIFFICULTY = 2 ** 63;

/** The smallest difficulty taken from a pool; only simulations and tests go near it. */
export const MIN_DIFFICULTY = 2 ** -32;

/** Whether a value out of a pool's JSON is a difficulty a miner can be given. */
export function isDifficulty(value: unknown): value is number {
  return typeof value === "number" && value >= MIN_DIFFICULTY && value <= MAX_DIFFICULTY;
}

/**
 * Prints a difficulty as a JSON number without an exponent: every digit for whole numbers, the
 * shortest text that reads back as the same number for fractions.
 */
export function formatDifficulty(difficulty: number): string {
  if (Number.isInteger(difficulty)) return BigInt(difficulty).toString();
  const text = String(difficulty);
  const [mantissa, exponent] = text.split("e-");
  if (exponent === undefined) return text;
  return "0." + "0".repeat(Number(exponent) - 1) + mantissa!.replace(".", "");
}
