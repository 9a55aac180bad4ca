/**
 * The one list of all reasons that a share is lost, with their names in the API and in sentences.
 * It is built from the lists in `base/share_reasons.ts`, so that a new reason there is counted
 * here.
 */

import {
  REFUSE_REASONS,
  type RefuseReason,
  REJECT_REASONS,
  type RejectReason,
  snakeCase,
  UNANSWERED_REASONS,
  type UnansweredReason,
} from "../base/share_reasons.ts";

/** The ledger's count for a lost share. */
export type LostAs =
  | `refused${Capitalize<RefuseReason>}`
  | `rejected${Capitalize<RejectReason>}`
  | `unanswered${Capitalize<UnansweredReason>}`
  | "outage";

/** How a share was lost: refused here, rejected or not answered by a pool, or without a pool. */
export type LostBy = "refused" | "rejected" | "unanswered" | "outage" | "others";

/** One reason. */
export interface LostReason {
  /** Its count in the ledger. */
  readonly count: string;
  /** Its name in the API, for example `rejected_stale`. */
  readonly name: string;
  /** How the share was lost. */
  readonly by: LostBy;
  /** What was wrong, in words. */
  readonly words: string;
}

const WORDS: Readonly<Record<RefuseReason | RejectReason | UnansweredReason, string>> = {
  illegal: "unreadable",
  unauthorized: "sent before the login",
  stale: "stale",
  duplicate: "duplicate",
  timeTooOld: "with a time before the job's",
  timeTooNew: "with a time too far ahead",
  versionMask: "with version bits that are not allowed",
  lowDifficulty: "of too low difficulty",
  tooMany: "too many at once",
  noPool: "found while no pool served",
  other: "with another fault",
  connectionLost: "connection lost",
  minerGone: "miner gone",
  timedOut: "no answer within a minute",
  stopped: "btcagent stopped",
};

function reasonsOf<Reason extends keyof typeof WORDS>(
  by: LostBy,
  reasons: readonly Reason[],
): LostReason[] {
  return reasons.map((reason) => ({
    count: `${by}${reason[0]!.toUpperCase()}${reason.slice(1)}`,
    name: `${by}_${snakeCase(reason)}`,
    by,
    words: WORDS[reason],
  }));
}

/** Every reason; its place in the list is its number. */
export const LOST_REASONS: readonly LostReason[] = [
  ...reasonsOf("refused", REFUSE_REASONS),
  ...reasonsOf("rejected", REJECT_REASONS),
  ...reasonsOf("unanswered", UNANSWERED_REASONS),
  { count: "outage", name: "outage", by: "outage", words: "for made-up jobs while no pool served" },
  // Counts shares of all reasons that have no row of their own, when there are too many causes.
  { count: "others", name: "others", by: "others", words: "for other reasons" },
];

/** The number of the reason "others". */
export const OTHER_REASONS: number = LOST_REASONS.length - 1;

const NUMBERS: ReadonlyMap<string, number> = new Map(
  LOST_REASONS.map(({ count }, number) => [count, number]),
);

/** The number of a reason. */
export function reasonNumber(count: LostAs): number {
  return NUMBERS.get(count)!;
}
