/**
 * Names: which characters a pool keeps, and how a miner's user name splits (agent.md "Names").
 */

/** The worker name of a miner that gave none. */
export const DEFAULT_WORKER_NAME = "__default__";

/** Longest sub-account name sent to a pool. */
export const MAX_ACCOUNT_BYTES = 64;

const FOREIGN = /[^A-Za-z0-9\-._:|^/]/g;
/** A miner's user name, taken apart. Both parts hold only characters a pool keeps. */
export interface UserName {
  /** The sub-account before the first dot; may be empty. */
  readonly account: string;
  /** The worker name behind it; never empty. */
  readonly workerName: string;
}

/** Deletes the characters a pool deletes. */
export function filterName(name: string): string {
  return name.replace(FOREIGN, "");
}

/**
 * Splits what a miner authorized as: `account.worker`. Without a worker part the whole name is
 * the worker's, and without that, too, `__default__`, as the Go agent has it.
 */
export function splitUserName(user: string): UserName {
  const filtered = filterName(user);
  const dot = filtered.indexOf(".");
  const account = dot < 0 ? filtered : filtered.slice(0, dot);
  const worker = dot < 0 ? "" : filtered.slice(dot + 1);
  return {
    account,
    workerName: worker || filtered || DEFAULT_WORKER_NAME,
  };
}
