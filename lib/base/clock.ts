/**
 * Time that only goes forward, for deadlines and durations.
 */

/** Milliseconds since some fixed moment. Handed in wherever a test wants to move time. */
export type Now = () => number;

/** The process's own monotonic clock. */
export const monotonicNow: Now = (): number => performance.now();
