/**
 * An agent's own counts of its shares, in the shapes of its ledger.
 */

import {
  REFUSE_REASONS,
  REJECT_REASONS,
  snakeCase,
  UNANSWERED_REASONS,
} from "../../lib/base/share_reasons.ts";
import { countOf, COUNTS, Ledger, type LedgerSnapshot } from "../../lib/mux/books/ledger.ts";
import type { SharesShape } from "../../lib/observe/status/count_shapes.ts";

/** The counts of one miner. */
export interface MinerBooks {
  readonly shares: LedgerSnapshot;
  /** Waiting shares by the agent's count, which must equal what the other counts leave. */
  readonly waiting: number;
}

/** The counts of one pool. */
export interface PoolBooks {
  /** `host:port`. */
  readonly address: string;
  readonly shares: LedgerSnapshot;
  /** Sum of the difficulties that the pool counts for the accepted shares. */
  readonly credited: number;
}

/** The counts of one pool, and its miners. */
export interface PoolNow extends PoolBooks {
  /** Miners working for it. */
  readonly miners: number;
}

/** An agent's counts at one moment. */
export interface AgentBooks {
  /** Of all its runs. */
  readonly shares: LedgerSnapshot;
  /** Of this run. */
  readonly now: LedgerSnapshot;
  /** Shares that wait for their verdict, by its own count. */
  readonly waiting: number;
  /** Connections of miners. */
  readonly connected: number;
  /** Session ids in use. */
  readonly sessionIds: number;
  /** Every connected miner. */
  readonly miners: readonly MinerBooks[];
  /** Every pool, of all its runs. */
  readonly pools: readonly PoolNow[];
  readonly residentBytes: number;
}

/** The part that is read of a page of miners. */
export interface MinersAnswer {
  readonly total: number;
  readonly miners: readonly { readonly id: string | null; readonly shares: SharesShape }[];
}

/** The part that is read of the pools. */
export interface PoolsAnswer {
  readonly pools: readonly {
    readonly address: string;
    readonly miners: number;
    readonly shares: SharesShape;
    readonly credited_difficulty: number;
  }[];
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
      "early",
      "contradicted",
    ] as const
  ) {
    counts[name] = shape[name];
  }
  counts.earlyOpen = shape.early_open;
  counts.earlyRejected = shape.early_rejected;
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

/** Adds up all of them. */
export function sumOfShares(all: readonly LedgerSnapshot[]): LedgerSnapshot {
  return Object.fromEntries(
    COUNTS.map((count) => [count, all.reduce((sum, shares) => sum + shares[count], 0)]),
  ) as LedgerSnapshot;
}

/** Returns the pools of this run, with the counts of earlier runs added. */
export function sumOfPools(
  { pools }: PoolsAnswer,
  ended: readonly (readonly PoolBooks[])[],
): PoolNow[] {
  return pools.map(({ address, miners, shares, credited_difficulty: credited }) => {
    const before = ended.flat().filter((pool) => pool.address === address);
    return {
      address,
      miners,
      shares: sumOfShares([ledgerOf(shares), ...before.map((pool) => pool.shares)]),
      credited: before.reduce((sum, pool) => sum + pool.credited, credited),
    };
  });
}

/** The counts in a line of the agent's log. */
export function ledgerIn(line: Readonly<Record<string, unknown>>): LedgerSnapshot {
  return Object.fromEntries(COUNTS.map((count) => [count, Number(line[count])])) as LedgerSnapshot;
}
