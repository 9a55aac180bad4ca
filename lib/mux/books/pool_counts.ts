/**
 * Counts of a pool other than its shares, and their sums over sub-accounts.
 */

import { NO_TRAFFIC, sumOfTraffic, type Traffic } from "./traffic.ts";

/** The fate of the connections to one pool, and their traffic. */
export interface PoolCounts {
  /** Connections that became ready. */
  readonly connects: number;
  /** Connections that were never ready. */
  readonly failures: number;
  /** Connections lost after they were ready. */
  readonly losses: number;
  /** The number of times that one of its connections started to serve miners. */
  readonly activations: number;
  /** How long its newest job was empty, with only the coinbase transaction, in milliseconds. */
  readonly emptyMs: number;
  /**
   * How long it gave work for a block that others had left 30 s before, counted once that is
   * certain, in milliseconds.
   */
  readonly behindMs: number;
  /** The number of times that a job did not pay an output that earlier jobs paid. */
  readonly payoutChanges: number;
  /** The traffic on its connections. */
  readonly traffic: Traffic;
}

/** The counts of a pool before anything is counted. */
export const NO_POOL_COUNTS: PoolCounts = {
  connects: 0,
  failures: 0,
  losses: 0,
  activations: 0,
  emptyMs: 0,
  behindMs: 0,
  payoutChanges: 0,
  traffic: NO_TRAFFIC,
};

/** The sum of both. */
export function sumOfPoolCounts(one: PoolCounts, other: PoolCounts): PoolCounts {
  return {
    connects: one.connects + other.connects,
    failures: one.failures + other.failures,
    losses: one.losses + other.losses,
    activations: one.activations + other.activations,
    emptyMs: one.emptyMs + other.emptyMs,
    behindMs: one.behindMs + other.behindMs,
    payoutChanges: one.payoutChanges + other.payoutChanges,
    traffic: sumOfTraffic([one.traffic, other.traffic]),
  };
}
