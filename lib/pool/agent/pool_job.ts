/**
 * A job of a pool as miners get it, or the reason why they cannot; pure.
 */

import { appendExtranonce1, type Job, parseNotify } from "../../protocol/stratum/job.ts";
import { quote } from "../../protocol/stratum/message.ts";
import { PoolFault } from "../../base/violation.ts";
import { checkJobLine } from "../job_line.ts";

/**
 * The job in the parameters of a pool's `mining.notify`, with the pool's extranonce1 at the end of
 * coinbase part 1.
 *
 * @throws PoolFault `bad-job`; `job-too-long` when miners would get a line of more than
 * `MAX_JOB_LINE_BYTES`.
 */
export function readPoolJob(params: readonly unknown[], poolExtranonce1: number): Job {
  return jobForMiners(parseNotify(params), poolExtranonce1);
}

/** The same for a job whose parameters have been read. @throws PoolFault as above. */
export function jobForMiners(parsed: Job, poolExtranonce1: number): Job {
  const job = appendExtranonce1(parsed, poolExtranonce1);
  checkJobId(job);
  checkJobLine(job);
  return job;
}

/** The size of a job's whole coinbase in bytes, with `between` of them between its two parts. */
export function coinbaseBytes({ coinbase1, coinbase2 }: Job, between: number): number {
  return (coinbase1.length + coinbase2.length) / 2 + between;
}

/** Only decimal 0 to 255 fits a submit frame. */
function checkJobId(job: Job): void {
  if (/^(?:0|[1-9][0-9]{0,2})$/.test(job.id) && Number(job.id) <= 255) return;
  throw new PoolFault(
    "bad-job",
    `Cannot submit shares for a job of this pool: its id is ${quote(job.id)}, ` +
      "wanted a number 0..255, as pools send to agents",
  );
}
