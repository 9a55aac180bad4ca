/**
 * The length of the line that gives a pool's job to miners; pure.
 */

import { PoolFault } from "../base/violation.ts";
import { encodeNotify, type Job } from "../protocol/stratum/job.ts";
import { LONGEST_JOB_ID } from "../protocol/stratum/job_id.ts";

/**
 * The longest `mining.notify` line that miners are sent, its LF included. Firmware accepts
 * coinbases from 255 bytes (NerdMiner) up to 16 KB, which is this number of hex digits. For a miner
 * that reads slowly, at most 64 KB may wait.
 */
export const MAX_JOB_LINE_BYTES: number = 32 * 1024;

/**
 * Makes sure that miners can be given a job.
 *
 * @throws PoolFault `job-too-long` when their line would have more than
 * {@linkcode MAX_JOB_LINE_BYTES}.
 */
export function checkJobLine(job: Job): void {
  // Encodes the line instead of computing its length: only the encoder knows how long it is.
  const lineBytes = encodeNotify(job, LONGEST_JOB_ID, false).length;
  if (lineBytes <= MAX_JOB_LINE_BYTES) return;
  throw new PoolFault(
    "job-too-long",
    `Cannot give a job of this pool to miners: its line would have ${lineBytes} bytes, ` +
      `at most ${MAX_JOB_LINE_BYTES} are allowed, which is more than any firmware accepts`,
  );
}
