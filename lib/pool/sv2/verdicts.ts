/**
 * The refusals of Stratum V2 pools as verdicts, by their error codes. The codes are not standardized:
 * those that are not known are counted and logged, and nothing is done because of them.
 *
 * There is one object for each code, so that a share allocates none.
 */

import { printable } from "../../base/printable.ts";
import type { RejectReason } from "../../base/share_reasons.ts";
import type { Rejected } from "../../mux/verdict.ts";
import { ERROR_CODE, stratumError } from "../../protocol/stratum/error_code.ts";

/** How a refusal is counted, and the code that miners get: none that makes firmware give up. */
type Meaning = readonly [RejectReason, number];

const STALE: Meaning = ["stale", ERROR_CODE.jobNotFound];
const DUPLICATE: Meaning = ["duplicate", ERROR_CODE.duplicate];
const LOW_DIFFICULTY: Meaning = ["lowDifficulty", ERROR_CODE.lowDifficulty];
const VERSION_MASK: Meaning = ["versionMask", ERROR_CODE.unknown];
const OTHER: Meaning = ["other", ERROR_CODE.unknown];

/** What the codes of real pools mean. */
const MEANING: ReadonlyMap<string, Meaning> = new Map([
  ["stale-share", STALE],
  ["invalid-job-id", STALE],
  ["duplicate-share", DUPLICATE],
  ["difficulty-too-low", LOW_DIFFICULTY],
  ["difficulty-target-not-met", LOW_DIFFICULTY],
  ["invalid-non-rollable-version-bit", VERSION_MASK],
  ["version-rolling-not-allowed", VERSION_MASK],
  ["bad-extranonce-size", OTHER],
  ["invalid-share", OTHER],
  ["invalid-channel-id", OTHER],
]);

/** With more different codes than this, each share makes an object. */
const MOST_KNOWN = 256;

/** The longest part of a pool's code that is kept, in characters. */
const MAX_WORDS = 80;

const known = new Map<string, Rejected>();

/** Whether it is known what a code means. */
export function isKnownCode(errorCode: string): boolean {
  return MEANING.has(errorCode);
}

/** The verdict on a share that a pool refuses with this code. */
export function verdictOf(errorCode: string): Rejected {
  const words = errorCode.slice(0, MAX_WORDS);
  let verdict = known.get(words);
  if (verdict === undefined) {
    const [reason, code] = MEANING.get(words) ?? OTHER;
    verdict = {
      kind: "rejected",
      reason,
      ...stratumError(code),
      poolCode: code,
      poolText: printable(words),
    };
    if (known.size < MOST_KNOWN) known.set(words, verdict);
  }
  return verdict;
}
