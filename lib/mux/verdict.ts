/**
 * What becomes of a share, in values that no kind of pool invented.
 *
 * There is one object for each reason and code, so that a share allocates none.
 */

import { REFUSE_REASONS, type RefuseReason, type RejectReason } from "../base/share_reasons.ts";
import { ERROR_CODE, type StratumError, stratumError } from "../protocol/stratum/error_code.ts";

/** The pool takes a share. */
export interface Accepted {
  /** Tells the verdicts apart. */
  readonly kind: "accepted";
}

/** The pool does not take it; `code` and `text` are what miners are answered. */
export interface Rejected extends StratumError {
  /** Tells the verdicts apart. */
  readonly kind: "rejected";
  /** What it is counted as. */
  readonly reason: RejectReason;
  /** The pool's own code, for the log. */
  readonly poolCode: number;
  /** The pool's own words. */
  readonly poolText: string;
}

/** What a pool says of a share. */
export type Verdict = Accepted | Rejected;

/** A share is refused here and goes nowhere; `code` and `text` are what the miner is answered. */
export interface Refused extends StratumError {
  /** Tells it from a verdict. */
  readonly kind: "refused";
  /** What it is counted as. */
  readonly reason: RefuseReason;
}

/** The verdict on a good share. */
export const ACCEPTED: Accepted = { kind: "accepted" };

/** The code that goes with each reason to refuse a share. */
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

/** The codes that every Stratum pool has; for all else there is 20. */
const COMMON_CODES: ReadonlySet<number> = new Set([
  ERROR_CODE.jobNotFound,
  ERROR_CODE.duplicate,
  ERROR_CODE.lowDifficulty,
]);

/** The same in the codes of ordinary Stratum pools, for shares that are checked here for one. */
export const REFUSED_COMMONLY: Readonly<Record<RefuseReason, Refused>> = Object.fromEntries(
  Object.entries(REFUSED).map(([reason, refused]) => {
    const code = COMMON_CODES.has(refused.code) ? refused.code : ERROR_CODE.unknown;
    return [reason, { ...refused, code }];
  }),
) as Record<RefuseReason, Refused>;

/** The answer to a share of which nobody knows whether the pool got it. */
export const UNKNOWN_FATE: StratumError = stratumError(ERROR_CODE.unknown);
