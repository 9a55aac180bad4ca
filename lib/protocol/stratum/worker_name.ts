/**
 * Names: which characters a pool keeps, how a miner's user name splits, and what goes into a
 * register frame (agent.md "Names").
 */

/** The worker name of a miner that gave none. */
export const DEFAULT_WORKER_NAME = "__default__";

/** The pool's column for client agents is this wide; it cuts its own miners' there, too. */
const MAX_CLIENT_AGENT_BYTES = 30;

/** The pool's column for worker names is this wide. */
const MAX_WORKER_NAME_BYTES = 50;

/** Longest sub-account name sent to a pool. */
export const MAX_ACCOUNT_BYTES = 64;

const FOREIGN = /[^A-Za-z0-9\-._:|^/]/g;
/** Workers whose client agent begins so are silently held to another minimum (agent.md trap 6). */
const NICEHASH = /^nicehash\//i;

/** A miner's user name, taken apart. Both parts hold only characters a pool keeps. */
export interface UserName {
  /** The sub-account before the first dot; may be empty. */
  readonly account: string;
  /** The worker name behind it; never empty. */
  readonly workerName: string;
}

/** What a register frame carries of a miner. Both always fit into one frame of 100 bytes. */
export interface RegisteredNames {
  /** At most 30 characters. */
  readonly clientAgent: string;
  /** At most 50 characters, never empty. */
  readonly workerName: string;
  /** Whether a name had to be cut. */
  readonly wasCut: boolean;
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

/**
 * Filters and cuts names for a register frame. A client agent that begins with `nicehash/` is
 * hidden behind `proxy/`, or the pool would hold the worker to a minimum it tells nobody.
 */
export function registeredNames(clientAgent: string, workerName: string): RegisteredNames {
  const agent = filterName(clientAgent);
  const disguised = NICEHASH.test(agent) ? `proxy/${agent}` : agent;
  const worker = filterName(workerName) || DEFAULT_WORKER_NAME;
  const cutAgent = disguised.slice(0, MAX_CLIENT_AGENT_BYTES);
  const cutWorker = worker.slice(0, MAX_WORKER_NAME_BYTES);
  return {
    clientAgent: cutAgent,
    workerName: cutWorker,
    wasCut: cutAgent.length < disguised.length || cutWorker.length < worker.length,
  };
}
