/**
 * The ways a share can end, one list of reasons for each. Ledgers, API, metrics and the tests of
 * the page's texts use these lists: a reason added here is counted everywhere.
 */

/** Why btcagent refuses a share and never submits it. */
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
 * Why the verdict on a submitted share will not come: its connection was lost, its miner left, the
 * verdict took too long, or btcagent stopped first.
 */
export const UNANSWERED_REASONS = ["connectionLost", "minerGone", "timedOut", "stopped"] as const;

/**
 * Why no miner was waiting for a verdict: the miner has left (the share is still counted as
 * accepted or rejected); its connection was given up; the verdict came after the time-out; there
 * was an earlier verdict; no share was ever sent under its number; or a pool that counts the shares
 * it accepts counted other ones than we did.
 */
export const STRAY_REASONS = [
  "minerGone",
  "connectionGone",
  "late",
  "repeated",
  "neverSent",
  "unexplained",
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
