/**
 * What passed between us and pools, and how it adds up: over connections, pools and sub-accounts,
 * those that are gone included.
 */

/** What passed between us and a pool, in both directions. */
export interface Traffic {
  /** Payload bytes read. */
  readonly bytesRead: number;
  /** Payload bytes written. */
  readonly bytesWritten: number;
  /** Frames read. */
  readonly framesRead: number;
  /** Frames given to connections to be written. */
  readonly framesWritten: number;
}

/** Nothing has passed yet. */
export const NO_TRAFFIC: Traffic = {
  bytesRead: 0,
  bytesWritten: 0,
  framesRead: 0,
  framesWritten: 0,
};

/** All of it together, as it is now: what passes afterwards does not change the sum. */
export function sumOfTraffic(parts: Iterable<Traffic>): Traffic {
  const sum = { ...NO_TRAFFIC };
  for (const { bytesRead, bytesWritten, framesRead, framesWritten } of parts) {
    sum.bytesRead += bytesRead;
    sum.bytesWritten += bytesWritten;
    sum.framesRead += framesRead;
    sum.framesWritten += framesWritten;
  }
  return sum;
}
