/**
 * The jobs of one connection as the mux gets them: with the pool's extranonce1, and clean whenever
 * older work is of no use any more; pure.
 */

import type { Job } from "../../protocol/stratum/job.ts";
import { checkJobLine } from "../job_line.ts";

/** Remembers what the last job was made of. */
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
   * The next job as the pool sent it, made into one whose coinbase part 1 ends with the extranonce1 of
   * this moment. Pools say of some jobs that they are not clean though nothing older is good: a new
   * previous hash or extranonce1 tells.
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
