/**
 * Sums of the shares of an answer. Shares whose verdict is late are `assumed` and neither good nor
 * lost: these sums leave them out, so that they never fall.
 */

import type { SharesShape } from "./count_shapes.ts";

/** Shares sent to a pool that gives no verdicts: the assumed ones that stay so. */
export function unjudgedShares(shares: Pick<SharesShape, "assumed" | "early_open">): number {
  return shares.assumed - shares.early_open;
}

/**
 * Good shares: accepted, kept, or sent to a pool that gives no verdicts. The page has the same sum
 * in pools.js and causes.js.
 */
export function goodShares(
  shares: Pick<SharesShape, "accepted" | "kept" | "assumed" | "early_open">,
): number {
  return shares.accepted + shares.kept + unjudgedShares(shares);
}
