/**
 * Every kind of pool there is. The only file that knows more than one.
 */

import { registeredNames } from "../protocol/agent/names.ts";
import { AgentSession } from "./agent/session.ts";
import type { PoolKinds } from "./connection.ts";

/** All pools speak btcpool's agent protocol. */
export const POOL_KINDS: PoolKinds = {
  open: (options) => new AgentSession(options),
};

/** What pools keep of a client agent and a worker name, as log and reports show them. */
export const shortenNames: typeof registeredNames = registeredNames;
