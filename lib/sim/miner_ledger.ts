/**
 * Counts of simulated miners.
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
  /** Times the miner reconnected because the server said `client.reconnect`. */
  readonly toldToReconnect: number;
  /** Connections the miner ended because of what the server said, or because it said nothing. */
  readonly givenUp: number;
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
  /** Of them, shares that the firmware itself made wrong: with bits it cannot stop rolling. */
  readonly unsoundByCode: ReadonlyMap<number, number>;
  /** Shares that wait for an answer. */
  readonly waitingNow: number;
  /** Shares whose connection ended before their answer. */
  readonly unanswered: number;
  /** Checksum over accepted shares (share_checksum.ts), to compare with the pool's. */
  readonly acceptedChecksum: number;
  /** Breaches of the stratum dialect by the server. */
  readonly faults: number;
  /** When the last job came, in monotonic milliseconds; 0 for never. The latest of a farm's. */
  readonly lastJobAtMs: number;
}

/** Counts while they are being counted. */
export type MinerCounts = { -readonly [Name in keyof MinerStatistics]: MinerStatistics[Name] } & {
  rejectedByCode: Map<number, number>;
  unsoundByCode: Map<number, number>;
};

/** Creates counts of 0. */
export function newMinerCounts(): MinerCounts {
  return {
    miners: 0,
    connectedNow: 0,
    workingNow: 0,
    connections: 0,
    failedConnections: 0,
    lostConnections: 0,
    toldToReconnect: 0,
    givenUp: 0,
    jobs: 0,
    cleanJobs: 0,
    hashes: 0,
    submitted: 0,
    accepted: 0,
    rejected: 0,
    rejectedByCode: new Map(),
    unsoundByCode: new Map(),
    waitingNow: 0,
    unanswered: 0,
    acceptedChecksum: 0,
    faults: 0,
    lastJobAtMs: 0,
  };
}

/** Adds up the counts of several miners. */
export function sumOf(all: Iterable<MinerStatistics>): MinerStatistics {
  const sum = newMinerCounts();
  for (const one of all) {
    for (const name of PLAIN) sum[name] += one[name];
    for (const name of ["rejectedByCode", "unsoundByCode"] as const) {
      for (const [code, count] of one[name]) addTo(sum[name], code, count);
    }
    sum.acceptedChecksum = sum.acceptedChecksum + one.acceptedChecksum >>> 0;
    sum.lastJobAtMs = Math.max(sum.lastJobAtMs, one.lastJobAtMs);
  }
  return sum;
}

/** Adds to the count of one code. */
export function addTo(counts: Map<number, number>, code: number, count: number): void {
  counts.set(code, (counts.get(code) ?? 0) + count);
}

type Special = "rejectedByCode" | "unsoundByCode" | "acceptedChecksum" | "lastJobAtMs";

/**
 * All counts that are simply added up, as keys, so that the compiler checks that none is missing.
 */
const IS_PLAIN: Readonly<Record<Exclude<keyof MinerStatistics, Special>, true>> = {
  miners: true,
  connectedNow: true,
  workingNow: true,
  connections: true,
  failedConnections: true,
  lostConnections: true,
  toldToReconnect: true,
  givenUp: true,
  jobs: true,
  cleanJobs: true,
  hashes: true,
  submitted: true,
  accepted: true,
  rejected: true,
  waitingNow: true,
  unanswered: true,
  faults: true,
};

const PLAIN = Object.keys(IS_PLAIN) as (keyof typeof IS_PLAIN)[];
