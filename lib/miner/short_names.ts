/**
 * Names of miners cut to the lengths that pools take, the same for the log, reports and pools.
 */

/** Shortens a client agent and a worker name as pools do. */
export type ShortenNames = (clientAgent: string, workerName: string) => ShortNames;

/** Names shortened as pools do. */
export interface ShortNames {
  /** May be empty. */
  readonly clientAgent: string;
  /** Never empty. */
  readonly workerName: string;
  /** Whether either name was cut. */
  readonly wasCut: boolean;
}
