/**
 * Watches the work that a pool does on one connection.
 */

import type { ShareWatch } from "../mux/upstream.ts";
import type { Verdict } from "../mux/verdict.ts";
import type { Job } from "../protocol/stratum/job.ts";
import { WorkRecord } from "./half_dead.ts";
import { RefusalWatch } from "./refusal_watch.ts";

/** Gets jobs from the connection, and shares and verdicts from the mux. */
export class PoolWatch implements ShareWatch {
  /** Whether it does a pool's work. */
  readonly record: WorkRecord;
  /** Notices when most of its verdicts are refusals of one kind. */
  readonly refusals: RefusalWatch = new RefusalWatch();
  /** Called with each job after the handshake. */
  hearsJob: (job: Job, time: number) => void = () => {};

  /** The handshake brought a job at `time`; `isInRuns` as for {@linkcode WorkRecord}. */
  constructor(time: number, isInRuns = false) {
    this.record = new WorkRecord(time, isInRuns);
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
