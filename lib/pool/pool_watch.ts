/**
 * What is known of the work of one connection's pool.
 */

import type { ShareWatch } from "../mux/upstream.ts";
import type { Verdict } from "../mux/verdict.ts";
import type { Job } from "../protocol/stratum/job.ts";
import { WorkRecord } from "./half_dead.ts";
import { RefusalWatch } from "./refusal_watch.ts";

/** Hears of jobs from the connection and of shares from the mux. */
export class PoolWatch implements ShareWatch {
  /** Whether it does a pool's work. */
  readonly record: WorkRecord;
  /** How often most of its verdicts are refusals of one kind. */
  readonly refusals: RefusalWatch = new RefusalWatch();
  /** Hears of each job after the handshake's. */
  hearsJob: (job: Job, time: number) => void = () => {};

  /** The handshake brought a job at `time`. */
  constructor(time: number) {
    this.record = new WorkRecord(time);
  }

  /** A job came. */
  jobArrived(job: Job, time: number): void {
    this.record.jobArrived(time);
    this.hearsJob(job, time);
  }

  submitted(time: number): void {
    this.record.submitted(time);
  }

  judged(sessionId: number, verdict: Verdict, time: number): void {
    this.record.judged(sessionId, verdict, time);
    this.refusals.judged(sessionId, verdict, time);
  }
}
