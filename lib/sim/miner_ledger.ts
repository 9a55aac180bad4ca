/**
 * What simulated miners count.
 */

/** Counts of one moment, of one miner or of a farm's miners together. */
export interface MinerStatistics {
  /** Miners counted. */
  readonly miners: number;
  /** Of them, connected now. */
  readonly connectedNow: number;
  /** Of them, authorized and with a job now. */
  readonly workingNow: number;
  /** Connections made. */
  readonly connections: number;
  /** Attempts to connect that failed. */
  readonly failedConnections: number;
  /** Connections the server ended. */
  readonly lostConnections: number;
  /** Times the server said `client.reconnect`. */
  readonly toldToReconnect: number;
  /** Jobs received. */
  readonly jobs: number;
  /** Of them, clean ones. */
  readonly cleanJobs: number;
  /** Hashes computed. */
  readonly hashes: number;
  /** Shares submitted: accepted + rejected + waitingNow + unanswered. */
  readonly submitted: number;
  /** Shares answered with true. */
  readonly accepted: number;
  /** Shares answered with an error. */
  readonly rejected: number;
  /** Rejected shares by error code. */
  readonly rejectedByCode: ReadonlyMap<number, number>;
  /** Shares that wait for an answer. */
  readonly waitingNow: number;
  /** Shares whose connection ended before their answer. */
  readonly unanswered: number;
  /** Sum over accepted shares, as share_checksum.ts has it; to compare with the pool's. */
  readonly acceptedChecksum: number;
  /** Breaches of the stratum dialect by the server. */
  readonly faults: number;
  /** When the last job came, in monotonic milliseconds; 0 for never. The latest of a farm's. */
  readonly lastJobAtMs: number;
}

/** Counts that are being counted. */
export type MinerCounts = { -readonly [Name in keyof MinerStatistics]: MinerStatistics[Name] } & {
  rejectedByCode: Map<number, number>;
};

/** Counts of nothing yet. */
export function newMinerCounts(): MinerCounts {
  return {
    miners: 0,
    connectedNow: 0,
    workingNow: 0,
    connections: 0,
    failedConnections: 0,
    lostConnections: 0,
    toldToReconnect: 0,
    jobs: 0,
    cleanJobs: 0,
    hashes: 0,
    submitted: 0,
    accepted: 0,
    rejected: 0,
    rejectedByCode: new Map(),
    waitingNow: 0,
    unanswered: 0,
    acceptedChecksum: 0,
    faults: 0,
    lastJobAtMs: 0,
  };
}

/** The counts of several miners together. */
export function sumOf(all: Iterable<MinerStatistics>): MinerStatistics {
  const sum = newMinerCounts();
  for (const one of all) {
    for (const name of PLAIN) sum[name] += one[name];
    for (const [code, count] of one.rejectedByCode) {
      sum.rejectedByCode.set(code, (sum.rejectedByCode.get(code) ?? 0) + count);
    }
    sum.acceptedChecksum = sum.acceptedChecksum + one.acceptedChecksum >>> 0;
    sum.lastJobAtMs = Math.max(sum.lastJobAtMs, one.lastJobAtMs);
  }
  return sum;
}

const PLAIN = [
  "miners",
  "connectedNow",
  "workingNow",
  "connections",
  "failedConnections",
  "lostConnections",
  "toldToReconnect",
  "jobs",
  "cleanJobs",
  "hashes",
  "submitted",
  "accepted",
  "rejected",
  "waitingNow",
  "unanswered",
  "faults",
] as const;
