/**
 * The pool's status codes (agent.md "Status codes"): what a verdict means, and which code a miner
 * gets.
 */

import type { RejectReason } from "../../base/share_reasons.ts";
import { ERROR_CODE } from "../stratum/error_code.ts";

/** The meaning of a verdict: accepted, or the reason of a rejection. */
export type VerdictMeaning = "accepted" | RejectReason;

/** Status of an accepted share on a Bitcoin pool, a finder of a block included. */
export const SHARE_ACCEPTED = 1798084231;

const ACCEPTED: ReadonlySet<number> = new Set([SHARE_ACCEPTED, 950395421, 1422486894, 1713984938]);

/** Codes of pools that are not in {@linkcode ERROR_CODE}; miners do not know them. */
export const POOL_STATUS = { jobNotFound: 36, stale: 37 } as const;

/** What a status in a verdict means. Codes not listed are rejections. */
export function verdictMeaning(status: number): VerdictMeaning {
  if (ACCEPTED.has(status)) return "accepted";
  switch (status) {
    case ERROR_CODE.jobNotFound:
    case POOL_STATUS.jobNotFound:
    case POOL_STATUS.stale:
      return "stale";
    case ERROR_CODE.duplicate:
      return "duplicate";
    case ERROR_CODE.lowDifficulty:
      return "lowDifficulty";
    case ERROR_CODE.timeTooOld:
      return "timeTooOld";
    case ERROR_CODE.timeTooNew:
      return "timeTooNew";
    case ERROR_CODE.versionMask:
      return "versionMask";
    default:
      return "other";
  }
}

/**
 * The code a miner is told for a rejection. 36 and 37 become 21, as the pool does for its own
 * direct miners, since firmware knows neither (stratum.md "Error codes").
 */
export function minerStatus(status: number): number {
  return status === POOL_STATUS.jobNotFound || status === POOL_STATUS.stale
    ? ERROR_CODE.jobNotFound
    : status;
}
