/**
 * What happened to every share of a demo, in sentences whose figures add up; pure.
 */

import { counted } from "../base/counted.ts";
import { type LedgerSnapshot, refusedIn } from "../mux/books/ledger.ts";
import { ERROR_CODE } from "../protocol/stratum/error_code.ts";
import type { MinerStatistics } from "../sim/miner_ledger.ts";
import type { Judged } from "./demo_pools.ts";

/** A pool with what it judged. */
export interface JudgingPool extends Judged {
  /** For a sentence: `agent pool`. */
  readonly what: string;
}

/** What miners were told of their shares; each is in one of these. */
export interface Told {
  /** Accepted. */
  readonly accepted: number;
  /** Sent for a job that had ended. */
  readonly late: number;
  /** Rejected or refused for anything else. */
  readonly rejected: number;
  /** Without an answer: the miners waited, or had disconnected. */
  readonly unanswered: number;
}

/** How the shares of the miners ended, by the answers they got. */
export function toldOf(miners: MinerStatistics): Told {
  const { accepted, rejected, rejectedByCode, waitingNow, unanswered } = miners;
  const late = rejectedByCode.get(ERROR_CODE.jobNotFound) ?? 0;
  return { accepted, late, rejected: rejected - late, unanswered: waitingNow + unanswered };
}

/** Counts of shares with the name of each end; the first is named even if its count is 0. */
type Ends = readonly (readonly [count: number, end: string])[];

/**
 * Sentences on what miners `found`, on what each pool made of its part, and, where some have
 * troubles, on what the `healthy` ones were told.
 */
export function demoSummary(
  found: number,
  shares: LedgerSnapshot,
  pools: readonly JudgingPool[],
  healthy: Told | undefined,
): string[] {
  const ends: Ends = [
    [shares.submitted, "sent up"],
    [shares.kept, "kept here (below the pool's difficulty)"],
    [shares.refusedStale, "too late (for an old job)"],
    [refusedIn(shares) - shares.refusedStale - shares.refusedNoPool, "refused here"],
    [shares.refusedNoPool + shares.outage, "without a pool"],
    [found - shares.received, "unread"],
  ];
  return [
    `Miners found ${counted(found, "share")}: ${listed(ends)}.`,
    ...pools.map(({ what, submits, accepted, rejected }) =>
      `The ${what} checked the header of each of the ${submits} that reached it: ` +
      `${accepted} accepted, ${rejected} rejected.`
    ),
    ...healthy === undefined ? [] : [healthySentence(healthy)],
  ];
}

function healthySentence({ accepted, late, rejected, unanswered }: Told): string {
  const ends: Ends = [
    [accepted, "accepted"],
    [late, "too late"],
    [unanswered, "without an answer"],
  ];
  const found = accepted + late + rejected + unanswered;
  return `Miners without faults found ${found} of them: ${listed(ends)}, ${rejected} rejected.`;
}

function listed(ends: Ends): string {
  return ends.filter(([count], place) => place === 0 || count !== 0)
    .map(([count, end]) => `${count} ${end}`).join(", ");
}
