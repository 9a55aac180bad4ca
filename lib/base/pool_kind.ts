/**
 * What a pool speaks: one list, from which settings, reports, API, metrics and the page's texts are
 * made.
 */

/** Every kind there is, and one for pools whose kind is not known yet. */
export const KINDS_OF_POOL = ["agent", "stratum", "unknown"] as const;

/** btcpool's agent protocol; ordinary Stratum V1; to be found out. */
export type KindOfPool = typeof KINDS_OF_POOL[number];

/** A kind of pool that has a protocol. */
export type PoolKind = Exclude<KindOfPool, "unknown">;

/** How many of a farm's workers a Stratum pool may see. */
export const WORKERS_SEEN = ["one", "each", "connection"] as const;

/**
 * All under the configured user; every worker by a name of its own on shared connections; every
 * worker on a connection of its own.
 */
export type WorkersSeen = typeof WORKERS_SEEN[number];

/** The kind in the words of the log. */
export const KIND_IN_WORDS: Readonly<Record<KindOfPool, string>> = {
  agent: "agent pool",
  stratum: "Stratum pool",
  unknown: "pool of a kind not known yet",
};
