/**
 * Where a share can end, by reason: one list for each, from which ledgers, API, metrics and the
 * tests of the page's texts are made. A reason that is added here is counted everywhere.
 */

/** Why a share is refused here and never submitted. */
export const REFUSE_REASONS = [
  "illegal",
  "unauthorized",
  "stale",
  "duplicate",
  "timeTooOld",
  "timeTooNew",
  "versionMask",
  "lowDifficulty",
  "tooMany",
  "noPool",
] as const;

/** Why a pool rejects a share. */
export const REJECT_REASONS = [
  "stale",
  "duplicate",
  "lowDifficulty",
  "timeTooOld",
  "timeTooNew",
  "versionMask",
  "other",
] as const;

/**
 * Why the verdict on a submitted share will not come: the connection it went over is lost, its
 * miner left, it took too long, or btcagent stopped first.
 */
export const UNANSWERED_REASONS = ["connectionLost", "minerGone", "timedOut", "stopped"] as const;

/**
 * Why a verdict found no miner waiting for it: the miner has gone (the share is counted accepted or
 * rejected all the same); its connection was given up; it came after the time-out; it came before;
 * or nothing was ever sent under its number.
 */
export const STRAY_REASONS = [
  "minerGone",
  "connectionGone",
  "late",
  "repeated",
  "neverSent",
] as const;

/** One of {@linkcode REFUSE_REASONS}. */
export type RefuseReason = typeof REFUSE_REASONS[number];

/** One of {@linkcode REJECT_REASONS}. */
export type RejectReason = typeof REJECT_REASONS[number];

/** One of {@linkcode UNANSWERED_REASONS}. */
export type UnansweredReason = typeof UNANSWERED_REASONS[number];

/** One of {@linkcode STRAY_REASONS}. */
export type StrayReason = typeof STRAY_REASONS[number];

/** A name as API and metrics spell it: `timeTooOld` is `time_too_old`. */
export type SnakeCase<Name extends string> = Name extends `${infer First}${infer Rest}`
  ? `${First extends Lowercase<First> ? First : `_${Lowercase<First>}`}${SnakeCase<Rest>}`
  : "";

/** {@linkcode SnakeCase} of a name. */
export function snakeCase<Name extends string>(name: Name): SnakeCase<Name> {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`) as SnakeCase<Name>;
}
