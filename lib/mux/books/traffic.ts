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
  /** Messages read that had no effect, such as jobs that cannot be used; absent if none can come. */
  readonly messagesIgnored?: number;
}

/** No traffic yet. */
export const NO_TRAFFIC: Required<Traffic> = {
  bytesRead: 0,
  bytesWritten: 0,
  messagesRead: 0,
  messagesWritten: 0,
  messagesIgnored: 0,
};

/** The sum of all parts, as they are now: later traffic does not change it. */
export function sumOfTraffic(parts: Iterable<Traffic>): Required<Traffic> {
  const sum = { ...NO_TRAFFIC };
  for (const part of parts) {
    sum.bytesRead += part.bytesRead;
    sum.bytesWritten += part.bytesWritten;
    sum.messagesRead += part.messagesRead;
    sum.messagesWritten += part.messagesWritten;
    sum.messagesIgnored += part.messagesIgnored ?? 0;
  }
  return sum;
}
