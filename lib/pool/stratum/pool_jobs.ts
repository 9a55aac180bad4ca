/**
 * The jobs of one connection as the mux gets them: with the pool's extranonce1, and clean whenever
 * older work is useless; pure.
 */

import type { Job } from "../../protocol/stratum/job.ts";
import { checkJobLine } from "../job_line.ts";

/** Makes the jobs for the mux, and remembers the last one. */
export class PoolJobs {
  #extranonce1: string;
  #last: { readonly prevHash: string; readonly extranonce1: string } | undefined;

  /** `extranonce1` is the pool's, in hex. */
  constructor(extranonce1: string) {
    this.#extranonce1 = extranonce1;
  }

  /** The pool gave another extranonce1, which counts from its next job on. */
  extranonceCame(extranonce1: string): void {
    this.#extranonce1 = extranonce1;
  }

  /**
   * Turns the job that the pool sent into one whose coinbase part 1 ends with the current
   * extranonce1. Pools send some jobs as not clean although all older jobs are useless: a new
   * previous hash or extranonce1 shows that.
   *
   * @throws PoolFault `job-too-long`.
   */
  next(sent: Job): Job {
    const { prevHash } = sent;
    const extranonce1 = this.#extranonce1;
    const last = this.#last;
    const isNewWork = last !== undefined &&
      (last.prevHash !== prevHash || last.extranonce1 !== extranonce1);
    const job = {
      ...sent,
      coinbase1: sent.coinbase1 + extranonce1,
      isClean: sent.isClean || isNewWork,
    };
    checkJobLine(job);
    this.#last = { prevHash, extranonce1 };
    return job;
  }
}
