/**
 * The numbers and texts of errors that Stratum servers of btcpool's kind give, and that we give
 * miners (stratum.md "Error codes").
 */

/** The codes miners are told, by name. */
export const ERROR_CODE = {
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

/** The text that goes with a code; "Unknown" for codes not listed. */
export function errorText(code: number): string {
  return TEXT.get(code) ?? "Unknown";
}

/** An error as a miner is answered. */
export interface StratumError {
  /** Its number. */
  readonly code: number;
  /** The words that go with it: ASCII. */
  readonly text: string;
}

/** The error with this code, in its own words. */
export function stratumError(code: number): StratumError {
  return { code, text: errorText(code) };
}
