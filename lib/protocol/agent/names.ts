/**
 * What a register frame carries of a miner (agent.md "Names").
 */

import { DEFAULT_WORKER_NAME, filterName } from "../stratum/worker_name.ts";

/** The width of the pool's column for client agents; it also cuts those of its own miners. */
const MAX_CLIENT_AGENT_BYTES = 30;

/** The pool's column for worker names is this wide. */
const MAX_WORKER_NAME_BYTES = 50;

/**
 * The pool silently holds workers with such a client agent to another minimum (agent.md trap 6).
 */
const NICEHASH = /^nicehash\//i;

/** What a register frame carries of a miner. Both always fit into one frame of 100 bytes. */
export interface RegisteredNames {
  /** At most 30 characters. */
  readonly clientAgent: string;
  /** At most 50 characters, never empty. */
  readonly workerName: string;
  /** Whether a name had to be cut. */
  readonly wasCut: boolean;
}

/**
 * Filters and cuts names for a register frame. A client agent that begins with `nicehash/` is
 * hidden behind `proxy/`, or the pool would silently hold the worker to another minimum.
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
