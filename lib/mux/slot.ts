/**
 * A place for one upstream connection of an account: the connection, its jobs, the miners that
 * sit there, and the shares it has not judged.
 */

import { encodeNotify, type Job, jobTime } from "../protocol/job.ts";
import { formatJobId } from "../protocol/job_id.ts";
import { JobBook } from "./job_book.ts";
import { Ledger } from "./ledger.ts";
import type { JobLines, Upstream } from "./peers.ts";
import { PendingShares } from "./pending_shares.ts";

/** `Seat` is what the multiplexer keeps of a miner. */
export class Slot<Seat> {
  /** The connection itself. */
  readonly upstream: Upstream;
  /** Jobs shares can be submitted for here. */
  readonly jobs: JobBook = new JobBook();
  /** Shares waiting for this connection's verdict. */
  readonly pending: PendingShares<Seat> = new PendingShares();
  /** Who sits here, by session id. */
  readonly seats: Map<number, Seat> = new Map();
  /** Session ids of miners that left; free once this pool, and any other, was told. */
  readonly leaving: Set<number> = new Set();
  /** How many unregister frames of a session are not written: a miner may come, go and come back. */
  readonly #unwritten = new Map<number, number>();
  /** Shares of this connection. */
  readonly ledger: Ledger = new Ledger();
  /** Whether miners belong here; a spare keeps its jobs without any. */
  isActive = false;
  /** The last job, with its number and, once a miner needed them, its lines. */
  #latest: { readonly number: number; readonly job: Job; lines?: JobLines } | undefined;

  /** An empty place on a connection that is ready. */
  constructor(upstream: Upstream) {
    this.upstream = upstream;
  }

  /** How many miners sit here. */
  get miners(): number {
    return this.seats.size;
  }

  /** Makes a session unknown to the pool. */
  unregister(sessionId: number): void {
    this.#unwritten.set(sessionId, (this.#unwritten.get(sessionId) ?? 0) + 1);
    this.upstream.unregister(sessionId);
  }

  /** Whether an unregister frame of this session is not written. */
  isToldLater(sessionId: number): boolean {
    return this.#unwritten.has(sessionId);
  }

  /** One unregister frame of the session has been written. */
  unregistered(sessionId: number): void {
    const left = this.#unwritten.get(sessionId)! - 1;
    if (left > 0) this.#unwritten.set(sessionId, left);
    else this.#unwritten.delete(sessionId);
  }

  /** Takes a new job under a number of ours. */
  setJob(number: number, job: Job): void {
    // Miners that wait for the first job here may still hold one of another connection.
    const isClean = job.isClean || this.#latest === undefined;
    this.jobs.add(number, { poolJobId: job.id, ntime: jobTime(job) }, isClean);
    this.#latest = { number, job: { ...job, isClean } };
  }

  /** The lines of the last job, or `undefined` before the first. Encoded when first asked for. */
  jobLines(): JobLines | undefined {
    const latest = this.#latest;
    if (latest === undefined) return undefined;
    return latest.lines ??= encodeJob(latest.job, formatJobId(latest.number));
  }
}

function encodeJob(job: Job, id: string): JobLines {
  const cleanLine = encodeNotify(job, id, true);
  return { line: job.isClean ? cleanLine : encodeNotify(job, id, false), cleanLine };
}
