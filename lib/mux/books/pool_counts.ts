/**
 * What is counted of a pool beside its shares, and how that adds up over sub-accounts.
 */

import { NO_TRAFFIC, sumOfTraffic, type Traffic } from "./traffic.ts";

/** What became of the connections to one pool, and what passed on them. */
export interface PoolCounts {
  /** Connections that became ready. */
  readonly connects: number;
  /** Connections that were never ready. */
  readonly failures: number;
  /** Connections lost after they were ready. */
  readonly losses: number;
  /** How often a connection of it began to serve miners. */
  readonly activations: number;
  /** How long its newest job was empty: without any transaction but the coinbase. */
  readonly emptyMs: number;
  /** How long it worked on a block that others had left 30 s before, counted once that is sure. */
  readonly behindMs: number;
  /** How often a job did not pay an output that earlier ones paid. */
  readonly payoutChanges: number;
  /** What passed on its connections. */
  readonly traffic: Traffic;
}

/** A pool that nothing was counted of. */
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

/** The counts of both together. */
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
