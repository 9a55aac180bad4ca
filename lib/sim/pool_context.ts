/**
 * What a simulated pool gives its connections.
 */

import type { Random } from "../base/clock.ts";
import type { Work } from "./pool_jobs.ts";
import type { PoolLedger } from "./pool_ledger.ts";
import type { PoolSettings } from "./pool_settings.ts";
import type { PoolWorker } from "./pool_workers.ts";

/** What all connections of a pool share. */
export interface PoolContext {
  /** How the pool is to behave. */
  readonly settings: PoolSettings;
  /** Where everything is counted. */
  readonly ledger: PoolLedger;
  /** For the order of verdicts. */
  readonly random: Random;
  /** The newest work. */
  work(): Work | undefined;
  /** The exponent that a test set for workers of this name, if any. */
  wantedExponent(workerName: string): number | undefined;
  /** A worker was registered. */
  registered(worker: PoolWorker): void;
  /** Called after every counted event. */
  changed(): void;
}
