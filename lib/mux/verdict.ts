/**
 * The fate of a share, in values that do not depend on the kind of pool.
 *
 * There is one object for each reason and code, so that no share allocates one.
 */

import { REFUSE_REASONS, type RefuseReason, type RejectReason } from "../base/share_reasons.ts";
import { ERROR_CODE, type StratumError, stratumError } from "../protocol/stratum/error_code.ts";

/** The pool accepts a share. */
export interface Accepted {
  /** Distinguishes the verdicts. */
  readonly kind: "accepted";
}

/** The pool rejects a share; `code` and `text` are the answer to the miner. */
export interface Rejected extends StratumError {
  /** Distinguishes the verdicts. */
  readonly kind: "rejected";
  /** The reason it is counted under. */
  readonly reason: RejectReason;
  /** The pool's own code, for the log. */
  readonly poolCode: number;
  /** The pool's own words. */
  readonly poolText: string;
}

/** A pool's verdict on a share. */
export type Verdict = Accepted | Rejected;

/** A share is refused here and not sent; `code` and `text` are the answer to the miner. */
export interface Refused extends StratumError {
  /** Distinguishes it from a verdict. */
  readonly kind: "refused";
  /** The reason it is counted under. */
  readonly reason: RefuseReason;
}

/** The verdict on a good share. */
export const ACCEPTED: Accepted = { kind: "accepted" };

/** The code for each reason to refuse a share. */
const REFUSE_CODE: Readonly<Record<RefuseReason, number>> = {
  illegal: ERROR_CODE.illegalParams,
  unauthorized: ERROR_CODE.unauthorized,
  stale: ERROR_CODE.jobNotFound,
  duplicate: ERROR_CODE.duplicate,
  timeTooOld: ERROR_CODE.timeTooOld,
  timeTooNew: ERROR_CODE.timeTooNew,
  versionMask: ERROR_CODE.versionMask,
  lowDifficulty: ERROR_CODE.lowDifficulty,
  tooMany: ERROR_CODE.unknown,
  noPool: ERROR_CODE.jobNotFound,
};

/** One for each reason. */
export const REFUSED: Readonly<Record<RefuseReason, Refused>> = Object.fromEntries(
  REFUSE_REASONS.map((reason) => [
    reason,
    { kind: "refused", reason, ...stratumError(REFUSE_CODE[reason]) },
  ]),
) as Record<RefuseReason, Refused>;

/** The codes that all Stratum pools use; 20 stands for everything else. */
const COMMON_CODES: ReadonlySet<number> = new Set([
  ERROR_CODE.jobNotFound,
  ERROR_CODE.duplicate,
  ERROR_CODE.lowDifficulty,
]);

/** The same in the codes of ordinary Stratum pools, for shares that are checked here. */
export const REFUSED_COMMONLY: Readonly<Record<RefuseReason, Refused>> = Object.fromEntries(
  Object.entries(REFUSED).map(([reason, refused]) => {
    const code = COMMON_CODES.has(refused.code) ? refused.code : ERROR_CODE.unknown;
    return [reason, { ...refused, code }];
  }),
) as Record<RefuseReason, Refused>;

/** The answer to a share if it is not known whether the pool got it. */
export const UNKNOWN_FATE: StratumError = stratumError(ERROR_CODE.unknown);
