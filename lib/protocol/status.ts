/**
 * The pool's status codes (agent.md "Status codes"): what a verdict says, and how a miner is told.
 */

import type { RejectReason } from "../base/share_reasons.ts";

/** A verdict read: accepted, or rejected and why. */
export type VerdictMeaning = "accepted" | RejectReason;

/** Status of an accepted share on a Bitcoin pool, a finder of a block included. */
export const SHARE_ACCEPTED = 1798084231;

const ACCEPTED: ReadonlySet<number> = new Set([SHARE_ACCEPTED, 950395421, 1422486894, 1713984938]);

/** The codes miners are told, by name. */
export const STATUS = {
  unknown: 20,
  jobNotFound: 21,
  duplicate: 22,
  lowDifficulty: 23,
  unauthorized: 24,
  notSubscribed: 25,
  illegalMethod: 26,
  illegalParams: 27,
  invalidUsername: 29,
  timeTooOld: 31,
  timeTooNew: 32,
  versionMask: 33,
  poolJobNotFound: 36,
  poolStale: 37,
  workerNameNotString: 104,
  accountEmpty: 105,
} as const;

const TEXT: ReadonlyMap<number, string> = new Map([
  [0, "Share rejected"],
  [20, "Unknown"],
  [21, "Job not found (=stale)"],
  [22, "Duplicate share"],
  [23, "Low difficulty"],
  [24, "Unauthorized worker"],
  [25, "Not subscribed"],
  [26, "Illegal method"],
  [27, "Illegal params"],
  [28, "Ip banned"],
  [29, "Invalid username"],
  [30, "Internal error"],
  [31, "Time too old"],
  [32, "Time too new"],
  [33, "Invalid version mask"],
  [34, "Invalid Solution"],
  [35, "Wrong Nonce Prefix"],
  [36, "Job not found"],
  [37, "Stale share"],
  [38, "NiceHash not supported"],
  [104, "Worker name must be a string"],
  [105, "Sub-account Name Cannot be Empty"],
  [400, "Client is not a stratum switcher"],
]);

/** What a status in a verdict means. Codes not listed are rejections. */
export function verdictMeaning(status: number): VerdictMeaning {
  if (ACCEPTED.has(status)) return "accepted";
  switch (status) {
    case STATUS.jobNotFound:
    case STATUS.poolJobNotFound:
    case STATUS.poolStale:
      return "stale";
    case STATUS.duplicate:
      return "duplicate";
    case STATUS.lowDifficulty:
      return "lowDifficulty";
    case STATUS.timeTooOld:
      return "timeTooOld";
    case STATUS.timeTooNew:
      return "timeTooNew";
    case STATUS.versionMask:
      return "versionMask";
    default:
      return "other";
  }
}

/** The text that goes with a code; "Unknown" for codes not listed. */
export function statusText(status: number): string {
  return TEXT.get(status) ?? "Unknown";
}

/**
 * The code a miner is told for a rejection. 36 and 37 become 21, as the pool does for its own
 * direct miners, since firmware knows neither (stratum.md "Error codes").
 */
export function minerStatus(status: number): number {
  return status === STATUS.poolJobNotFound || status === STATUS.poolStale
    ? STATUS.jobNotFound
    : status;
}
