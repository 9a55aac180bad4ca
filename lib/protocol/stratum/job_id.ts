/**
 * The job ids that miners see: our own, never the same twice (mux/job_numbers.ts), printed in base
 * 36.
 *
 * Miners send them back unchanged. A text that is not one of ours in its one spelling reads as
 * {@linkcode NO_JOB}, which no job has.
 */

/** A number that no job has. */
export const NO_JOB: number = -1;

/** The number of base-36 digits of 2^53 - 1, the highest exact whole number. */
const MAX_DIGITS = 11;

/** A text as long as the longest job id of ours. */
export const LONGEST_JOB_ID: string = "z".repeat(MAX_DIGITS);

/** The text of job number `job`, a whole number from 0. */
export function formatJobId(job: number): string {
  return job.toString(36);
}

/** The number of a job id, or {@linkcode NO_JOB} for a text that is not one of ours. */
export function parseJobId(text: string): number {
  return /^(?:0|[1-9a-z][0-9a-z]{0,10})$/.test(text) ? exact(parseInt(text, 36)) : NO_JOB;
}

/** {@linkcode parseJobId} for the bytes `from` to `end` of a line. */
export function parseJobIdBytes(bytes: Uint8Array, from: number, end: number): number {
  const length = end - from;
  if (length < 1 || length > MAX_DIGITS) return NO_JOB;
  if (length > 1 && bytes[from] === 0x30) return NO_JOB;
  let job = 0;
  for (let at = from; at < end; at++) {
    const byte = bytes[at]!;
    let digit: number;
    if (byte >= 0x30 && byte <= 0x39) digit = byte - 0x30;
    else if (byte >= 0x61 && byte <= 0x7a) digit = byte - 0x61 + 10;
    else return NO_JOB;
    job = job * 36 + digit;
  }
  return exact(job);
}

function exact(job: number): number {
  return job <= Number.MAX_SAFE_INTEGER ? job : NO_JOB;
}
