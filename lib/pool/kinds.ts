/**
 * All kinds of pools, and how to open a connection of each. Only this file and `btcagent check`
 * import the files of a kind. The files for Stratum pools, and those for Stratum V2 pools with
 * their libraries, are loaded when the list has such a pool or at the first connection to one.
 */

import { AGENT_EXTRANONCE2_BYTES } from "../base/agent_pool.ts";
import type { PoolKind } from "../base/pool_kind.ts";
import { registeredNames } from "../protocol/agent/names.ts";
import { AgentSession } from "./agent/session.ts";
import type { PoolConnection, PoolConnectionOptions, PoolKinds } from "./connection.ts";
import { FindingOut } from "./finding_out.ts";
import { FoundKinds } from "./found_kinds.ts";
import { LateConnection } from "./late_connection.ts";
import { askStratumSize, askUnknownSize } from "./size_question.ts";
import { workerUser } from "./stratum/worker_names.ts";
import type { StratumSession } from "./stratum/session.ts";
import { WorkersAtPools } from "./stratum/workers_at_pools.ts";
import { Sv2AtPools } from "./sv2/at_pools.ts";
import type { Sv2Session } from "./sv2/session.ts";

/** The class that connects to Stratum pools, once it is loaded. */
let Stratum: typeof StratumSession | undefined;

async function loadStratum(): Promise<typeof StratumSession> {
  return Stratum = (await import("./stratum/session.ts")).StratumSession;
}

/** The class that connects to Stratum V2 pools, once it is loaded. */
let Sv2: typeof Sv2Session | undefined;

async function loadSv2(): Promise<typeof Sv2Session> {
  return Sv2 = (await import("./sv2/session.ts")).Sv2Session;
}

/** Opens a connection of a kind. */
type Open = (options: PoolConnectionOptions) => PoolConnection;

/**
 * All kinds of pools. `found` remembers the kinds that had to be found out, `workers` remembers
 * which pools accept workers by name.
 */
export function poolKinds(
  found: FoundKinds,
  workers: WorkersAtPools = new WorkersAtPools(),
): PoolKinds {
  const atPools = new Sv2AtPools();
  const openers: Readonly<Record<PoolKind, Open>> = {
    agent: (options) => new AgentSession(options),
    stratum: (options) => {
      if (Stratum !== undefined) return new Stratum(options, workers);
      return new LateConnection(
        options,
        loadStratum().then((Session) => (inner) => new Session(inner, workers)),
      );
    },
    sv2: (options) => {
      if (Sv2 !== undefined) return new Sv2(options, atPools);
      return new LateConnection(
        options,
        loadSv2().then((Session) => (inner) => new Session(inner, atPools)),
      );
    },
  };
  return {
    open: (options) => {
      if (options.kind !== "unknown") return openers[options.kind](options);
      return new FindingOut(options, { found, open: (kind, inner) => openers[kind](inner) });
    },
    list: (pools) => {
      workers.list(pools);
      // Load them now: an upgrade may replace the program's files before the first connection.
      if (pools.some(({ kind }) => kind === "stratum")) loadStratum().catch(() => {});
      if (pools.some(({ kind }) => kind === "sv2")) loadSv2().catch(() => {});
    },
    askSize: async (listed, question) => {
      const kind = listed === "unknown" ? found.of(question.address) ?? listed : listed;
      if (kind === "agent") return question.answered(AGENT_EXTRANONCE2_BYTES);
      if (kind === "stratum") return await askStratumSize(question);
      if (kind === "sv2") return await (await import("./sv2/ask_size.ts")).askSv2Size(question);
      await askUnknownSize(question, found);
    },
  };
}

/** The kinds of this process. */
export const POOL_KINDS: PoolKinds = poolKinds(new FoundKinds());

/** What a Stratum pool calls a worker, by the configured user and the worker's name. */
export const workerUserAt: typeof workerUser = workerUser;

/** The parts of a client agent and a worker name that pools keep, as log and reports show them. */
export const shortenNames: typeof registeredNames = registeredNames;
