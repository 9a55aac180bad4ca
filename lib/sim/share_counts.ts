/**
 * Counts of shares by connection, name or reason, as the ledgers of simulated pools keep them.
 */

/** Counts for one connection, or for one name. */
export interface ShareCounts {
  /** Shares accepted. */
  accepted: number;
  /** Shares refused. */
  rejected: number;
  /** Sum of the difficulties the accepted ones were judged by. */
  difficulty: number;
}

/** The counts of `key`, which are made if there are none. */
export function countsIn<Key>(all: Map<Key, ShareCounts>, key: Key): ShareCounts {
  const counts = all.get(key) ?? { accepted: 0, rejected: 0, difficulty: 0 };
  all.set(key, counts);
  return counts;
}

/** A copy that does not change any more. */
export function copiedCounts<Key>(all: ReadonlyMap<Key, ShareCounts>): Map<Key, ShareCounts> {
  return new Map([...all].map(([key, counts]) => [key, { ...counts }]));
}

/** Adds 1 for `key`. */
export function countOne<Key>(counts: Map<Key, number>, key: Key): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}
