/**
 * The traffic with pools, and its sums over connections, pools and sub-accounts, including those
 * that are gone.
 */

/** The traffic with a pool, in both directions. */
export interface Traffic {
  /** Payload bytes read. */
  readonly bytesRead: number;
  /** Payload bytes written. */
  readonly bytesWritten: number;
  /** Messages read, as the kind of pool counts them: frames of agent pools. */
  readonly messagesRead: number;
  /** Messages given to connections to be written. */
  readonly messagesWritten: number;
}

/** No traffic yet. */
export const NO_TRAFFIC: Traffic = {
  bytesRead: 0,
  bytesWritten: 0,
  messagesRead: 0,
  messagesWritten: 0,
};

/** The sum of all parts, as they are now: later traffic does not change it. */
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
