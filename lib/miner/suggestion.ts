/**
 * Reads the difficulty that a miner suggests for itself, by request or in its password; pure.
 */

/** Suggestions from 2^-20 to 2^31 are accepted, the range of miners' difficulties. */
const LEAST = 2 ** -20;
const MOST = 2 ** 31;

/** Longer passwords are not searched. */
const MAX_PASSWORD_CHARS = 256;

/** The difficulty in the parameters of `mining.suggest_difficulty`; `undefined` for none. */
export function suggestedByRequest([difficulty]: readonly unknown[]): number | undefined {
  const value = typeof difficulty === "string" ? Number(difficulty) : difficulty;
  return typeof value === "number" && value >= LEAST && value <= MOST ? value : undefined;
}

/** The difficulty in a password such as `x,d=1024` or `diff=0.5`; `undefined` for none. */
export function suggestedByPassword(password: unknown): number | undefined {
  if (typeof password !== "string" || password.length > MAX_PASSWORD_CHARS) return undefined;
  const found = /(?:^|[,;\s])(?:d|diff)=(\d+(?:\.\d+)?)(?:$|[,;\s])/i.exec(password);
  return found === null ? undefined : suggestedByRequest([Number(found[1])]);
}
