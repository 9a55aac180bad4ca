/**
 * Watches whether an account's pools do a pool's work, by their jobs and verdicts, and decides when
 * miners leave one that does not.
 *
 * Invariant: a connection that miners are to leave is unwanted, and says why; it is closed only once
 * they are elsewhere.
 */

import type { Now } from "../base/clock.ts";
import type { Job } from "../protocol/stratum/job.ts";
import type { ReadyEntry, RosterEntries } from "./entries.ts";
import { Leavings } from "./half_dead.ts";
import type { PoolHealth } from "./health.ts";
import { JobEvents } from "./job_events.ts";
import type { PoolBook } from "./pool_book.ts";
import type { PoolOrder } from "./pool_order.ts";
import { SaidOfPools } from "./refusal_watch.ts";
import { UNWANTED } from "./roles.ts";
import { logHalfDead, logRefusals } from "./roster_log.ts";
import type { RosterSettings } from "./settings.ts";

/** The parts that {@linkcode WorkWatch} needs. */
export interface WorkWatchParts {
  /** The current settings. */
  readonly settings: () => Pick<RosterSettings, "halfDead" | "leavesOnPayoutChange">;
  /** All connections. */
  readonly entries: RosterEntries;
  /** The pools by rank. */
  readonly order: PoolOrder;
  /** How the pools have done. */
  readonly health: PoolHealth;
  /** What is counted of pools. */
  readonly book: PoolBook;
  /** Monotonic time, in milliseconds. */
  readonly now: Now;
}

/** Watches the work of one account's pools. */
export class WorkWatch {
  readonly #parts: WorkWatchParts;
  readonly #leavings = new Leavings();
  readonly #said = new SaidOfPools();
  readonly #jobs: JobEvents;

  /** No pool has done any work yet. */
  constructor(parts: WorkWatchParts) {
    this.#parts = parts;
    this.#jobs = new JobEvents(parts.book, this.#said);
  }

  /** Judges every ready connection. To be called several times a second. */
  tick(): void {
    const { entries, now } = this.#parts;
    this.#jobs.tick(entries.ready, now());
    for (const entry of entries.ready) this.#judge(entry);
  }

  /** Examines a job, which miners already have, and logs what is unusual about it. */
  jobCame(entry: ReadyEntry, job: Job, time: number): void {
    const change = this.#jobs.jobCame(entry, job, time);
    if (change === undefined || !this.#parts.settings().leavesOnPayoutChange) return;
    const { pool: { poolId }, rank, ready: { servesSince } } = entry;
    if (rank === UNWANTED || !this.#leavings.mayLeave(poolId, servesSince, time)) return;
    this.#leave(entry, change, time);
  }

  /** Judges a connection by its verdicts and jobs, even if it is connected. */
  #judge(entry: ReadyEntry): void {
    const { entries, order, settings, now } = this.#parts;
    const { pool: { poolId }, ready: { upstream, servesSince } } = entry;
    const time = now();
    const { record, refusals } = upstream.watch;
    const run = refusals.take(time);
    if (run !== undefined && this.#said.maySay(poolId, run.kind, time)) {
      logRefusals(upstream, run);
    }
    if (entry.rank === UNWANTED) return;
    const news = entries.newsBeside(entry, order.ranked.length);
    const sign = record.sign(settings().halfDead, news, time);
    if (sign === undefined || !this.#leavings.mayLeave(poolId, servesSince, time)) return;
    this.#leave(entry, sign, time);
  }

  /**
   * A pool does no work. Its miners leave it as soon as another connection is ready, and it is
   * retried later. If it is the only pool, it gets a new connection.
   */
  #leave(entry: ReadyEntry, sign: string, time: number): void {
    const { order, health, book } = this.#parts;
    const { poolId } = entry.pool;
    const aloneMs = this.#leavings.left(poolId, time);
    const isOnly = order.ranked.length === 1;
    if (!isOnly) health.leaveAlone(poolId, time + aloneMs);
    logHalfDead(entry.connection.name, entry.role, sign, isOnly, aloneMs);
    const leftFor = `half dead: ${sign}`;
    entry.ready.leftFor = leftFor;
    entry.rank = UNWANTED;
    book.troubled(poolId, leftFor);
  }
}
