/** Which pools a chaos run has. */

import type { Like } from "../../lib/sim/stratum_pool/settings.ts";

/** What a run can be asked to have pools of. */
export const KINDS = ["agent", "stratum", "mixed"] as const;

/** One of {@linkcode KINDS}. */
export type Kinds = typeof KINDS[number];

/** What a pool is: one of the agent protocol, or an ordinary Stratum pool with these manners. */
export type PoolManners = "agent" | Like;

/** The pools of a run, in the order of its failover list: neighbours differ in kind. */
export const POOLS: Readonly<Record<Kinds, readonly PoolManners[]>> = {
  agent: ["agent", "agent", "agent"],
  stratum: ["ckpool", "public", "datum", "nomp", "narrow6"],
  mixed: ["agent", "ckpool", "public", "agent", "nomp", "datum", "agent", "narrow6"],
};

/** What a pool of these manners speaks. */
export function kindOf(manners: PoolManners): "agent" | "stratum" {
  return manners === "agent" ? "agent" : "stratum";
}
