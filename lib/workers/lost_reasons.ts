/**
 * Why shares are lost, be they refused here or rejected by a pool: one list of both. An outage is no
 * fault of a worker, and is not in it.
 */

import {
  REFUSE_REASONS,
  type RefuseReason,
  REJECT_REASONS,
  type RejectReason,
} from "../base/share_reasons.ts";

/** Why a share is lost that its worker, or its pool, could have kept. */
export type LostReason = Exclude<RefuseReason, "noPool"> | RejectReason;

/** Every one of them, once. */
export const LOST_REASONS: readonly LostReason[] = [
  ...new Set([...REFUSE_REASONS.filter((reason) => reason !== "noPool"), ...REJECT_REASONS]),
];
