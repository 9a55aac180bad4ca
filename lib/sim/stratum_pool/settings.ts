/**
 * The settings of a simulated Stratum pool. The defaults of each personality are those of the real
 * server.
 */

import type { Time } from "../../base/clock.ts";
import { systemTime } from "../../base/system_time.ts";
import type { Job } from "../../protocol/stratum/job.ts";

/**
 * The servers that can be played: ckpool, node-stratum-pool, public-pool, the DATUM gateway, and a
 * ckpool whose extranonce2 is 6 bytes; `ckpool-reasons` is the ckpool line that refuses shares with
 * `reject-reason` and no error.
 */
export const LIKES = ["ckpool", "ckpool-reasons", "nomp", "public", "datum", "narrow6"] as const;

/** One of {@linkcode LIKES}. */
export type Like = typeof LIKES[number];

/** How a pool's difficulty follows the speed of a connection. */
export interface StratumVardiff {
  /** The target time between shares, in milliseconds. */
  readonly targetMs: number;
  /** The interval at which it checks a connection, in milliseconds. */
  readonly everyMs: number;
  /** It also checks after this number of shares, where the real one does (ckpool, DATUM). */
  readonly shares: number;
}

/** When a connection is closed for doing nothing, in milliseconds; 0 for never. */
export interface StratumTimeouts {
  /** Without a subscribe. */
  readonly unsubscribedMs: number;
  /** Without an authorize. */
  readonly unauthorizedMs: number;
  /** Without a share (nomp: any, noticed at the next job; DATUM: an accepted one). */
  readonly idleMs: number;
}

/** Replaces values that a server chooses freely, for tests that repeat a recorded session. */
export interface Rewrite {
  /** The job to send instead of one made here. Called once for each job made. */
  readonly job?: (made: Job) => Job;
  /** The extranonce1 of the next subscribe. */
  readonly extranonce1?: (made: string) => string;
  /** The session id of the next subscribe. */
  readonly session?: (made: string) => string;
}

/** How a simulated Stratum pool is to behave. Intervals of 0 mean never. */
export interface StratumPoolOptions {
  /** The server to play; `ckpool` if not given. */
  readonly like?: Like;
  /** The address to listen on; 127.0.0.1 if not given. */
  readonly hostname?: string;
  /** The port to listen on; any free one if not given or 0. */
  readonly port?: number;
  /** The first difficulty of every connection; 0.001 if not given. */
  readonly difficulty?: number;
  /** The lowest difficulty; 1/256 of `difficulty`, at most the real pool's, if not given. */
  readonly minDifficulty?: number;
  /**
   * The lowest difficulty DATUM accepts, in reality 1; the lower of 1 and `minDifficulty` if not
   * given.
   */
  readonly difficultyUnit?: number;
  /** How the difficulty follows the speed, where it differs from the real server, or `fixed`. */
  readonly vardiff?: Partial<StratumVardiff> | "fixed";
  /** Bytes of extranonce2, 1..16; the real server's if not given. */
  readonly extranonce2Size?: number;
  /** The version of jobs, 8 hex digits; 20000000. */
  readonly version?: string;
  /** The network target of jobs, 8 hex digits; 17030ecd, out of reach. */
  readonly bits?: string;
  /** The names before the dot that are accepted; all if not given. DATUM accepts every name. */
  readonly accounts?: readonly string[];
  /** Whether public-pool asks for a Bitcoin address as the real one does; true. */
  readonly asksAddress?: boolean;
  /** Time between jobs with other transactions; the real server's if not given. */
  readonly jobIntervalMs?: number;
  /** Time between jobs on a new height; never. */
  readonly blockIntervalMs?: number;
  /** A connection without a share is closed after this time; the real server's if not given. */
  readonly idleMs?: number;
  /** nomp refuses an address for this long after many bad shares; 600,000. */
  readonly banMs?: number;
  /**
   * Answers to shares come up to this much later, in milliseconds, and may overtake each other; 0,
   * at once.
   */
  readonly answerDelayMs?: number;
  /** The clock and timers; the system's. */
  readonly time?: Time;
  /** Replacements for values made here. */
  readonly rewrite?: Rewrite;
}

/** The options with every default filled in. */
export interface StratumPoolSettings
  extends Required<Omit<StratumPoolOptions, "accounts" | "vardiff" | "idleMs">> {
  /** The accepted names before the dot; `undefined` for all names. */
  readonly accounts: readonly string[] | undefined;
  /** `undefined` for a difficulty that stays. */
  readonly vardiff: StratumVardiff | undefined;
  /** When idle connections are closed. */
  readonly timeouts: StratumTimeouts;
  /**
   * Shares for a job are accepted for this long after it was made, in milliseconds; 0 for no end.
   */
  readonly jobLifetimeMs: number;
  /** More bytes than this at once, unread ones included, close the connection; 0 for no limit. */
  readonly maxInputBytes: number;
}

/** The seed of hashes and extranonce1s, the same for every pool. */
export const SEED = 1;
/** Version bits that may roll; NOMP has none. */
export const VERSION_MASK = 0x1fffe000;

/** The default settings of the real servers. */
interface Manners {
  readonly vardiff: StratumVardiff;
  readonly extranonce2Size: number;
  readonly jobIntervalMs: number;
  readonly jobLifetimeMs: number;
  readonly timeouts: StratumTimeouts;
  readonly maxInputBytes: number;
  readonly minDifficulty: number;
}

const CKPOOL: Manners = {
  vardiff: { targetMs: 3_333, everyMs: 240_000, shares: 72 },
  extranonce2Size: 8,
  jobIntervalMs: 30_000,
  jobLifetimeMs: 600_000,
  timeouts: { unsubscribedMs: 0, unauthorizedMs: 114_000, idleMs: 0 },
  maxInputBytes: 0,
  minDifficulty: 1,
};

const MANNERS: Readonly<Record<Like, Manners>> = {
  ckpool: CKPOOL,
  "ckpool-reasons": CKPOOL,
  narrow6: { ...CKPOOL, extranonce2Size: 6 },
  nomp: {
    vardiff: { targetMs: 15_000, everyMs: 90_000, shares: 0 },
    extranonce2Size: 4,
    jobIntervalMs: 30_000,
    jobLifetimeMs: 0,
    timeouts: { unsubscribedMs: 0, unauthorizedMs: 0, idleMs: 600_000 },
    maxInputBytes: 10_240,
    minDifficulty: 8,
  },
  public: {
    vardiff: { targetMs: 10_000, everyMs: 60_000, shares: 0 },
    extranonce2Size: 4,
    jobIntervalMs: 60_000,
    jobLifetimeMs: 300_000,
    timeouts: { unsubscribedMs: 300_000, unauthorizedMs: 300_000, idleMs: 0 },
    maxInputBytes: 0,
    minDifficulty: 0.00001,
  },
  datum: {
    vardiff: { targetMs: 7_500, everyMs: 60_000, shares: 16 },
    extranonce2Size: 8,
    jobIntervalMs: 40_000,
    jobLifetimeMs: 160_000,
    timeouts: { unsubscribedMs: 21_000, unauthorizedMs: 0, idleMs: 7_200_000 },
    maxInputBytes: 0,
    minDifficulty: 1,
  },
};

/** Fills in the defaults. */
export function stratumPoolSettings(options: StratumPoolOptions): StratumPoolSettings {
  const like = options.like ?? "ckpool";
  const manners = MANNERS[like];
  const difficulty = options.difficulty ?? 0.001;
  const minDifficulty = options.minDifficulty ?? Math.min(manners.minDifficulty, difficulty / 256);
  return {
    hostname: "127.0.0.1",
    port: 0,
    difficultyUnit: Math.min(1, minDifficulty),
    extranonce2Size: manners.extranonce2Size,
    version: "20000000",
    bits: "17030ecd",
    accounts: undefined,
    asksAddress: true,
    jobIntervalMs: manners.jobIntervalMs,
    blockIntervalMs: 0,
    jobLifetimeMs: manners.jobLifetimeMs,
    banMs: 600_000,
    maxInputBytes: manners.maxInputBytes,
    answerDelayMs: 0,
    time: systemTime,
    rewrite: {},
    ...options,
    like,
    difficulty,
    minDifficulty,
    vardiff: options.vardiff === "fixed" ? undefined : { ...manners.vardiff, ...options.vardiff },
    timeouts: {
      ...manners.timeouts,
      ...options.idleMs !== undefined && { idleMs: options.idleMs },
    },
  };
}
