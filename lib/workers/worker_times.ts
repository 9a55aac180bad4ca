/**
 * How long things take before something is said of a worker.
 */

/** All in milliseconds. */
export interface WorkerTimes {
  /** How often every connection is looked at. */
  readonly sweepMs: number;
  /** How finely an hour is counted: {@linkcode BUCKETS} of these. */
  readonly bucketMs: number;
  /** Without a connection for this long, a worker is missing. */
  readonly missingMs: number;
  /** Without a share for this long, and several times its usual pause, a worker is silent. */
  readonly silentMs: number;
  /** A pause of a worker that otherwise sends shares steadily is noted from this on. */
  readonly gapMs: number;
  /** The window of the hashrate that a worker is judged by. */
  readonly windowMs: number;
  /** Connections that are kept this long are usual. */
  readonly keptMs: number;
  /**
   * A worker that is gone and never had a good share is forgotten after this. One that left sooner
   * after it first came is not remembered if its network is crowded with such.
   */
  readonly strangerMs: number;
}

/** Parts of an hour. */
export const BUCKETS = 12;

/** Those of a farm. */
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
