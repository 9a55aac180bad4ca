/**
 * Checks that the counts of losses equal the ledger. Everything must be from the last day.
 */

import assert from "node:assert/strict";
import {
  REFUSE_REASONS,
  REJECT_REASONS,
  snakeCase,
  UNANSWERED_REASONS,
} from "../../lib/base/share_reasons.ts";
import {
  countOf,
  goodIn,
  type LedgerSnapshot,
  type ShareCounter,
} from "../../lib/mux/books/ledger.ts";
import { causesOf, DIMENSIONS } from "../../lib/workers/causes.ts";
import type { Losses } from "../../lib/workers/losses.ts";

/** The lost shares of a ledger by the API's name of the reason, without zeros. */
export function lostIn(shares: LedgerSnapshot): Record<string, number> {
  const all = {
    ...byName("refused", REFUSE_REASONS, (reason) => shares[countOf("refused", reason)]),
    ...byName("rejected", REJECT_REASONS, (reason) => shares[countOf("rejected", reason)]),
    ...byName("unanswered", UNANSWERED_REASONS, (reason) => shares[countOf("unanswered", reason)]),
    outage: shares.outage,
  };
  return Object.fromEntries(Object.entries(all).filter(([, count]) => count > 0));
}

/** Fails unless every reason and every dimension of causes adds up. */
export function assertLossesAddUp(
  { total, creditedDifficulty }: Pick<ShareCounter, "total" | "creditedDifficulty">,
  losses: Losses,
): void {
  const shares = total.snapshot();
  const { by, good, lost, goodWork } = causesOf(losses.endings("day"), String);
  assert.deepEqual(
    Object.fromEntries(by.reasons.map(({ name, lost }) => [name, lost]).toSorted()),
    Object.fromEntries(Object.entries(lostIn(shares)).toSorted()),
  );
  assert.equal(good, goodIn(shares), "good");
  const difference = Math.abs(goodWork - creditedDifficulty);
  assert.ok(difference <= 1e-6 * creditedDifficulty, `${goodWork} is not ${creditedDifficulty}`);
  for (const dimension of DIMENSIONS) {
    const sum = by[dimension].reduce((sum, cause) => sum + cause.lost, 0);
    assert.equal(sum, lost, `lost, by ${dimension}`);
    if (dimension === "reasons") continue;
    assert.equal(by[dimension].reduce((sum, cause) => sum + cause.good, 0), good, dimension);
  }
}

function byName<Reason extends string>(
  ended: string,
  reasons: readonly Reason[],
  count: (reason: Reason) => number,
): Record<string, number> {
  return Object.fromEntries(
    reasons.map((reason) => [`${ended}_${snakeCase(reason)}`, count(reason)]),
  );
}
