/**
 * The times by which workers are judged.
 */

/** All times in milliseconds. */
export interface WorkerTimes {
  /** The time between two samples of every connection. */
  readonly sweepMs: number;
  /** The length of a bucket: an hour has {@linkcode BUCKETS} of them. */
  readonly bucketMs: number;
  /** A worker without a connection for this long is missing. */
  readonly missingMs: number;
  /** A worker must send no share for at least this long to be silent. */
  readonly silentMs: number;
  /** A shorter pause of a worker that otherwise sends shares steadily is not noted. */
  readonly gapMs: number;
  /** The period over which a worker's hashrate is judged. */
  readonly windowMs: number;
  /** A number of connections that is kept for this long counts as usual. */
  readonly keptMs: number;
  /**
   * A worker that never had a good share is forgotten this long after it disconnected. One that
   * disconnected within this time of its first login is not remembered if its network has too many
   * such workers.
   */
  readonly strangerMs: number;
}

/** Buckets in an hour. */
export const BUCKETS = 12;

/** The times used outside tests. */
export const WORKER_TIMES: WorkerTimes = {
  sweepMs: 60_000,
  bucketMs: 300_000,
  missingMs: 300_000,
  silentMs: 300_000,
  gapMs: 50_000,
  windowMs: 900_000,
  keptMs: 1_800_000,
  strangerMs: 600_000,
};
