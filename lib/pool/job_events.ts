/**
 * Counts and logs what is unusual about the jobs of an account's pools.
 */

import { counted } from "../base/counted.ts";
import type { Job } from "../protocol/stratum/job.ts";
import type { ReadyEntry } from "./entries.ts";
import { JobWatch } from "./job_watch.ts";
import type { PayoutChange } from "./paid_outputs.ts";
import type { PoolBook } from "./pool_book.ts";
import type { SaidOfPools } from "./refusal_watch.ts";
import { logApart, logBehind, logPayoutChange } from "./roster_log.ts";

/** Hears of every job of one account's pools, counts it, and logs what an operator should know. */
export class JobEvents {
  readonly #book: PoolBook;
  readonly #said: SaidOfPools;
  readonly #watch = new JobWatch();
  /** The time up to which the book has counted. */
  #countedAt: number | undefined;
  /** For pools that are behind now, how long they have been counted so, by their ids. */
  readonly #countedMs = new Map<number, number>();

  /** Counts in `book`; `said` prevents it from logging the same too often. */
  constructor(book: PoolBook, said: SaidOfPools) {
    this.#book = book;
    this.#said = said;
  }

  /** A job came. @returns in words, which outputs it stops paying. */
  jobCame({ pool, connection, ready }: ReadyEntry, job: Job, time: number): string | undefined {
    const { poolId, account } = pool;
    const { name } = connection;
    const roomBytes = ready.upstream.terms.extranonce.bytes;
    const { payout, behindMs } = this.#watch.jobCame(
      { poolId, account, name, roomBytes },
      job,
      time,
    );
    // Until now it was unclear which pool was wrong.
    const uncounted = behindMs - (this.#countedMs.get(poolId) ?? 0);
    if (uncounted > 0) this.#book.worked(poolId, { emptyMs: 0, behindMs: uncounted });
    if (payout === undefined) return undefined;
    this.#book.payoutChanged(poolId);
    logPayoutChange(name, payout);
    return inWords(payout);
  }

  /**
   * Counts the time that has passed; to be called several times a second with all ready
   * connections.
   */
  tick(entries: readonly ReadyEntry[], time: number): void {
    const passed = time - (this.#countedAt ?? time);
    this.#countedAt = time;
    const seen = new Set<number>();
    for (const { pool: { poolId }, connection } of entries) {
      if (seen.has(poolId)) continue;
      seen.add(poolId);
      const state = this.#watch.stateOf(poolId, time);
      if (state === undefined) continue;
      const { isEmpty, behind } = state;
      const behindMs = behind?.isSure === true ? passed : 0;
      if (isEmpty || behindMs > 0) {
        this.#book.worked(poolId, { emptyMs: isEmpty ? passed : 0, behindMs });
      }
      if (behind === undefined) {
        this.#countedMs.delete(poolId);
        continue;
      }
      this.#countedMs.set(poolId, (this.#countedMs.get(poolId) ?? 0) + behindMs);
      const { name, at, isSure } = behind;
      if (!this.#said.maySay(poolId, isSure ? "behind" : "apart", time)) continue;
      if (isSure) logBehind(connection.name, name, time - at);
      else logApart(connection.name, name, time - at);
    }
  }
}

function inWords({ gone }: PayoutChange): string {
  return `its jobs stopped paying ${counted(gone.length, "output")} that earlier jobs paid`;
}
