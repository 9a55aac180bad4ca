/**
 * What is counted and said of the jobs of an account's pools.
 */

import type { Job } from "../protocol/stratum/job.ts";
import type { ReadyEntry } from "./entries.ts";
import { JobWatch } from "./job_watch.ts";
import type { PayoutChange } from "./paid_outputs.ts";
import type { PoolBook } from "./pool_book.ts";
import type { SaidOfPools } from "./refusal_watch.ts";
import { logBehind, logPayoutChange } from "./roster_log.ts";

/** See above. */
export class JobEvents {
  readonly #book: PoolBook;
  readonly #said: SaidOfPools;
  readonly #watch = new JobWatch();
  /** Up to when the times in the book go. */
  #countedAt: number | undefined;

  /** Counts in `book`; `said` keeps it from saying the same too often. */
  constructor(book: PoolBook, said: SaidOfPools) {
    this.#book = book;
    this.#said = said;
  }

  /** A job came. @returns what it pays no more though earlier ones did, in words. */
  jobCame({ pool, connection, ready }: ReadyEntry, job: Job, time: number): string | undefined {
    const { poolId, account } = pool;
    const { name } = connection;
    const roomBytes = ready.upstream.terms.extranonce.bytes;
    const change = this.#watch.jobCame({ poolId, account, name, roomBytes }, job, time);
    if (change === undefined) return undefined;
    this.#book.payoutChanged(poolId);
    logPayoutChange(name, change);
    return inWords(change);
  }

  /** Counts what has passed; to be called several times a second with all that is ready. */
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
      if (isEmpty || behind !== undefined) {
        this.#book.worked(poolId, {
          emptyMs: isEmpty ? passed : 0,
          behindMs: behind === undefined ? 0 : passed,
        });
      }
      if (behind !== undefined && this.#said.maySay(poolId, "behind", time)) {
        logBehind(connection.name, behind.name, time - behind.at);
      }
    }
  }
}

function inWords({ gone }: PayoutChange): string {
  const count = gone.length === 1 ? "an output" : `${gone.length} outputs`;
  return `its jobs do not pay ${count} any more that earlier ones paid`;
}
