/** What an agent says of its shares, in the shapes of its own ledger. */

import {
  REFUSE_REASONS,
  REJECT_REASONS,
  snakeCase,
  UNANSWERED_REASONS,
} from "../../lib/base/share_reasons.ts";
import { countOf, COUNTS, Ledger, type LedgerSnapshot } from "../../lib/mux/books/ledger.ts";
import type { SharesShape } from "../../lib/observe/status/shapes.ts";

/** The counts of one miner. */
export interface MinerBooks {
  readonly shares: LedgerSnapshot;
  /** As the agent says; what the other counts leave over has to be the same. */
  readonly waiting: number;
}

/** What an agent has counted at one moment. */
export interface AgentBooks {
  /** Of all its runs. */
  readonly shares: LedgerSnapshot;
  /** Of this run. */
  readonly now: LedgerSnapshot;
  /** Shares that wait for their verdict, as it says. */
  readonly waiting: number;
  /** Connections of miners. */
  readonly connected: number;
  /** Session ids in use. */
  readonly sessionIds: number;
  /** Every miner there is. */
  readonly miners: readonly MinerBooks[];
  readonly residentBytes: number;
}

/** The part that is read of a page of miners. */
export interface MinersAnswer {
  readonly total: number;
  readonly miners: readonly { readonly id: string | null; readonly shares: SharesShape }[];
}

/** No shares at all. */
export const NO_SHARES: LedgerSnapshot = new Ledger().snapshot();

/** The counts of the status API under the names of the ledger. */
export function ledgerOf(shape: SharesShape): LedgerSnapshot {
  const counts: Record<string, number> = { ...NO_SHARES };
  for (
    const name of [
      "received",
      "outage",
      "kept",
      "submitted",
      "accepted",
      "assumed",
      "contradicted",
    ] as const
  ) {
    counts[name] = shape[name];
  }
  const byReason: readonly [string, readonly string[], Readonly<Record<string, number>>][] = [
    ["refused", REFUSE_REASONS, shape.refused],
    ["rejected", REJECT_REASONS, shape.rejected],
    ["unanswered", UNANSWERED_REASONS, shape.unanswered],
  ];
  for (const [ended, reasons, found] of byReason) {
    for (const reason of reasons) counts[countOf(ended, reason)] = found[snakeCase(reason)]!;
  }
  return counts as LedgerSnapshot;
}

/** All together. */
export function sumOfShares(all: readonly LedgerSnapshot[]): LedgerSnapshot {
  return Object.fromEntries(
    COUNTS.map((count) => [count, all.reduce((sum, shares) => sum + shares[count], 0)]),
  ) as LedgerSnapshot;
}
