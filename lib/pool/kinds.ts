/**
 * Every kind of pool there is. The only file that knows more than one.
 */

import { registeredNames } from "../protocol/agent/names.ts";
import { AgentSession } from "./agent/session.ts";
import type { PoolConnection, PoolConnectionOptions } from "./connection.ts";

/** Opens a connection to a pool as it is configured: all speak btcpool's agent protocol. */
export function openConnection(options: PoolConnectionOptions): PoolConnection {
  return new AgentSession(options);
}

/** What pools keep of a client agent and a worker name, as log and reports show them. */
export const shortenNames: typeof registeredNames = registeredNames;
