/**
 * The pools of a chaos run.
 */

import type { Like } from "../../lib/sim/stratum_pool/settings.ts";
import { SV2_LIKES, type Sv2Like } from "../../lib/sim/sv2_pool/personality.ts";
import type { PoolKind } from "./schedule.ts";

/** The kinds of pools a run can have. */
export const KINDS = ["agent", "stratum", "sv2", "mixed"] as const;

/** One of {@linkcode KINDS}. */
export type Kinds = typeof KINDS[number];

/** A pool: one of the agent protocol, or a pool of Stratum V1 or V2 that plays this one. */
export type PoolManners = "agent" | Like | Sv2Like;

/** The pools of a run, in the order of its failover list: neighbours differ in kind. */
export const POOLS: Readonly<Record<Kinds, readonly PoolManners[]>> = {
  agent: ["agent", "agent", "agent"],
  stratum: ["ckpool", "public", "datum", "nomp", "narrow6"],
  sv2: ["sri", "blitzpool", "braiins"],
  mixed: [
    ...["agent", "ckpool", "sri", "public", "agent", "nomp"] as const,
    ...["blitzpool", "datum", "agent", "narrow6", "braiins"] as const,
  ],
};

/** Returns the protocol of such a pool. */
export function kindOf(manners: PoolManners): PoolKind {
  if (manners === "agent") return "agent";
  return isSv2(manners) ? "sv2" : "stratum";
}

/** Whether a pool speaks Stratum V2. */
export function isSv2(manners: PoolManners): manners is Sv2Like {
  return SV2_LIKES.some((like) => like === manners);
}
