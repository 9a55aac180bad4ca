/**
 * The kinds of pools: settings, reports, API, metrics and the page's texts all use this list.
 */

/** Every kind, and `unknown` for pools whose kind is not known yet. */
export const KINDS_OF_POOL = ["agent", "stratum", "sv2", "unknown"] as const;

/** btcpool's agent protocol; ordinary Stratum V1; Stratum V2; not known yet. */
export type KindOfPool = typeof KINDS_OF_POOL[number];

/** A kind of pool that has a protocol. */
export type PoolKind = Exclude<KindOfPool, "unknown">;

/** How many of a farm's workers a pool may see that is not an agent pool. */
export const WORKERS_SEEN = ["one", "each", "connection"] as const;

/**
 * `one`: all workers under the configured user. `each`: every worker under its own name, on shared
 * connections. `connection`: every worker on its own connection, at Stratum V1 pools alone.
 */
export type WorkersSeen = typeof WORKERS_SEEN[number];

/** The kind as the log names it. */
export const KIND_IN_WORDS: Readonly<Record<KindOfPool, string>> = {
  agent: "agent pool",
  stratum: "Stratum pool",
  sv2: "Stratum V2 pool",
  unknown: "pool of a kind not known yet",
};
