/**
 * The pools of a chaos run.
 */

import type { Like } from "../../lib/sim/stratum_pool/settings.ts";

/** The kinds of pools a run can have. */
export const KINDS = ["agent", "stratum", "mixed"] as const;

/** One of {@linkcode KINDS}. */
export type Kinds = typeof KINDS[number];

/** A pool: one of the agent protocol, or an ordinary Stratum pool that plays this server. */
export type PoolManners = "agent" | Like;

/** The pools of a run, in the order of its failover list: neighbours differ in kind. */
export const POOLS: Readonly<Record<Kinds, readonly PoolManners[]>> = {
  agent: ["agent", "agent", "agent"],
  stratum: ["ckpool", "public", "datum", "nomp", "narrow6"],
  mixed: ["agent", "ckpool", "public", "agent", "nomp", "datum", "agent", "narrow6"],
};

/** Returns the protocol of such a pool. */
export function kindOf(manners: PoolManners): "agent" | "stratum" {
  return manners === "agent" ? "agent" : "stratum";
}
