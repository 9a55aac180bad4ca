/**
 * What became of every share of a demo, in words whose figures add up; pure.
 */

import { type LedgerSnapshot, refusedIn } from "../mux/books/ledger.ts";
import type { Judged } from "./demo_pools.ts";

/** A pool with what it judged. */
export interface JudgingPool extends Judged {
  /** For a sentence: `agent pool`. */
  readonly what: string;
}

/** Sentences on what miners `found`, and on what each pool made of its part. */
export function demoSummary(
  found: number,
  shares: LedgerSnapshot,
  pools: readonly JudgingPool[],
): string[] {
  const parts: readonly (readonly [number, string])[] = [
    [shares.submitted, "sent up"],
    [shares.kept, "kept here (below the pool's difficulty)"],
    [shares.refusedStale, "too late (for an old job)"],
    [refusedIn(shares) - shares.refusedStale, "refused here"],
    [shares.outage, "without a pool"],
    [found - shares.received, "unread"],
  ];
  const ends = parts.filter(([count], place) => place === 0 || count !== 0)
    .map(([count, end]) => `${count} ${end}`).join(", ");
  return [
    `Miners found ${found} shares: ${ends}.`,
    ...pools.map(({ what, submits, accepted, rejected }) =>
      `The ${what} checked the header of each of the ${submits} that reached it: ` +
      `${accepted} accepted, ${rejected} rejected.`
    ),
  ];
}
