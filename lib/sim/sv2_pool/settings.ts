/**
 * The settings of a simulated Stratum V2 pool.
 */

import type { Time } from "../../base/clock.ts";
import { systemTime } from "../../base/system_time.ts";
import type { Job } from "../../protocol/stratum/job.ts";
import { SV2_TRAITS, type Sv2Like, type Sv2Traits } from "./personality.ts";

/** Replaces values that a pool chooses freely, for tests that repeat a recorded session. */
export interface Sv2Rewrite {
  /** The job to send instead of one made here; its id must be a number. Called once for each. */
  readonly job?: (made: Job) => Job;
  /** The prefix of the next channel. */
  readonly prefix?: (made: Uint8Array) => Uint8Array;
  /** The first target of the next channel. */
  readonly target?: (made: bigint) => bigint;
}

/** How a certificate is wrong: it is signed by another authority, or has an unknown version. */
export type CertificateFlaw = "authority" | "version";

/** How a simulated Stratum V2 pool is to behave. Intervals of 0 mean never. */
export interface Sv2PoolOptions extends Partial<Sv2Traits> {
  /** The pool to play; `sri` if not given. Other traits given here replace its own. */
  readonly like?: Sv2Like;
  /** The address to listen on; 127.0.0.1 if not given. */
  readonly hostname?: string;
  /** The port to listen on; any free one if not given or 0. */
  readonly port?: number;
  /**
   * The first difficulty of a channel, from 2^-32 on, fractions included: of one that declares no
   * hashrate, or of all if `sharesPerMinute` is 0. 0.001 if not given.
   */
  readonly difficulty?: number;
  /** The lowest difficulty; 1/256 of `difficulty` if not given. */
  readonly minDifficulty?: number;
  /**
   * The difficulty follows the hashrate that a channel declares, for this many shares a minute; 6,
   * and 0 for a difficulty that stays.
   */
  readonly sharesPerMinute?: number;
  /** The version of jobs, 8 hex digits; 20000000. */
  readonly version?: string;
  /** The network target of jobs, 8 hex digits; 17030ecd, out of reach. */
  readonly bits?: string;
  /** The names before the dot that are accepted; all if not given. */
  readonly accounts?: readonly string[];
  /** Time between jobs with other transactions; 30,000. */
  readonly jobIntervalMs?: number;
  /** Time between jobs on a new height; never. */
  readonly blockIntervalMs?: number;
  /** The secret key that signs the certificate, 32 bytes; drawn if not given. */
  readonly authoritySecret?: Uint8Array;
  /** What is wrong with the certificate; nothing if not given. */
  readonly certificateFlaw?: CertificateFlaw;
  /** Extensions without which it refuses all; none if not given. */
  readonly requiredExtensions?: readonly number[];
  /** The least time between two UpdateChannel of one channel before they count as bad; 30,000. */
  readonly updateIntervalMs?: number;
  /** The clock and timers; the system's. */
  readonly time?: Time;
  /** Replacements for values made here. */
  readonly rewrite?: Sv2Rewrite;
}

/** The options with every default filled in. */
export interface Sv2PoolSettings extends
  Required<
    Omit<Sv2PoolOptions, "accounts" | "authoritySecret" | "certificateFlaw" | keyof Sv2Traits>
  >,
  Sv2Traits {
  /** The accepted names before the dot; `undefined` for all names. */
  readonly accounts: readonly string[] | undefined;
  /** `undefined` to draw one. */
  readonly authoritySecret: Uint8Array | undefined;
  /** `undefined` for a true certificate. */
  readonly certificateFlaw: CertificateFlaw | undefined;
}

/** Fills in the defaults. */
export function sv2PoolSettings(options: Sv2PoolOptions): Sv2PoolSettings {
  const like = options.like ?? "sri";
  const difficulty = options.difficulty ?? 0.001;
  return {
    hostname: "127.0.0.1",
    port: 0,
    minDifficulty: difficulty / 256,
    sharesPerMinute: 6,
    version: "20000000",
    bits: "17030ecd",
    accounts: undefined,
    jobIntervalMs: 30_000,
    blockIntervalMs: 0,
    authoritySecret: undefined,
    certificateFlaw: undefined,
    requiredExtensions: [],
    updateIntervalMs: 30_000,
    time: systemTime,
    rewrite: {},
    ...SV2_TRAITS[like],
    ...options,
    like,
    difficulty,
  };
}
