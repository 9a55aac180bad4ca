/**
 * The settings of a simulated pool, with their defaults.
 */

import type { Time } from "../base/clock.ts";
import { systemTime } from "../base/system_time.ts";
import type { Vardiff } from "./pool_workers.ts";

/** How a simulated pool is to behave. Intervals of 0 mean never. */
export interface SimPoolOptions {
  /** The address to listen on; 127.0.0.1 if not given. */
  readonly hostname?: string;
  /** The port to listen on; any free one if not given or 0. */
  readonly port?: number;
  /** The first difficulty of every worker, in production a power of two; 1 if not given. */
  readonly difficulty?: number;
  /** The difficulty that a connection's own drifts to (agent.md trap 4); 1/256 of `difficulty`. */
  readonly minDifficulty?: number;
  /** How long after authorize it drifts, at the next job; 60,000. */
  readonly driftAfterMs?: number;
  /** The minimum difficulty of workers with a client agent `nicehash/…` (agent.md trap 6); 2^19. */
  readonly nicehashDifficulty?: number;
  /**
   * Whether that minimum applies to every worker without being announced (agent.md trap 11); false.
   */
  readonly nicehashForced?: boolean;
  /** The existing sub-accounts; every name that is not empty if not given. */
  readonly accounts?: readonly string[];
  /** Whether `Alice` and `alice` are two sub-accounts; false. */
  readonly caseSensitiveAccounts?: boolean;
  /** Whether a connection may begin with a line of the PROXY protocol; false. */
  readonly takesProxyLine?: boolean;
  /** The version bits that may roll; 0x1fffe000. */
  readonly versionMask?: number;
  /** Whether each share's header is rebuilt and hashed; true. */
  readonly proofOfWork?: boolean;
  /** How difficulties follow speed; they do not if not given. */
  readonly vardiff?: Vardiff;
  /** The last job is sent again after this time without a new one; 30,000. */
  readonly resendIntervalMs?: number;
  /** The time between jobs with other transactions; never. */
  readonly jobIntervalMs?: number;
  /** The time between jobs on a new height; never. */
  readonly blockIntervalMs?: number;
  /** Whether there is work from the start; true. Otherwise from the first `newBlock()` on. */
  readonly hasWork?: boolean;
  /** A job's longest life once newer ones exist; 300,000. */
  readonly maxJobLifetimeMs?: number;
  /** Verdicts that need a hash come up to this much later; 4. */
  readonly verdictDelayMs?: number;
  /** Connections are reset after this time without a byte before authorize; 15,000. */
  readonly handshakeTimeoutMs?: number;
  /** Connections are reset when output is stuck for this time; 120,000. */
  readonly writeTimeoutMs?: number;
  /** The pool server's number, the top byte of its extranonce1s: 1..255; 1. */
  readonly serverNumber?: number;
  /** The seed of hashes, delays and the order of verdicts; 1. */
  readonly seed?: number;
  /** The clock and timers; the system's. */
  readonly time?: Time;
}

/** The options with every default filled in. */
export type PoolSettings =
  & Required<Omit<SimPoolOptions, "accounts" | "vardiff">>
  & Pick<SimPoolOptions, "accounts" | "vardiff">;

/** Fills in the defaults. */
export function poolSettings(options: SimPoolOptions): PoolSettings {
  const difficulty = options.difficulty ?? 1;
  return {
    hostname: "127.0.0.1",
    port: 0,
    minDifficulty: difficulty / 256,
    driftAfterMs: 60_000,
    nicehashDifficulty: 2 ** 19,
    nicehashForced: false,
    caseSensitiveAccounts: false,
    takesProxyLine: false,
    versionMask: 0x1fffe000,
    proofOfWork: true,
    resendIntervalMs: 30_000,
    jobIntervalMs: 0,
    blockIntervalMs: 0,
    hasWork: true,
    maxJobLifetimeMs: 300_000,
    verdictDelayMs: 4,
    handshakeTimeoutMs: 15_000,
    writeTimeoutMs: 120_000,
    serverNumber: 1,
    seed: 1,
    time: systemTime,
    ...options,
    difficulty,
  };
}
