/**
 * The reasons for which a worker's shares are lost, whether refused here or rejected by a pool. An
 * outage is not among them: it is not the worker's fault.
 */

import {
  REFUSE_REASONS,
  type RefuseReason,
  REJECT_REASONS,
  type RejectReason,
} from "../base/share_reasons.ts";

/** Why a worker's share was refused here or rejected by a pool. */
export type LostReason = Exclude<RefuseReason, "noPool"> | RejectReason;

/** Every reason, once. */
export const LOST_REASONS: readonly LostReason[] = [
  ...new Set([...REFUSE_REASONS.filter((reason) => reason !== "noPool"), ...REJECT_REASONS]),
];
