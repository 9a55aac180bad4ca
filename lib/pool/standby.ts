/**
 * What keeps miners busy while no pool answers (stratum.md "When no pool answers").
 *
 * Jobs are made up from the last real one, so their shares are worth nothing: they are taken,
 * counted as outage shares and go nowhere. Miners stay warm, connected and in step.
 */

import type { Now } from "../base/clock.ts";
import { formatHex32 } from "../base/hex.ts";
import type { Terms } from "../mux/terms.ts";
import { NO_POOL, type ShareWatch, type Upstream, type UpstreamEvents } from "../mux/upstream.ts";
import type { Job } from "../protocol/stratum/job.ts";
import type { PoolTroubleLog } from "./trouble_log.ts";

/** What is left of the last real pool. */
export interface LastWork {
  /** Its newest job. */
  readonly latestJob: Job;
  /** What was settled with it. */
  readonly terms: Terms;
  /** The version bits they could roll. */
  readonly versionMask: number;
}

/** What {@linkcode Standby} works with. */
export interface StandbyOptions {
  /** The time between made-up jobs, in milliseconds; `undefined` for none: it serves no miners. */
  readonly intervalMs: number | undefined;
  /** The account's multiplexer, which has the miners. */
  readonly mux: UpstreamEvents;
  /** Monotonic time. */
  readonly now: Now;
  /** Milliseconds since 1970, for the times of jobs. */
  readonly wallNow: Now;
  /** The log lines about having no pool. */
  readonly troubles: Pick<PoolTroubleLog, "unserved" | "served">;
}

/** Serves miners between {@linkcode Standby.begin} and {@linkcode Standby.end}. */
export class Standby {
  readonly #options: Omit<StandbyOptions, "intervalMs">;
  #intervalMs: number | undefined;
  #lastWork: LastWork | undefined;
  #upstream: StandbyUpstream | undefined;
  /** When the last job was given. */
  #jobAt = 0;
  /** Whether it is known, and logged, that no pool serves. */
  #isOutage = false;

  /** Serves no miners yet. */
  constructor(options: StandbyOptions) {
    this.#options = options;
    this.#intervalMs = options.intervalMs;
  }

  /** Changes the time between jobs; `undefined` ends it for good. */
  reconfigure(intervalMs: number | undefined): void {
    this.#intervalMs = intervalMs;
    if (intervalMs === undefined) this.end();
  }

  /** Remembers the last work of a real pool. */
  remember({ latestJob, terms, versionMask }: LastWork): void {
    this.#lastWork = { latestJob, terms, versionMask };
  }

  /** No pool serves. Without an earlier real job, there is nothing to make one up from. */
  begin(): void {
    if (this.#lastWork === undefined || this.#upstream !== undefined) return;
    const { mux, troubles } = this.#options;
    if (!this.#isOutage) troubles.unserved(this.#intervalMs !== undefined);
    this.#isOutage = true;
    if (this.#intervalMs === undefined) return;
    this.#upstream = new StandbyUpstream(this.#lastWork, mux);
    mux.upstreamReady(this.#upstream);
    this.#giveJob(this.#upstream);
    mux.moved(undefined, this.#upstream);
  }

  /** A pool serves again. */
  end(): void {
    if (this.#isOutage) this.#options.troubles.served();
    this.#isOutage = false;
    if (this.#upstream === undefined) return;
    this.#options.mux.upstreamLost(this.#upstream);
    this.#upstream = undefined;
  }

  /** Gives out the next job when it is time. */
  tick(): void {
    if (this.#upstream === undefined) return;
    const age = this.#options.now() - this.#jobAt;
    if (age >= this.#intervalMs!) this.#giveJob(this.#upstream);
  }

  #giveJob(upstream: StandbyUpstream): void {
    const { mux, now, wallNow } = this.#options;
    this.#jobAt = now();
    mux.jobArrived(upstream, upstream.nextJob(Math.floor(wallNow() / 1000)));
  }
}

const NOBODY_LOOKS: ShareWatch = { submitted: () => {}, judged: () => {} };

class StandbyUpstream implements Upstream {
  readonly name = "standby";
  readonly poolId = NO_POOL;
  readonly terms: Terms;
  readonly watch: ShareWatch = NOBODY_LOOKS;
  readonly versionMask: number;
  readonly #mux: UpstreamEvents;
  readonly #lastJob: Job;
  #jobs = 0;

  constructor(lastWork: LastWork, mux: UpstreamEvents) {
    this.#mux = mux;
    this.#lastJob = lastWork.latestJob;
    // Shares that go nowhere need no looking at, and are no flood, however easy they are.
    this.terms = {
      ...lastWork.terms,
      capacity: Infinity,
      poolDifficulty: Infinity,
      validation: "pool",
      verdicts: "none",
    };
    this.versionMask = lastWork.versionMask;
  }

  readonly takesWorkers = true;
  readonly queued = 0;

  enter(): void {}

  leave(sessionId: number): void {
    // Nobody has to be told first.
    this.#mux.forgotten(this, sessionId);
  }

  settled(): void {}

  /** None ever waits. */
  withdraw(): void {}

  submit(): never {
    throw new Error("Cannot submit a share of an outage: there is no pool");
  }

  /** A job nobody has searched before, for the time `seconds` since 1970. */
  nextJob(seconds: number): Job {
    const { coinbase1 } = this.#lastJob;
    // As long as what it replaces: a line as long as miners may get stays one.
    const unique = (formatHex32(seconds) + formatHex32(this.#jobs++)).slice(-coinbase1.length);
    return {
      ...this.#lastJob,
      coinbase1: coinbase1.slice(0, -unique.length) + unique,
      ntime: formatHex32(seconds),
      isClean: false,
    };
  }
}
