/**
 * Why shares are lost, be they refused here or rejected by a pool: one list of both.
 */

import {
  REFUSE_REASONS,
  type RefuseReason,
  REJECT_REASONS,
  type RejectReason,
} from "../base/share_reasons.ts";

/** Why a share is lost. */
export type LostReason = RefuseReason | RejectReason;

/** Every one of them, once. */
export const LOST_REASONS: readonly LostReason[] = [
  ...new Set<LostReason>([...REFUSE_REASONS, ...REJECT_REASONS]),
];
