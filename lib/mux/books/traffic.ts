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
  /** Messages read, as its kind counts them: frames of agent pools. */
  readonly messagesRead: number;
  /** The same given to connections to be written. */
  readonly messagesWritten: number;
}

/** Nothing has passed yet. */
export const NO_TRAFFIC: Traffic = {
  bytesRead: 0,
  bytesWritten: 0,
  messagesRead: 0,
  messagesWritten: 0,
};

/** All of it together, as it is now: what passes afterwards does not change the sum. */
export function sumOfTraffic(parts: Iterable<Traffic>): Traffic {
  const sum = { ...NO_TRAFFIC };
  for (const { bytesRead, bytesWritten, messagesRead, messagesWritten } of parts) {
    sum.bytesRead += bytesRead;
    sum.bytesWritten += bytesWritten;
    sum.messagesRead += messagesRead;
    sum.messagesWritten += messagesWritten;
  }
  return sum;
}
